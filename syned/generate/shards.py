"""Make the edits of a plan shard by shard, with reading and writing beside the model.

While the model computes, one thread reads and decodes the rows that come next, some encode PNG and
one writes the shard before. About two shards are in memory, however long the plan is.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from syned.errors import OutOfMemory
from syned.generate.edit import generate
from syned.generate.jobs import (
    PlanRow,
    counts_of,
    failed_edit,
    inputs_of,
    make_edit,
    read_rows,
)
from syned.generate.pending import not_made, uses
from syned.models.base import Editor
from syned.progress import Progress
from syned.run.committer import Committer
from syned.run.directory import Run
from syned.run.records import EDIT_SCHEMA, Edit, EditJob, EditResult, Request, to_table
from syned.run.shards import CommitRecord
from syned.run.threads import ahead, pool, stop_on_interrupt


@dataclass(frozen=True, slots=True)
class GenerateOptions:
    """How the shards are made."""

    fingerprint: str
    """Hash of the settings that change the edits; a shard made with another is made again."""
    batch_size: int
    steps: int
    retry_failed: bool = False
    """Whether to make shards again in which the editor failed."""


@dataclass(frozen=True, slots=True)
class GenerateSummary:
    """What one call has done."""

    done: int = 0
    """Edits that were made and committed."""
    failed: int = 0
    """Failed edits, those of the plan included."""
    skipped_shards: int = 0
    """Made before."""
    shards_made: int = 0
    shards_left: int = 0
    """Not 0 after a Ctrl-C; the same command makes them."""
    edits_lost: int = 0
    """Results in the shard that a Ctrl-C left unfinished; they will be made again."""
    load_seconds: float = 0.0
    """Until the editor was loaded; not part of `seconds`."""
    seconds: float = 0.0
    """From the loaded editor to the last commit."""
    model_seconds: float = 0.0
    """Of these, inside the editor."""


@dataclass(frozen=True, slots=True)
class _MadeShard:
    shard: int
    requests: list[Request]
    results: list[Future[Edit]]
    """For the planned requests, in order."""
    seconds: float


def generate_shards(
    run: Run,
    shards: Sequence[int],
    open_editor: Callable[[], Editor],
    options: GenerateOptions,
    progress: Progress,
) -> GenerateSummary:
    """Make the edits of those shards of the plan that are not made yet.

    Ctrl-C once ends it after the batch in hand and the shards that are complete; a shard that is
    not is made again by the next call. Ctrl-C twice raises KeyboardInterrupt at once. A kill at
    any moment loses the shards in memory and nothing else.

    Args:
        run: locked by the caller.
        shards: numbers of the shards, in the order in which to make them.
        open_editor: loads the model; not called when nothing is left to make.
        options: how to make them.
        progress: hears of every batch.

    Raises:
        EngineError: the editor cannot go on; what was complete before is committed.
        RunError: the plan is damaged.
    """
    inputs = {shard: inputs_of(run, shard, options.fingerprint) for shard in shards}
    todo = list(not_made(run, inputs, retry_failed=options.retry_failed))
    _report_start(run, shards, todo, progress)
    if not todo:
        return GenerateSummary(skipped_shards=len(shards))
    before_loading = time.monotonic()
    editor = open_editor()
    begin = time.monotonic()
    editor.expect(*uses(run, todo))
    watched = _WatchedEditor(editor, progress, options.batch_size)
    answers = 0  # results of the editor in shards that are complete
    with (
        stop_on_interrupt(progress.stopping) as stop,
        pool(1) as writer,
        pool(min(4, os.cpu_count() or 1)) as encoders,
        closing(ahead(read_rows(run, todo), 2 * options.batch_size)) as rows,
        Committer(writer) as committer,
    ):
        for first in rows:
            made = _make_shard(first, rows, watched, encoders, options.steps, stop)
            if made is None:
                break
            committer.commit(partial(_commit, run, made, inputs[made.shard]))
            answers += len(made.results)
            _report_plan_failures(made, progress)
    return GenerateSummary(
        done=committer.counts["done"],
        failed=committer.counts["failed"],
        skipped_shards=len(shards) - len(todo),
        shards_made=committer.shards,
        shards_left=len(todo) - committer.shards,
        edits_lost=watched.answered - answers,
        load_seconds=begin - before_loading,
        seconds=time.monotonic() - begin,
        model_seconds=watched.seconds,
    )


def _report_start(run: Run, shards: Sequence[int], todo: list[int], progress: Progress) -> None:
    records = [record for shard in shards if (record := run.requests.record(shard))]
    progress.started(sum(record.rows for record in records))
    left = set(todo)
    for record in records:
        if record.shard not in left:
            progress.shard_skipped(record.rows)


def _make_shard(
    first: PlanRow,
    rows: Iterator[PlanRow],
    editor: _WatchedEditor,
    encoders: ThreadPoolExecutor,
    steps: int,
    stop: Callable[[], bool],
) -> _MadeShard | None:
    """Edit one shard; None when it was stopped before its end."""
    begin = time.monotonic()
    requests: list[Request] = []
    answered = generate(
        _jobs(first, rows, requests), editor, batch_size=editor.fits, steps=steps, stop=stop
    )
    results = [encoders.submit(make_edit, job, result) for job, result in answered]
    planned = sum(request.status == "planned" for request in requests)
    if len(requests) < first.shard_rows or len(results) < planned:
        return None
    return _MadeShard(first.shard, requests, results, time.monotonic() - begin)


def _jobs(first: PlanRow, rows: Iterator[PlanRow], requests: list[Request]) -> Iterator[EditJob]:
    """Jobs of one shard; every request that goes by is noted in `requests`."""
    for row in chain([first], islice(rows, first.shard_rows - 1)):
        requests.append(row.request)
        if row.pixels is not None:
            yield EditJob(row.request, row.pixels)


def _report_plan_failures(made: _MadeShard, progress: Progress) -> None:
    given_up = len(made.requests) - len(made.results)
    if given_up:
        progress.batch_done(0, given_up, 0.0)


class _WatchedEditor:
    """An editor whose time is measured and whose batches are reported."""

    def __init__(self, editor: Editor, progress: Progress, batch_size: int) -> None:
        self.fits = batch_size
        """Largest batch that has not been refused."""
        self.seconds = 0.0
        self.answered = 0
        self._editor = editor
        self._progress = progress

    def expect(self, images: Counter[str], instructions: Counter[str]) -> None:
        self._editor.expect(images, instructions)

    def edit(self, jobs: Sequence[EditJob], *, steps: int) -> list[EditResult]:
        begin = time.monotonic()
        try:
            results = self._editor.edit(jobs, steps=steps)
        except OutOfMemory:
            self.fits = max(1, len(jobs) // 2)
            raise
        finally:
            seconds = time.monotonic() - begin
            self.seconds += seconds
        self.answered += len(results)
        failed = sum(result.pixels is None for result in results)
        self._progress.batch_done(len(results) - failed, failed, seconds)
        return results


def _commit(run: Run, made: _MadeShard, inputs: str) -> CommitRecord:
    results = iter(made.results)
    edits = [
        next(results).result() if request.status == "planned" else failed_edit(request)
        for request in made.requests
    ]
    record = run.edits.commit(
        made.shard,
        to_table(edits, EDIT_SCHEMA),
        inputs=inputs,
        counts=counts_of(edits),
        seconds=made.seconds,
    )
    run.log_event("edits_committed", shard=made.shard, rows=record.rows)
    return record
