"""Score the pictures of a run, shard by shard: first its source images, then its edits.

While the models compute, a thread reads and measures the shard that comes next and another writes
the one before. A shard of scores is made from one shard of pictures and has its number.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeVar

import numpy as np

from syned.filter.measure import MeasuredShard, Measurer, Place
from syned.filter.score import (
    SCORE_VERSION,
    Captions,
    Embeddings,
    MeasuredEdit,
    MeasuredImage,
    cosines,
    embed_in_batches,
    score_edits,
    score_images,
)
from syned.filter.table_cache import hash_of
from syned.models.base import ImageEncoder, ImageTextEncoder
from syned.progress import Progress
from syned.run.committer import Committer
from syned.run.directory import Run
from syned.run.records import EditScore, ImageScore, to_table
from syned.run.shards import CommitRecord, ShardFolder
from syned.run.threads import ahead, pool, stop_on_interrupt

T = TypeVar("T")
Stop = Callable[[], bool]
Records = Mapping[int, CommitRecord]
"""By shard, in order."""
Inputs = Mapping[int, str]
"""Shard -> hash of what its scores are made from."""


@dataclass(frozen=True, slots=True)
class Models:
    """What scores are made with."""

    encoder: Callable[[], ImageTextEncoder]
    """Loads it; not called when nothing is left to score."""
    encoder_name: str
    """With its revision."""
    dino: Callable[[], ImageEncoder] | None = None
    dino_name: str = ""

    @property
    def identity(self) -> str:
        """What decides the scores of a picture; scores made with another are made again."""
        return f"{SCORE_VERSION}\n{self.encoder_name}\n{self.dino_name}"


@dataclass(slots=True)
class ScoreSummary:
    """What one call has done."""

    images: int = 0
    """Source images scored."""
    edits: int = 0
    """Edits scored, failed ones among them."""
    known: int = 0
    """Edits that had scores already."""
    waiting: int = 0
    """Edits of the plan that are not made yet."""
    load_seconds: float = 0.0
    seconds: float = 0.0
    """From the loaded models to the last commit."""
    stopped: bool = False
    """By Ctrl-C, before all was scored."""


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to score, and what of it has no scores."""

    images: Records
    """Of plan/images/."""
    edits: Records
    """Of edits/, those that are committed; more may follow."""
    planned: int
    """Edits that the plan asks for."""
    images_todo: Inputs
    edits_todo: Inputs
    inputs: str
    """Hash of all pictures and models: equal where all scores are."""

    @property
    def todo(self) -> bool:
        return bool(self.images_todo or self.edits_todo)


def find_work(run: Run, identity: str) -> Work:
    """Look which shards lack scores made from them as they are; each record is read once.

    Args:
        run: what is there; it may grow meanwhile.
        identity: of the models.
    """
    images, requests = _records(run.images), _records(run.requests)
    edits = {
        shard: record
        for shard, record in _records(run.edits).items()
        if shard in requests and run.edits.matches(record, hashed=False)
    }
    image_inputs = {s: hash_of(identity, record.sha256) for s, record in images.items()}
    edit_inputs = {
        s: hash_of(identity, record.sha256, requests[s].sha256) for s, record in edits.items()
    }
    return Work(
        images=images,
        edits=edits,
        planned=_rows(requests),
        images_todo=_unscored(run.image_scores, image_inputs),
        edits_todo=_unscored(run.edit_scores, edit_inputs),
        inputs=hash_of(*image_inputs.values(), "", *edit_inputs.values()),
    )


def score_run(
    run: Run, models: Models, work: Work, *, batch_size: int, progress: Progress
) -> ScoreSummary:
    """Score what has no scores yet.

    Ctrl-C once ends it after the batch in hand; the shard in the making is scored by the next call.
    A kill at any moment loses the shards in memory and nothing else.

    Args:
        run: its scores are locked by the caller; edits may still be added to it.
        models: what to score with.
        work: as found for these models.
        batch_size: images that a model sees at once.
        progress: hears of every batch of pictures, source images and edits alike.

    Raises:
        EngineError: a model cannot be loaded or used.
        RunError: a shard is damaged or cannot be written.
    """
    images, edits = work.images_todo, work.edits_todo
    done = _report_start(work, progress)
    if not work.todo:
        return done
    begin = time.monotonic()
    scorer = _Scorer(run, models, batch_size, progress)
    done.load_seconds = time.monotonic() - begin
    with (
        stop_on_interrupt(progress.stopping) as stop,
        pool(min(4, os.cpu_count() or 1)) as threads,
        pool(1) as thread,
    ):
        measurer = Measurer(run, threads)
        with Committer(thread) as committer:
            into = _Into(run.image_scores, images, committer)
            _score_each(into, measurer.images, scorer.images, stop)
        done.images = committer.rows
        with Committer(thread) as committer:
            into = _Into(run.edit_scores, edits, committer)
            _score_each(into, measurer.edits, scorer.edits, stop)
        done.edits = committer.rows
    todo = _rows(work.images, images) + _rows(work.edits, edits)
    done.stopped = done.images + done.edits < todo
    done.seconds = time.monotonic() - begin - done.load_seconds
    return done


def embeddings_of(folder: ShardFolder, shard: int) -> Embeddings:
    """The embeddings of a shard of scores, shape (rows, d); zeros for an edit that failed.

    Raises:
        RunError: it cannot be read.
    """
    column = folder.read(shard, ["embedding"])["embedding"].combine_chunks()
    widths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    found = np.zeros((len(widths), max(widths, default=0)), np.float32)
    flat = column.flatten().to_numpy(zero_copy_only=False)
    found[widths > 0] = flat.reshape(-1, found.shape[1] or 1)
    return found


def _report_start(work: Work, progress: Progress) -> ScoreSummary:
    made, pictures = _rows(work.edits), _rows(work.images)
    known = made - _rows(work.edits, work.edits_todo)
    progress.started(made + pictures)
    progress.shard_skipped(known + pictures - _rows(work.images, work.images_todo))
    return ScoreSummary(known=known, waiting=work.planned - made)


@dataclass(frozen=True, slots=True)
class _Into:
    """Where scores go."""

    folder: ShardFolder
    inputs: Inputs
    """Of the shards that are to be scored."""
    committer: Committer


def _score_each(
    into: _Into,
    measure: Callable[[int], T],
    score: Callable[[T, Stop], list[Any] | None],
    stop: Stop,
) -> None:
    """Score shard after shard until Ctrl-C, the next one measured meanwhile."""
    with closing(ahead((measure(shard) for shard in into.inputs), 1)) as ready:
        for shard, inputs in into.inputs.items():
            if stop():
                break
            measured, begin = next(ready), time.monotonic()
            scores = score(measured, stop)
            if scores is None:
                break
            seconds = time.monotonic() - begin
            into.committer.commit(partial(_commit, into.folder, shard, scores, inputs, seconds))


class _Scorer:
    """The loaded models, and what is worth keeping between shards."""

    def __init__(self, run: Run, models: Models, batch_size: int, progress: Progress) -> None:
        self._batch_size, self._progress = batch_size, progress
        self._encoder = models.encoder()
        self._dino = None if models.dino is None else models.dino()
        self._captions = Captions(self._encoder)
        self._sources = _SourceEmbeddings(run)
        self._dino_of: dict[str, Embeddings] = {}

    def images(self, images: list[MeasuredImage], stop: Stop) -> list[ImageScore] | None:
        """The rows of a shard; None when it was stopped before its end."""
        scores: list[ImageScore] = []
        for some in self._batches(images):
            if stop():
                return None
            with self._timed(len(some)):
                scores += score_images(some, self._encoder)
        return scores

    def edits(self, shard: MeasuredShard, stop: Stop) -> list[EditScore] | None:
        """The rows of a shard, failed edits among them; None when it was stopped before its end."""
        scores = [EditScore(edit_id) for edit_id in shard.edit_ids]
        for some in self._batches(list(shard.edits)):
            if stop():
                return None
            with self._timed(len(some)):
                edits = [shard.edits[row] for row in some]
                sources = self._sources.at([shard.places[row] for row in some])
                dinos = self._dino_similarities(edits)
                found = score_edits(edits, sources, self._encoder, self._captions, dinos)
            for row, score in zip(some, found, strict=True):
                scores[row] = score
        self._progress.batch_done(0, len(scores) - len(shard.edits), 0.0)
        return scores

    def _dino_similarities(self, edits: Sequence[MeasuredEdit]) -> Sequence[float | None]:
        if self._dino is None:
            return [None] * len(edits)
        unknown = {e.source_id: e.source for e in edits if e.source_id not in self._dino_of}
        if unknown:
            pictures = list(unknown.values())
            found = embed_in_batches(pictures, self._dino, batch_size=self._batch_size)
            self._dino_of.update(zip(unknown, found, strict=True))
        sources = np.stack([self._dino_of[edit.source_id] for edit in edits])
        edited = [edit.edited for edit in edits]
        vectors = embed_in_batches(edited, self._dino, batch_size=self._batch_size)
        similarities: list[float] = cosines(sources, vectors).tolist()
        return similarities

    def _batches(self, items: Sequence[T]) -> Iterator[Sequence[T]]:
        size = self._batch_size
        return (items[first : first + size] for first in range(0, len(items), size))

    @contextmanager
    def _timed(self, pictures: int) -> Iterator[None]:
        begin = time.monotonic()
        yield
        self._progress.batch_done(pictures, 0, time.monotonic() - begin)


class _SourceEmbeddings:
    """Embeddings of source images by their place in the plan, read a shard at a time."""

    def __init__(self, run: Run, *, cached_shards: int = 256) -> None:
        self._of = lru_cache(cached_shards)(lambda shard: embeddings_of(run.image_scores, shard))

    def at(self, places: Sequence[Place]) -> Embeddings:
        """Shape (places, d)."""
        return np.stack([self._of(shard)[row] for shard, row in places])


def _commit(
    folder: ShardFolder, shard: int, scores: list[Any], inputs: str, seconds: float
) -> CommitRecord:
    return folder.commit(
        shard,
        to_table(scores, folder.schema),
        inputs=inputs,
        counts={"scored": sum(score.embedding is not None for score in scores)},
        seconds=seconds,
    )


def _records(folder: ShardFolder) -> Records:
    return {shard: record for shard in folder.recorded() if (record := folder.record(shard))}


def _unscored(scores: ShardFolder, inputs: Inputs) -> Inputs:
    """The shards whose scores are not there, damaged, or made from something else."""
    return {
        shard: made_from
        for shard, made_from in inputs.items()
        if not scores.is_done(shard, inputs=made_from)
    }


def _rows(records: Records, shards: Collection[int] | None = None) -> int:
    """Rows of all shards, or of some."""
    return sum(records[shard].rows for shard in (records if shards is None else shards))
