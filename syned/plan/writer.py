"""Append rows to a plan, commit them shard by shard, and note how far the plan is."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from dataclasses import dataclass, field, fields, replace

from syned.errors import RunError
from syned.plan.ids import Ids
from syned.plan.prepare import Prepared, request_of
from syned.progress import RowsDone
from syned.run.directory import Run
from syned.run.records import IMAGE_SCHEMA, REQUEST_SCHEMA, Request, SourceImage, to_table
from syned.run.shards import CommitRecord

_FAILED = "total_failed:"
_REPORTED_EVERY = 16
_NOWHERE = (-1, -1)


@dataclass(slots=True)
class Cursor:
    """How far the plan is; lies in the counts of every commit record of plan/requests/."""

    total_planned: int = 0
    source_rows: int = 0
    """Read so far."""
    source_shards: int = 0
    """Shards that hold variant 0; known once variant 1 has begun."""
    variant: int = 0
    variant_rows: int = 0
    """Requests of this variant so far; counted from variant 1 on."""
    image_shards: int = 0
    images: int = 0
    image_bytes: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    """Reason -> rows."""

    @classmethod
    def of(cls, record: CommitRecord | None) -> Cursor:
        """The cursor in a commit record; at the start without one."""
        counts = {} if record is None else record.counts
        failed = {k.removeprefix(_FAILED): v for k, v in counts.items() if k.startswith(_FAILED)}
        return cls(**{name: counts.get(name, 0) for name in _NUMBERS}, failed=Counter(failed))

    def counts(self) -> dict[str, int]:
        """As a commit record holds it."""
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        return numbers | {_FAILED + reason: rows for reason, rows in sorted(self.failed.items())}


_NUMBERS = [each.name for each in fields(Cursor) if each.name != "failed"]


class PlanWriter:
    """Appends rows to a plan and commits them shard by shard, images first.

    What is not committed is forgotten by a kill, and made again from the cursor of the last record.

    Args:
        run: locked by the caller.
        shard_rows: rows in a shard at most, failed ones included.
        ids: names the requests.
        n: edits that make the plan full.
        progress: hears of every few rows.

    Raises:
        RunError: the plan on disk is damaged.
    """

    def __init__(self, run: Run, shard_rows: int, ids: Ids, n: int, progress: RowsDone) -> None:
        self.places: dict[str, tuple[int, int]] = {}
        """source_id -> shard and row in plan/images/."""
        self._run = run
        self._shard_rows = shard_rows
        self._ids = ids
        self._n = n
        self._progress = progress
        self._asked: set[bytes] = set()
        self._requests: list[Request] = []
        self._images: list[SourceImage] = []
        self._begin = time.monotonic()
        self._shard, self._last = _find_end(run)
        self.cursor = Cursor.of(self._last)
        if self.cursor.variant == 0 and not self.full:
            self._recall()

    @property
    def full(self) -> bool:
        """Whether the plan holds all edits that are wanted."""
        return self.cursor.total_planned >= self._n

    def add_source_row(self, row: Prepared) -> None:
        """A row of variant 0, planned or failed."""
        reason = self._refuse(row)
        if not reason:
            self._asked.add(_digest(row.source_id, row.record.instruction))
            self._store_image(row)
        self.cursor.source_rows += 1
        self._add(request_of(row, self.places.get(row.source_id, _NOWHERE), reason))

    def add_variant_of(self, request: Request) -> None:
        """A row of a later variant, the one that is begun."""
        self.cursor.variant_rows += 1
        self._add(replace(request, variant_index=self.cursor.variant))

    def begin_next_variant(self) -> None:
        """Go on to the next variant; from the first time on, all of variant 0 is on disk."""
        self.cursor.variant += 1
        self.cursor.variant_rows = 0
        if self.cursor.variant == 1:
            self.cursor.source_shards = self._shard + (1 if self._requests else 0)
            self.commit()

    def commit(self) -> None:
        """Write what was collected; the record of the requests is what makes it count."""
        if not self._requests:
            return
        inputs = "" if self._last is None else self._last.sha256
        seconds = time.monotonic() - self._begin
        if self._images:
            self._run.images.commit(
                self.cursor.image_shards,
                to_table(self._images, IMAGE_SCHEMA),
                inputs=inputs,
                counts={},
                seconds=seconds,
            )
            self.cursor.image_shards += 1
        self._last = self._run.requests.commit(
            self._shard,
            to_table(self._requests, REQUEST_SCHEMA),
            inputs=inputs,
            counts=self._counts(),
            seconds=seconds,
        )
        self._run.log_event("plan_committed", shard=self._shard, rows=len(self._requests))
        self._shard += 1
        self._requests, self._images, self._begin = [], [], time.monotonic()
        self._progress(self.cursor.total_planned, self._n)

    def _refuse(self, row: Prepared) -> str:
        """Why a source row cannot be edited; "" when it can."""
        if row.record.reason:
            return row.record.reason
        if row.record.image is None:
            return "unreadable"
        asked = _digest(row.source_id, row.record.instruction)
        return "duplicate_request" if asked in self._asked else ""

    def _store_image(self, row: Prepared) -> None:
        if row.png is None or row.source_id in self.places:
            return
        self.places[row.source_id] = (self.cursor.image_shards, len(self._images))
        self._images.append(SourceImage(row.source_id, row.png, row.width_px, row.height_px))
        self.cursor.images += 1
        self.cursor.image_bytes += len(row.png)

    def _add(self, request: Request) -> None:
        self._requests.append(self._ids.give(request))
        if request.status == "failed":
            self.cursor.failed[request.reason] += 1
        else:
            self.cursor.total_planned += 1
        if len(self._requests) >= self._shard_rows:
            self.commit()
        elif self.cursor.total_planned % _REPORTED_EVERY == 0:
            self._progress(self.cursor.total_planned, self._n)

    def _counts(self) -> dict[str, int]:
        """Of this shard, and of the whole plan up to its end."""
        planned = [r.variant_index for r in self._requests if r.status == "planned"]
        return {
            "planned": len(planned),
            "failed": len(self._requests) - len(planned),
            "first_variant": planned.count(0),
            **self.cursor.counts(),
        }

    def _recall(self) -> None:
        """Know again which pictures are stored and what was asked for, from the committed rows."""
        columns = ["source_id", "image_shard", "image_row", "instruction", "status"]
        for shard in range(self._shard):
            for row in self._run.requests.read(shard, columns).to_pylist():
                if row["status"] == "planned":
                    self.places[row["source_id"]] = (row["image_shard"], row["image_row"])
                    self._asked.add(_digest(row["source_id"], row["instruction"]))


def _find_end(run: Run) -> tuple[int, CommitRecord | None]:
    """The number of the next shard and the record of the last; each names the one before."""
    shard, last = 0, None
    while run.requests.is_done(shard, inputs="" if last is None else last.sha256):
        last = run.requests.record(shard)
        shard += 1
    _refuse_damage(run, shard, Cursor.of(last).image_shards)
    return shard, last


def _refuse_damage(run: Run, shard: int, image_shards: int) -> None:
    """A last shard that was cut off is made again; a hole in the middle cannot be."""
    if any(number > shard for number in run.requests.recorded()):
        raise RunError(f"{run.requests.file(shard)} is missing or damaged; {_WAYS_ON}")
    for number in range(image_shards):
        if not run.images.is_done(number, hashed=False):
            raise RunError(f"{run.images.file(number)} is missing or damaged; {_WAYS_ON}")


_WAYS_ON = "restore the file or start another run with --run NAME"


def _digest(source_id: str, instruction: str) -> bytes:
    return hashlib.sha256(f"{source_id}\n{instruction}".encode()).digest()[:16]
