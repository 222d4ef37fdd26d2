"""Make the plan of a run or extend it: one request for each edit, variant after variant.

The plan walks all source rows at variant 0, then all usable ones at variant 1, and so on, and only
ever appends: a larger plan begins with the rows of the smaller one. How far it is lies in the
commit record of its last shard, so a kill at any moment costs one shard and changes no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow.compute as pc

from syned.config import Scale
from syned.errors import DataError, RunError
from syned.plan.ids import Ids
from syned.plan.prepare import prepared
from syned.plan.writer import Cursor, PlanWriter
from syned.progress import RowsDone
from syned.run.directory import Run
from syned.run.records import Request, SourceRecord, from_rows


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What a plan holds."""

    planned: int
    """Edits to be made; more than was asked for, if more was asked for before."""
    source_rows: int
    """Rows read from the source."""
    failed: dict[str, int]
    """Reason -> source rows that cannot be edited."""
    variants: int
    """Variants begun."""
    images: int
    """Different source images."""
    image_bytes: int
    """What they take as PNG."""


class Planner:
    """An append-only plan in a run; the caller holds the run's lock.

    Args:
        run: where plan/images/ and plan/requests/ lie.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._kept: tuple[int, list[Request]] = (-1, [])
        """The shard of variant 0 that was read last; a small source is one shard read often."""

    def extend(
        self,
        records: Callable[[int], Iterator[SourceRecord]],
        n: int,
        *,
        shard_rows: int,
        image_size_px: int,
        settings: Mapping[str, object],
        scales: tuple[Scale, Scale],
        progress: RowsDone,
    ) -> PlanSummary:
        """Append rows until the plan holds `n` edits; does nothing when it does already.

        Once the source is exhausted and variant 1 has begun, no further source rows are read.

        Args:
            records: records(start) yields the source from row `start` on, always the same rows.
            n: edits wanted, at least 1.
            shard_rows: rows in a shard at most, those of failed source rows included.
            image_size_px: longest side of the stored images, a multiple of 8.
            settings: what shapes an edit besides image and instruction; part of every edit id.
            scales: guidance scale and image guidance scale.
            progress: hears of every few rows.

        Raises:
            DataError: no row of the source can be edited.
            RunError: the plan is damaged or cannot be written.
        """
        writer = PlanWriter(self._run, shard_rows, Ids(settings, scales), n, progress)
        if writer.cursor.variant == 0 and not writer.full:
            self._plan_source(records, writer, image_size_px)
        while not writer.full:
            self._plan_variant(writer)
        writer.commit()
        return _summary(writer.cursor)

    def _plan_source(
        self,
        records: Callable[[int], Iterator[SourceRecord]],
        writer: PlanWriter,
        image_size_px: int,
    ) -> None:
        """Variant 0; ends with the source or when the plan is full."""
        rows = records(writer.cursor.source_rows)
        with prepared(rows, image_size_px, writer.places) as stream:
            for row in stream:
                writer.add_source_row(row)
                if writer.full:
                    return
        if writer.cursor.total_planned == 0:
            raise DataError(_nothing_usable(writer.cursor))
        writer.begin_next_variant()

    def _plan_variant(self, writer: PlanWriter) -> None:
        """The rest of a later variant: the planned rows of variant 0 again, in their order."""
        skip = writer.cursor.variant_rows
        for shard in range(writer.cursor.source_shards):
            record = self._run.requests.record(shard)
            rows = 0 if record is None else record.counts["first_variant"]
            for request in self._first_variant(shard)[skip:] if skip < rows else ():
                writer.add_variant_of(request)
                if writer.full:
                    return
            skip = max(0, skip - rows)
        writer.begin_next_variant()

    def _first_variant(self, shard: int) -> list[Request]:
        """The planned rows of variant 0 in a shard."""
        if self._kept[0] != shard:
            table = self._run.requests.read(shard)
            first = pc.and_(
                pc.equal(table["status"], "planned"), pc.equal(table["variant_index"], 0)
            )
            self._kept = (shard, from_rows(table.filter(first).to_pylist(), Request))
        return self._kept[1]


def refuse_further_rows(run: Run, *, before: int | None, now: int | None) -> None:
    """Refuse a larger limit on source rows once the plan has gone on to their next variant.

    A plan only ever appends, and walks all its source rows before any of their later variants.

    Args:
        run: with or without a plan.
        before: `source.limit` that the plan was made with; None for all rows.
        now: the one that is asked for.

    Raises:
        RunError: there would be further rows, and there is no place for them.
    """
    shards = run.requests.recorded()
    cursor = Cursor.of(run.requests.record(shards[-1]) if shards else None)
    more = before is not None and (now is None or now > before)
    if more and cursor.variant > 0 and cursor.source_rows == before:
        raise RunError(
            f"{run.path / 'plan'} has source.limit {before} and already holds several edits of "
            "each source row, so it can take no further source rows; go on with --set "
            f"source.limit={before} or start another run with --run NAME"
        )


def _summary(cursor: Cursor) -> PlanSummary:
    begun = cursor.variant == 0 or cursor.variant_rows > 0
    return PlanSummary(
        planned=cursor.total_planned,
        source_rows=cursor.source_rows,
        failed=dict(sorted(cursor.failed.items())),
        variants=cursor.variant + (1 if begun else 0),
        images=cursor.images,
        image_bytes=cursor.image_bytes,
    )


def _nothing_usable(cursor: Cursor) -> str:
    if not cursor.source_rows:
        return "the source has no rows; at least one image with an instruction is needed"
    reasons = ", ".join(f"{rows} {reason}" for reason, rows in cursor.failed.most_common())
    return (
        f"no row of the source can be edited: all {cursor.source_rows} failed ({reasons}); at "
        "least one image that can be read, with an instruction, is needed"
    )
