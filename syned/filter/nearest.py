"""Compare pictures and texts with those of an evaluation set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HASH_BITS = 64
ROWS_AT_ONCE = 1024
"""Pictures that are compared with a whole set together; 20,000 of it then take 80 MB."""

_QUOTES_AND_STOPS = " .,;:!?\"'`\u201c\u201d\u2018\u2019"


@dataclass(frozen=True, slots=True)
class Nearest:
    """How near each of n pictures comes to any picture of a set."""

    distance: NDArray[np.uint8]
    """Bits of 64 in which the perceptual hashes differ at least, shape (n,); 64 without a set."""
    similarity: NDArray[np.float32]
    """Largest cosine of embeddings, shape (n,); -1 without a set."""


def nearest(
    hashes: NDArray[np.uint64],
    embeddings: NDArray[np.float32],
    set_hashes: NDArray[np.uint64],
    set_embeddings: NDArray[np.float32],
) -> Nearest:
    """Compare pictures with all pictures of a set.

    Args:
        hashes: of the pictures, shape (n,).
        embeddings: of the pictures, unit vectors, shape (n, d); zeros for one without, and d = 0
            where all are without, as in a shard whose edits all failed.
        set_hashes: of the set, without its flat pictures, whose hashes mean nothing; shape (m,).
        set_embeddings: of the set, shape (k, d).
    """
    distance = np.full(len(hashes), HASH_BITS, np.uint8)
    similarity = np.full(len(hashes), -1, np.float32)
    set_bits = _signs(set_hashes)  # (m, 64)
    for first in range(0, len(hashes), ROWS_AT_ONCE):
        some = slice(first, first + ROWS_AT_ONCE)
        if len(set_bits):  # equal signs minus unequal ones; exact in float32
            agreement = (_signs(hashes[some]) @ set_bits.T).max(axis=1)
            distance[some] = (HASH_BITS - agreement) / 2
        if len(set_embeddings) and embeddings.shape[1]:
            similarity[some] = (embeddings[some] @ set_embeddings.T).max(axis=1)
    return Nearest(distance, similarity)


def folded(text: str) -> str:
    """A text without what makes no difference: case, spacing, quotes and stops around it."""
    return " ".join(text.casefold().split()).strip(_QUOTES_AND_STOPS)


def folded_set(texts: Iterable[str]) -> frozenset[str]:
    """The texts, folded, without empty ones."""
    return frozenset(plain for text in texts if (plain := folded(text)))


def known_texts(texts: Sequence[str], known: frozenset[str]) -> NDArray[np.bool_]:
    """Which texts are, word for word, in a folded set; shape (texts,)."""
    return np.fromiter((folded(text) in known for text in texts), bool, len(texts))


def hashes_from(digits: Sequence[str | None]) -> NDArray[np.uint64]:
    """Perceptual hashes as numbers, from 16 hexadecimal digits each; 0 for None."""
    data = bytes.fromhex("".join(digit or "0" * 16 for digit in digits))
    return np.frombuffer(data, ">u8").astype(np.uint64)


def _signs(hashes: NDArray[np.uint64]) -> NDArray[np.float32]:
    """1 for a bit that is set and -1 for one that is not, shape (n, 64)."""
    octets = hashes.astype(">u8").view(np.uint8).reshape(-1, 8)
    return np.unpackbits(octets, axis=1).astype(np.float32) * 2 - 1
