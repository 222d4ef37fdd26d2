"""The order in which a training sees its pairs, and which reference it takes of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from syned.captioning.data.pairs import PairInfo

CACHED_BYTES = 1 << 30
"""What prepared pairs may take in memory; a larger set is prepared anew each time."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a captioner learns from at one place of the order."""

    seen: Any
    """The pair as its model sees it: pixels or features."""
    caption: str
    blur_sigma: float | None = None
    """Of the blur of the pictures, in pixels; None for none."""


class Draws(Dataset[Row]):
    """The rows of a whole training, one after the other; row i follows from the seed and i.

    Every pass goes through all pairs in an order of its own and takes one reference of each, so a
    training that goes on from a checkpoint sees what it would have seen.

    Args:
        seen: a pair as its model sees it, by its number.
        infos: of the pairs.
        count: rows in all; any number of passes, the last one cut off.
        seed: of order, references and blur; one or more numbers.
        blur_sigma: range that each row's blur is drawn from.
    """

    def __init__(
        self,
        seen: Callable[[int], Any],
        infos: Sequence[PairInfo],
        *,
        count: int,
        seed: Sequence[int],
        blur_sigma: tuple[float, float] | None = None,
    ) -> None:
        self._seen, self._infos, self._count, self._seed = seen, infos, count, [*seed]
        self._blur = blur_sigma
        self._pass = -1
        self._order: NDArray[np.int64] = np.empty(0, np.int64)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: int) -> Row:
        if not 0 <= place < self._count:
            raise IndexError(place)
        nth, at = divmod(place, len(self._infos))
        if nth != self._pass:
            self._order = np.random.default_rng([*self._seed, nth]).permutation(len(self._infos))
            self._pass = nth
        index = int(self._order[at])
        random = np.random.default_rng([*self._seed, nth, at])
        references = self._infos[index].references
        caption = references[int(random.integers(len(references)))]
        blur = None if self._blur is None else float(random.uniform(*self._blur))
        return Row(self._seen(index), caption, blur)


class Looked(Dataset[Row]):
    """Every pair once, in order, with its first reference: what the validation loss is over."""

    def __init__(self, seen: Callable[[int], Any], infos: Sequence[PairInfo]) -> None:
        self._seen, self._infos = seen, infos

    def __len__(self) -> int:
        return len(self._infos)

    def __getitem__(self, index: int) -> Row:
        if not 0 <= index < len(self._infos):
            raise IndexError(index)
        return Row(self._seen(index), self._infos[index].references[0])


class Prepared:
    """Keeps what was prepared in memory if all of it has room there.

    Args:
        prepare: makes a row from its number; all rows have one shape.
        count: rows there are.
    """

    def __init__(self, prepare: Callable[[int], NDArray[Any]], count: int) -> None:
        self._prepare, self._count = prepare, count
        self._kept: NDArray[Any] | None = None
        self._known = np.zeros(count, bool)

    def __call__(self, index: int) -> NDArray[Any]:
        if self._known[index] and self._kept is not None:
            row: NDArray[Any] = self._kept[index]
            return row
        row = self._prepare(index)
        if self._kept is None and row.nbytes * self._count <= CACHED_BYTES:
            self._kept = np.empty((self._count, *row.shape), row.dtype)
        if self._kept is not None:
            self._kept[index], self._known[index] = row, True
        return row
