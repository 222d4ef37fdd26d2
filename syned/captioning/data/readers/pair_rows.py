"""Turn the rows of a dataset into pairs; rows that cannot be used are left out and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from PIL import Image

from syned.captioning.data.pairs import PairInfo, Pairs
from syned.errors import ConfigError, DataError
from syned.run.published import split_name

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a dataset on its way to be a pair."""

    info: PairInfo
    place: int
    """What its images are asked for by."""
    missing: str = ""
    """The picture that is not there; "" when both are."""


def pairs_of(
    rows: Iterable[Row],
    read: Callable[[int], tuple[Image.Image, Image.Image]],
    *,
    where: str,
) -> Pairs:
    """The pairs of all rows that have both images and a reference.

    Empty references are dropped. An id that occurs again gets a number.

    Args:
        rows: in the order of the dataset.
        read: from a row's place to its images.
        where: the dataset and split, for notes and messages.

    Raises:
        DataError: nothing is left.
    """
    all_rows = list(rows)
    stated = sum(len(row.info.references) for row in all_rows)
    cleaned = [(row, _not_empty(row.info.references)) for row in all_rows]
    whole = [(row, references) for row, references in cleaned if not row.missing]
    kept = [(row, references) for row, references in whole if references]
    empty = stated - sum(len(references) for _, references in cleaned)
    notes = _notes([row for row in all_rows if row.missing], len(whole) - len(kept), empty)
    if not kept:
        found = ", ".join(notes) or "there are no rows"
        raise DataError(
            f"no pair is left of {where}: {found}; a pair needs two images and a caption"
        )
    infos = [replace(row.info, references=references) for row, references in kept]
    infos, again = _with_own_ids(infos)
    if again:
        notes.append(f"{_counted(again, 'pair id')} occurred before and got a number")
    places = [row.place for row, _ in kept]
    return Pairs(
        infos, lambda index: read(places[index]), tuple(f"{where}: {note}" for note in notes)
    )


def without_pictures(rows: Sequence[Row], places: Collection[int]) -> list[Row]:
    """The rows, those at these places marked as lacking a picture."""
    gone = frozenset(places)
    return [replace(row, missing=f"row {row.place}") if row.place in gone else row for row in rows]


def own_split_name(split: str, own_names: Mapping[str, str]) -> str:
    """What a dataset's files call a split.

    Args:
        split: "validation", or any of its other names.
        own_names: from Syned's name to the dataset's.

    Raises:
        ConfigError: the dataset has no such split.
    """
    name = split_name(split) or split
    if name not in own_names:
        raise ConfigError(f"split is {split!r}; there are {', '.join(own_names)}")
    return own_names[name]


def taken(rows: Sequence[T], start: int, limit: int | None) -> Sequence[T]:
    """The rows from `start` on, `limit` at most."""
    return rows[start : None if limit is None else start + limit]


def _not_empty(references: Sequence[str]) -> tuple[str, ...]:
    return tuple(text for reference in references if (text := reference.strip()))


def _notes(missing: Sequence[Row], without: int, empty: int) -> list[str]:
    notes = []
    if missing:
        have = "has" if len(missing) == 1 else "have"
        first = missing[0].missing
        rows = _counted(len(missing), "row")
        notes.append(f"left out {rows} that {have} no picture (first: {first})")
    if without:
        notes.append(f"left out {_counted(without, 'row')} without a reference")
    if empty:
        notes.append(f"dropped {_counted(empty, 'empty reference')}")
    return notes


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _with_own_ids(infos: Sequence[PairInfo]) -> tuple[list[PairInfo], int]:
    """The same, with "#1", "#2" after ids that occur again; and how many these are."""
    seen: Counter[str] = Counter()
    named = []
    for info in infos:
        times = seen[info.pair_id]
        seen[info.pair_id] += 1
        named.append(replace(info, pair_id=f"{info.pair_id}#{times}") if times else info)
    return named, len(infos) - len(seen)
