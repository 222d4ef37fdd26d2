"""Plans of a source with a few rows, for the tests of planning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from syned.config import RunConfig, Scale
from syned.plan.plan import Planner, PlanSummary
from syned.run.directory import Run
from syned.run.records import Request, SourceImage, SourceRecord, from_rows

SETTINGS = {"editor.name": "fake", "generate.steps": 5}


class Killed(Exception):
    """Stands for a kill: nothing after it is written."""


@dataclass(frozen=True)
class Row:
    """A source row in short: which picture, which instruction, what is wrong with it."""

    picture: int
    instruction: str = "make it red"
    reason: str = ""


def picture(number: int, size_px: tuple[int, int] = (24, 16)) -> Image.Image:
    pixels = np.random.default_rng(number).integers(0, 256, (*size_px[::-1], 3), np.uint8)
    return Image.fromarray(pixels)


def record(position: int, row: Row) -> SourceRecord:
    image = None if row.reason == "unreadable" else picture(row.picture)
    return SourceRecord(f"row{position}", image, row.instruction, row.reason, captions=("a", "b"))


def source(
    rows: Sequence[Row], *, killed_at: int | None = None
) -> Callable[[int], Iterator[SourceRecord]]:
    def records(start: int) -> Iterator[SourceRecord]:
        for position in range(start, len(rows)):
            if position == killed_at:
                raise Killed
            yield record(position, rows[position])

    return records


def empty_run(folder: Path) -> Run:
    return Run.create_or_open(RunConfig(name="one"), data_dir=folder)


def extend(
    run: Run,
    records: Callable[[int], Iterator[SourceRecord]],
    n: int,
    shard_rows: int = 3,
    scales: tuple[Scale, Scale] = (7.5, (1.2, 1.8)),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PlanSummary:
    return Planner(run).extend(
        records,
        n,
        shard_rows=shard_rows,
        image_size_px=16,
        settings=SETTINGS,
        scales=scales,
        progress=progress,
    )


def requests_of(run: Run) -> list[Request]:
    rows = [row for shard in run.requests.done() for row in run.requests.read(shard).to_pylist()]
    return from_rows(rows, Request)


def unplaced(run: Run) -> list[Request]:
    """Requests without the place of their picture, which depends on where shards end."""
    return [replace(request, image_shard=-1, image_row=-1) for request in requests_of(run)]


def images_of(run: Run) -> dict[tuple[int, int], SourceImage]:
    return {
        (shard, row): image
        for shard in run.images.done()
        for row, image in enumerate(from_rows(run.images.read(shard).to_pylist(), SourceImage))
    }


def assert_sound(run: Run) -> None:
    """Every planned request finds its picture, and every picture is stored once."""
    images = images_of(run)
    used = set()
    for request in requests_of(run):
        if request.status == "planned":
            image = images[request.image_shard, request.image_row]
            assert image.source_id == request.source_id
            assert (image.width_px, image.height_px) == (request.width_px, request.height_px)
            used.add(image.source_id)
    names = [image.source_id for image in images.values()]
    assert len(names) == len(set(names))
    assert used == set(names)


EIGHT_ROWS = [
    Row(0),
    Row(1, reason="unreadable"),
    Row(0, "make it blue"),
    Row(0),
    Row(2, "", "empty_instruction"),
    Row(1),
    Row(2),
    Row(0, "add a hat"),
]
