"""Give each source image a split, so that its edits are never in two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syned.config import SplitFractions
from syned.run.published import SPLITS, split_name


@dataclass(frozen=True, slots=True)
class Splits:
    """The split of every source image."""

    by_source: Mapping[str, str]
    """source_id -> train, validation or test."""
    from_source: int
    """Source images whose split is the source's own."""
    conflicts: int
    """Of these, images that the source has in several splits; test wins over validation over train,
    so that nothing that is tested on was trained on."""


def assign_splits(
    rows: Iterable[tuple[str, str]], fractions: SplitFractions, *, seed: int, own: bool
) -> Splits:
    """Give every source image its split.

    Args:
        rows: source_id and the split that the source names, "" where it names none; an image may
            come several times.
        fractions: of the images whose split is not the source's own.
        seed: of the hash that decides then.
        own: whether the source's own splits count.
    """
    named: dict[str, set[str]] = {}
    for source_id, split in rows:
        names = named.setdefault(source_id, set())
        if own and (name := split_name(split)):
            names.add(name)
    return Splits(
        by_source={
            source_id: _strictest(names) or _hashed(source_id, fractions, seed)
            for source_id, names in named.items()
        },
        from_source=sum(bool(names) for names in named.values()),
        conflicts=sum(len(names) > 1 for names in named.values()),
    )


def _strictest(names: set[str]) -> str:
    return max(names, key=SPLITS.index, default="")


def _hashed(source_id: str, fractions: SplitFractions, seed: int) -> str:
    """The same for the same image, whatever else there is."""
    digest = hashlib.sha256(f"split {seed} {source_id}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64  # in [0, 1)
    if share < fractions.test:
        return "test"
    return "validation" if share < fractions.test + fractions.validation else "train"
