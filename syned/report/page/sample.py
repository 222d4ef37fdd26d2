"""Choose the edits that the report shows, and read their rows and little else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields

from syned.report.page.edit_table import EditColumns
from syned.run.directory import Run
from syned.run.records import Edit, Request, from_rows
from syned.run.rows import Place, rows_at, shares, spread

MOST_EDITS = 240
SHARDS = 32
"""Shards that the edits are taken from, but for edits of which there are few."""

_REQUEST_COLUMNS = [each.name for each in fields(Request) if each.name != "true_image"]


@dataclass(frozen=True, slots=True)
class Sample:
    """An edit with all that belongs to it."""

    position: int
    """In the columns of the report."""
    request: Request
    """Without its true image."""
    edit: Edit
    source_image: bytes | None = field(repr=False)
    """PNG; None when the source image could not be read."""


def choose_edits(columns: EditColumns, count: int = MOST_EDITS) -> list[int]:
    """Positions of edits: equally many of every task and outcome, where there are enough.

    They come from few shards, evenly over the run, so that little has to be read; what is too
    rare to be found there is taken from anywhere.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for position, group in enumerate(zip(columns.tasks, columns.outcomes, strict=True)):
        groups.setdefault(group, []).append(position)
    shards = columns.shards.tolist()
    looked_at = set(spread(list(dict.fromkeys(shards)), SHARDS))
    wanted = shares({group: len(members) for group, members in groups.items()}, count)
    chosen: list[int] = []
    for group, members in groups.items():
        near = [position for position in members if shards[position] in looked_at]
        missing = wanted[group] - len(near)
        if missing > 0:
            near += spread([p for p in members if shards[p] not in looked_at], missing)
        chosen += spread(near, wanted[group])
    return sorted(chosen)


def read_samples(
    run: Run, columns: EditColumns, positions: Iterable[int]
) -> Iterator[list[Sample]]:
    """The edits at some positions; those of one shard together, so that few images are held.

    Raises:
        RunError: a shard cannot be read.
    """
    by_shard: dict[int, dict[Place, int]] = {}
    for position in positions:
        shard, row = int(columns.shards[position]), int(columns.rows[position])
        by_shard.setdefault(shard, {})[shard, row] = position
    for of_shard in by_shard.values():
        requests = rows_at(run.requests, of_shard, _REQUEST_COLUMNS)
        edits = rows_at(run.edits, of_shard)
        places = {(row["image_shard"], row["image_row"]) for row in requests.values()}
        images = rows_at(run.images, [place for place in places if place[0] >= 0], ["image"])
        yield [
            _sample(position, requests[place], edits[place], images)
            for place, position in of_shard.items()
        ]


def _sample(
    position: int,
    request: dict[str, object],
    edit: dict[str, object],
    images: dict[Place, dict[str, dict[str, bytes]]],
) -> Sample:
    (asked,) = from_rows([request], Request)
    (made,) = from_rows([edit], Edit)
    image = images.get((asked.image_shard, asked.image_row))
    return Sample(position, asked, made, image["image"]["bytes"] if image else None)
