"""A set of pairs of images with references: what readers make and captioners are trained on."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import accumulate
from typing import Protocol

from PIL import Image

PICTURES_HASHED = 2_000
"""Pairs whose pixels enter the hash at most, spread evenly: reading all would take hours of a
large set. Ids and references of all enter."""


@dataclass(frozen=True, slots=True)
class PairInfo:
    """All of a pair but its pixels."""

    pair_id: str
    """Says its scope: "emu/102", "spot/256"."""
    references: tuple[str, ...]
    """Captions of the change, at least one, none empty."""
    task: str = ""
    """Kind of change, as the dataset names it."""
    split: str = ""
    """train, validation or test."""
    source_id: str = ""
    """Shared by the pairs of one source image; "" where the dataset does not say. A scope and a
    slash before it ("spot/256"), unless it is a hash of the pixels."""


class PairSet(Protocol):
    """Pairs in a fixed order; their images are read one by one, when they are asked for."""

    @property
    def infos(self) -> Sequence[PairInfo]:
        """In order, all in memory."""

    def images(self, index: int) -> tuple[Image.Image, Image.Image]:
        """Source image and edited image of a pair, RGB.

        Raises:
            DataError: one of them cannot be read.
        """


@dataclass(frozen=True)
class Pairs:
    """A set of pairs, made of what is known about them and a way to their images."""

    infos: Sequence[PairInfo]
    read: Callable[[int], tuple[Image.Image, Image.Image]]
    notes: tuple[str, ...] = ()
    """What was left out, and why; for a person to see."""

    def images(self, index: int) -> tuple[Image.Image, Image.Image]:
        return self.read(index)


def subset(pairs: PairSet, indices: Sequence[int]) -> Pairs:
    """The pairs at these places, in this order."""
    chosen = list(indices)
    infos = [pairs.infos[index] for index in chosen]
    return Pairs(infos, lambda index: pairs.images(chosen[index]), notes_of(pairs))


def concatenated(sets: Sequence[PairSet]) -> Pairs:
    """All pairs of some sets, one set after the other."""
    ends = list(accumulate(len(each.infos) for each in sets))

    def read(index: int) -> tuple[Image.Image, Image.Image]:
        which = bisect_right(ends, index)
        return sets[which].images(index - (ends[which - 1] if which else 0))

    infos = [info for each in sets for info in each.infos]
    return Pairs(infos, read, tuple(note for each in sets for note in notes_of(each)))


def with_references(pairs: PairSet, choose: Callable[[PairInfo], Sequence[str]]) -> Pairs:
    """The same pairs with other references.

    Args:
        pairs: any set.
        choose: the references of a pair; pairs for which there are none are left out.
    """
    chosen = [tuple(choose(info)) for info in pairs.infos]
    kept = [index for index, references in enumerate(chosen) if references]
    infos = [replace(pairs.infos[index], references=chosen[index]) for index in kept]
    return Pairs(infos, lambda index: pairs.images(kept[index]), notes_of(pairs))


def notes_of(pairs: PairSet) -> tuple[str, ...]:
    """What a set says about itself; nothing, for sets that say nothing."""
    return pairs.notes if isinstance(pairs, Pairs) else ()


def content_hash(pairs: PairSet) -> str:
    """Hash of a set's ids, references, tasks and pictures, so that a result says what it is from.

    Raises:
        DataError: a picture cannot be read.
    """
    count = len(pairs.infos)
    digest = hashlib.sha256(json.dumps([astuple(info) for info in pairs.infos]).encode())
    for step in range(min(count, PICTURES_HASHED)):
        for image in pairs.images(step * count // min(count, PICTURES_HASHED)):
            digest.update(f"{image.mode}{image.size}".encode())
            digest.update(image.tobytes())
    return digest.hexdigest()
