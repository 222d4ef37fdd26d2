"""Find objects that a paraphrase lost or added, by embeddings of single words.

A sentence embedding hardly moves when one of ten words is another: "hat" for "scarf", a second
clause about a dog. Word by word it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from syned.paraphrase.judge.order import roles_swapped
from syned.paraphrase.judge.quotes import unquoted
from syned.paraphrase.judge.stems import content_words

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts -> unit vectors, shape (texts, d)."""


class WordEmbeddings:
    """Embeddings of single words, each computed once.

    Args:
        embed: computes them.
    """

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._known: dict[str, NDArray[np.float32]] = {}

    def learn(self, texts: Sequence[str]) -> None:
        """Embed all content words of some texts at once."""
        new = {w for t in texts for w in content_words(t)} - self._known.keys()
        if new:
            words = sorted(new)
            self._known.update(zip(words, self._embed(words), strict=True))

    def of(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of learned words, shape (words, d)."""
        return np.stack([self._known[word] for word in words])


def misaligned(text: str, original: str, embeddings: WordEmbeddings, threshold: float) -> str:
    """Whether an object was lost, added or changed places; "" when each has its counterpart.

    A word that only one of them has must stand for one that only the other has: "sun" is near
    "moon", and a sun beside the moon is one object more all the same. Words in quotes are no
    objects.

    Args:
        text: the paraphrase.
        original: what it paraphrases.
        embeddings: that have learned both.
        threshold: least cosine of a word and its counterpart, in [-1, 1].

    Returns:
        "object_lost", "object_added", "roles_swapped" or "".
    """
    ours, theirs = content_words(unquoted(text)), content_words(unquoted(original))
    gone = [word for word in theirs if word not in ours]
    new = [word for word in ours if word not in theirs]
    if not gone or not new:
        reason = "object_lost" if gone else "object_added" if new else ""
        return reason or ("roles_swapped" if roles_swapped(text, original) else "")
    cosines = embeddings.of(gone) @ embeddings.of(new).T  # (gone, new)
    if float(cosines.max(axis=1).min()) < threshold:
        return "object_lost"
    if float(cosines.max(axis=0).min()) < threshold:
        return "object_added"
    counterparts = {word: gone[i] for word, i in zip(new, cosines.argmax(axis=0), strict=True)}
    return "roles_swapped" if roles_swapped(text, original, counterparts) else ""
