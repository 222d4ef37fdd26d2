"""Have a language model paraphrase the texts of a run, and commit them shard by shard.

Texts are taken in waves. In every round of a wave, all texts that still lack paraphrases are in the
model's hands together; each reply is stored before it is judged, so a kill costs what is in flight.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass, field
from typing import TypeVar

from syned.config import TextKind
from syned.models.base import ChatModel, ChatRequest, Reply, Sampling
from syned.paraphrase.answers import AnswerStore, request_key
from syned.paraphrase.candidates import BEYOND_BEST, Candidates, Judge, accepted, finish, unusable
from syned.paraphrase.prompts import Message, Prompt
from syned.progress import Progress
from syned.run.directory import Run
from syned.run.records import CAPTION_SCHEMA, Original, Paraphrased, to_table
from syned.run.threads import stop_on_interrupt

T = TypeVar("T")

WAVE_SHARDS = 8
JUDGED_AT_ONCE = 64
"""Texts whose candidates are compared together; one at a time would be slow."""
JUDGED_AFTER_SECONDS = 10.0
"""A slow model's answers are judged in smaller groups, so that one sees that it moves."""


@dataclass(frozen=True, slots=True)
class ParaphraseOptions:
    """What is asked for."""

    model: str
    """Name and revision; part of every request's key."""
    prompts: dict[TextKind, Prompt]
    sampling: Sampling
    paraphrases: int
    """Of every text."""
    rounds: int
    """How often a text is asked for at most."""
    judged_by: str
    """Whatever else decides a verdict; a shard that was judged otherwise is made again."""
    shard_rows: int


@dataclass(slots=True)
class ParaphraseSummary:
    """What one call has done."""

    texts: int = 0
    """That the plan holds."""
    made: int = 0
    """Texts whose row was written by this call."""
    requests: int = 0
    """Sent to the model by this call."""
    known: int = 0
    """Replies that were in the store already."""
    new_tokens: int = 0
    """That the model wrote for this call."""
    model_seconds: float = 0.0
    """From the first request to the last reply, round by round, without loading the model."""
    load_seconds: float = 0.0
    stopped: bool = False
    """By Ctrl-C."""


@dataclass(slots=True)
class _Work:
    """A text on its way."""

    original: Original
    messages: list[Message]
    replies: list[Reply] = field(default_factory=list)
    candidates: Candidates = ()
    asked: int = 0
    reason: str = ""
    """Why it is not asked for again."""

    def wants(self, paraphrases: int) -> bool:
        return not self.reason and accepted(self.candidates) < paraphrases


def paraphrase_texts(
    run: Run,
    originals: Sequence[Original],
    open_model: Callable[[], AbstractContextManager[ChatModel]],
    judge: Callable[[], Judge],
    options: ParaphraseOptions,
    store: AnswerStore,
    progress: Progress,
) -> ParaphraseSummary:
    """Make the shards of captions/ that are not made yet.

    Ctrl-C once ends it after the next reply; those before it are stored.

    Args:
        run: its captions are locked by the caller.
        originals: all texts of the plan, in its order.
        open_model: loads the language model; not called while the store has the answers.
        judge: loads what judges candidates; not called when nothing is left to make.
        options: what is asked for.
        store: of replies; may be shared with other runs.
        progress: hears of requests, as many a text as there are rounds, asked for or not needed.

    Raises:
        EngineError: the model cannot go on; what was answered is stored.
        RunError: a shard cannot be written.
    """
    shards = dict(enumerate(_chunks(originals, options.shard_rows)))
    inputs = {shard: _inputs(texts, options) for shard, texts in shards.items()}
    todo = [shard for shard in shards if not _is_made(run, shard, inputs[shard])]
    done = ParaphraseSummary(texts=len(originals))
    progress.started(len(originals) * options.rounds)
    for shard in shards.keys() - set(todo):
        progress.shard_skipped(len(shards[shard]) * options.rounds)
    if not todo:
        return done
    with ExitStack() as stack, stop_on_interrupt(progress.stopping) as stop:
        asker = _Asker(open_model, stack, judge(), options, store, progress, stop, done)
        for wave in _chunks(todo, WAVE_SHARDS):
            begin = time.monotonic()
            works = {shard: [asker.work(text) for text in shards[shard]] for shard in wave}
            asker.ask_all([work for some in works.values() for work in some])
            if stop():
                done.stopped = True
                return done
            seconds = (time.monotonic() - begin) / len(wave)
            for shard, some in works.items():
                _commit(run, shard, [_row(work, options) for work in some], inputs[shard], seconds)
                done.made += len(some)
    return done


class _Asker:
    """Gets the replies to texts, from the store or from the model, and has them judged."""

    def __init__(
        self,
        open_model: Callable[[], AbstractContextManager[ChatModel]],
        stack: ExitStack,
        judge: Judge,
        options: ParaphraseOptions,
        store: AnswerStore,
        progress: Progress,
        stop: Callable[[], bool],
        done: ParaphraseSummary,
    ) -> None:
        self._open, self._stack, self._model = open_model, stack, None
        self._judge, self._options, self._store = judge, options, store
        self._progress, self._stop, self._done = progress, stop, done

    _model: ChatModel | None

    def work(self, original: Original) -> _Work:
        prompt = self._options.prompts[original.kind]
        messages = prompt.messages(original.text, original.task)
        return _Work(original, messages, reason=unusable(original))

    def ask_all(self, works: list[_Work]) -> None:
        """Round by round, until every text has enough or was asked for often enough."""
        rounds = self._options.rounds
        self._progress.batch_done(rounds * sum(bool(work.reason) for work in works), 0, 0.0)
        for attempt in range(rounds):
            pending = [work for work in works if work.wants(self._options.paraphrases)]
            for some in _grouped(self._replied(pending, attempt)):
                self._take_in(some, rounds - attempt)
            if self._stop():
                return

    def _take_in(self, works: list[_Work], rounds_left: int) -> None:
        judged = self._judge.judge([(work.original, work.replies) for work in works])
        done = 0
        for work, candidates in zip(works, judged, strict=True):
            work.candidates = candidates
            done += 1 if work.wants(self._options.paraphrases) else rounds_left
        self._progress.batch_done(done, 0, 0.0)

    def _replied(self, works: list[_Work], attempt: int) -> Iterator[_Work]:
        """The texts as their replies come in, the stored ones first."""
        unknown: dict[str, _Work] = {}
        for work in works:
            options = self._options
            key = request_key(options.model, work.messages, options.sampling, attempt)
            reply = self._store.get(key)
            if reply is None:
                unknown[key] = work
                continue
            self._done.known += 1
            _add(work, reply)
            yield work
        if unknown and not self._stop():
            yield from self._asked(unknown)

    def _asked(self, works: dict[str, _Work]) -> Iterator[_Work]:
        model = self._opened()
        begin = time.monotonic()
        for reply in model.replies(self._requests(works), self._options.sampling):
            self._store.put(model.name, reply)
            self._done.new_tokens += reply.new_tokens
            _add(works[reply.key], reply)
            yield works[reply.key]
            if self._stop():  # what is still in flight is asked for again next time
                break
        self._done.model_seconds += time.monotonic() - begin

    def _requests(self, works: dict[str, _Work]) -> Iterator[ChatRequest]:
        for key, work in works.items():
            if self._stop():
                return
            self._done.requests += 1
            yield ChatRequest(key, tuple(work.messages))

    def _opened(self) -> ChatModel:
        if self._model is None:
            begin = time.monotonic()
            self._model = self._stack.enter_context(self._open())
            self._done.load_seconds = time.monotonic() - begin
        return self._model


def _add(work: _Work, reply: Reply) -> None:
    work.asked += 1
    work.replies.append(reply)
    work.reason = reply.reason


def _row(work: _Work, options: ParaphraseOptions) -> Paraphrased:
    prompt = options.prompts[work.original.kind]
    return finish(
        work.original,
        work.candidates,
        paraphrases=options.paraphrases,
        asked=work.asked,
        model=options.model,
        prompt=f"{prompt.id} v{prompt.version} {prompt.sha256[:12]}",
        reason=work.reason,
    )


def _is_made(run: Run, shard: int, inputs: str) -> bool:
    """Whether a shard is committed, and no text of it was left without an answer."""
    record = run.captions.record(shard)
    answered = record is not None and not record.counts.get("failed:no_answer")
    return answered and run.captions.is_done(shard, inputs=inputs)


def _commit(run: Run, shard: int, rows: list[Paraphrased], inputs: str, seconds: float) -> None:
    counts: Counter[str] = Counter(asked=sum(row.asked for row in rows))
    for row in rows:
        counts[row.status] += 1
        counts[row.kind] += 1
        if row.status == "failed":
            counts[f"failed:{row.reason}"] += 1
        for candidate in row.candidates:
            if candidate.reason in ("", BEYOND_BEST):
                counts["accepted"] += 1
            else:
                counts[f"rejected:{candidate.reason}"] += 1
        counts["paraphrases"] += len(row.paraphrases)
    table = to_table(list(rows), CAPTION_SCHEMA)
    run.captions.commit(shard, table, inputs=inputs, counts=counts, seconds=seconds)


def _inputs(texts: Sequence[Original], options: ParaphraseOptions) -> str:
    """Hash of all that decides the rows of a shard."""
    asked = [
        [asdict(text) for text in texts],
        options.model,
        {kind: prompt.sha256 for kind, prompt in sorted(options.prompts.items())},
        asdict(options.sampling),
        [options.paraphrases, options.rounds, options.judged_by],
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[first : first + size] for first in range(0, len(items), size))


def _grouped(items: Iterator[T]) -> Iterator[list[T]]:
    """Lists of JUDGED_AT_ONCE, or of what came in JUDGED_AFTER_SECONDS; the last one shorter."""
    some: list[T] = []
    begin = time.monotonic()
    for item in items:
        some.append(item)
        if len(some) == JUDGED_AT_ONCE or time.monotonic() - begin >= JUDGED_AFTER_SECONDS:
            yield some
            some, begin = [], time.monotonic()
    if some:
        yield some
