"""Asking about the texts of a run: nothing twice, nothing lost, nothing of others."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("jinja2")

from syned.errors import EngineError
from syned.models.base import ChatModel, ChatRequest, Reply, Sampling
from syned.models.fake import FakeChatModel, FakeTextEncoder
from syned.paraphrase.answers import AnswerStore
from syned.paraphrase.candidates import Judge, Strictness, originals
from syned.paraphrase.prompts import load_prompt
from syned.paraphrase.shards import ParaphraseOptions, ParaphraseSummary, paraphrase_texts
from syned.run.directory import Run
from syned.run.records import Original, Paraphrased, from_rows
from tests.conftest import HeardProgress, new_run

OPTIONS = ParaphraseOptions(
    model="fake@1",
    prompts={
        "instruction": load_prompt("paraphrase_instruction"),
        "caption": load_prompt("paraphrase_caption"),
    },
    sampling=Sampling(answers=6, temperature=0.9, top_p=0.95, max_new_tokens=32),
    paraphrases=2,
    rounds=3,
    judged_by="test",
    shard_rows=4,
)


def texts(count: int) -> list[Original]:
    return [Original(f"id{i}", "instruction", f"Add a wheel of kind k{i}z") for i in range(count)]


def paraphrase(
    run: Run,
    originals: list[Original],
    model: ChatModel,
    options: ParaphraseOptions = OPTIONS,
    progress: HeardProgress | None = None,
    store: Path | None = None,
) -> ParaphraseSummary:
    @contextmanager
    def opened() -> Iterator[ChatModel]:
        yield model

    with AnswerStore(store or run.path / "answers.sqlite") as answers:
        return paraphrase_texts(
            run,
            originals,
            opened,
            lambda: Judge(FakeTextEncoder(), Strictness(-1, -1)),
            options,
            answers,
            progress or HeardProgress(),
        )


def captions(run: Run) -> list[Paraphrased]:
    return [
        row
        for shard in run.captions.done()
        for row in from_rows(run.captions.read(shard).to_pylist(), Paraphrased)
    ]


def test_every_text_gets_its_row_in_order(tmp_path: Path) -> None:
    run, progress = new_run(tmp_path), HeardProgress()
    made = paraphrase(run, texts(10), FakeChatModel(), progress=progress)
    rows = captions(run)
    assert [row.text_id for row in rows] == [text.text_id for text in texts(10)]
    assert all(row.status == "done" and len(row.paraphrases) == 2 for row in rows)
    assert {row.model for row in rows} == {"fake@1"}
    assert rows[0].prompt.startswith("paraphrase_instruction v1 ")
    assert (made.texts, made.made, made.requests, made.known) == (10, 10, 10, 0)
    assert made.new_tokens > 0
    assert (progress.total, progress.done, progress.failed) == (30, 30, 0)
    record = run.captions.record(2)
    assert record is not None
    assert record.counts["done"] == record.rows == 2


def test_a_slow_model_is_seen_to_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []

    class Progress(HeardProgress):
        def batch_done(self, done: int, failed: int, seconds: float) -> None:
            super().batch_done(done, failed, seconds)
            heard.append(done)

    monkeypatch.setattr("syned.paraphrase.shards.JUDGED_AFTER_SECONDS", 0.0)
    paraphrase(new_run(tmp_path), texts(4), FakeChatModel(), progress=Progress())
    assert [done for done in heard if done] == [3, 3, 3, 3]


def test_a_second_run_asks_nothing_and_loads_nothing(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    paraphrase(run, texts(6), FakeChatModel())
    again, progress = FakeChatModel(), HeardProgress()
    made = paraphrase(run, texts(6), again, progress=progress)
    assert (again.asked, made.made, progress.skipped) == ([], 0, 18)


def test_more_texts_are_asked_about_and_only_those(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    paraphrase(run, texts(6), FakeChatModel())
    model = FakeChatModel()
    made = paraphrase(run, texts(9), model)
    assert len(model.asked) == made.requests == 3
    assert len(captions(run)) == 9


def test_other_thresholds_judge_the_same_answers_again(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    paraphrase(run, texts(6), FakeChatModel())
    model = FakeChatModel()
    made = paraphrase(run, texts(6), model, replace(OPTIONS, judged_by="stricter", paraphrases=1))
    assert (model.asked, made.known, made.made) == ([], 6, 6)
    assert all(len(row.paraphrases) == 1 for row in captions(run))


def test_two_runs_that_share_a_store_ask_once(tmp_path: Path) -> None:
    store = tmp_path / "shared.sqlite"
    paraphrase(new_run(tmp_path / "a"), texts(6), FakeChatModel(), store=store)
    model = FakeChatModel()
    paraphrase(new_run(tmp_path / "b"), texts(6), model, store=store)
    assert model.asked == []


def test_what_falls_short_is_asked_for_again_up_to_the_limit(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    one, two = texts(2)
    model = FakeChatModel(answers={one.text: (one.text,), two.text: (f"{two.text} now",)})
    made = paraphrase(run, [one, two], model)
    assert made.requests == 6
    rows = captions(run)
    assert [(row.status, row.asked, len(row.paraphrases)) for row in rows] == [
        ("short", 3, 0),
        ("short", 3, 1),
    ]
    assert {c.reason for c in rows[0].candidates} == {"same"}
    assert len(rows[0].candidates) == 18


def test_a_text_that_is_no_text_is_a_row_and_not_a_request(tmp_path: Path) -> None:
    run, model, progress = new_run(tmp_path), FakeChatModel(), HeardProgress()
    paraphrase(run, [Original("a", "caption", "x" * 10_000), *texts(1)], model, progress=progress)
    rows = captions(run)
    assert [(row.status, row.reason) for row in rows] == [("failed", "too_long"), ("done", "")]
    assert len(model.asked) == 1
    assert progress.done == progress.total == 6


def test_a_text_without_an_answer_fails_alone_and_is_asked_again_next_time(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    bad = texts(6)[4]
    paraphrase(run, texts(6), FakeChatModel(no_answer=[bad.text]))
    rows = captions(run)
    assert [row.status for row in rows] == ["done"] * 4 + ["failed", "done"]
    assert rows[4].reason == "no_answer"
    model = FakeChatModel()
    made = paraphrase(run, texts(6), model)
    assert model.asked == [bad.text]
    assert made.known == 1
    assert all(row.status == "done" for row in captions(run))


class Dying:
    """Answers some, then is gone."""

    name = "fake@1"

    def __init__(self, lives: int) -> None:
        self.lives, self.model = lives, FakeChatModel()

    def replies(self, requests: Iterable[ChatRequest], sampling: Sampling) -> Iterator[Reply]:
        for reply in self.model.replies(requests, sampling):
            if not self.lives:
                raise EngineError("the server is gone")
            self.lives -= 1
            yield reply


def test_a_model_that_dies_loses_nothing_that_it_said(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    with pytest.raises(EngineError, match="is gone"):
        paraphrase(run, texts(10), Dying(7))
    model = FakeChatModel()
    made = paraphrase(run, texts(10), model)
    assert (made.known, made.requests) == (7, 3)
    assert len(captions(run)) == 10


class Interrupting(FakeChatModel):
    """Presses Ctrl-C while it answers its third request."""

    def replies(self, requests: Iterable[ChatRequest], sampling: Sampling) -> Iterator[Reply]:
        for count, reply in enumerate(super().replies(requests, sampling)):
            if count == 2:
                signal.raise_signal(signal.SIGINT)
            yield reply


def test_ctrl_c_keeps_what_was_answered(tmp_path: Path) -> None:
    run, progress = new_run(tmp_path), HeardProgress()
    made = paraphrase(run, texts(10), Interrupting(), progress=progress)
    assert made.stopped
    assert progress.stops == 1
    assert made.made == 0
    model = FakeChatModel()
    again = paraphrase(run, texts(10), model)
    assert again.known >= 3
    assert again.known + again.requests == 10
    assert not again.stopped


def test_an_altered_shard_is_noticed_and_made_again(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    paraphrase(run, texts(6), FakeChatModel())
    before = run.captions.file(0).read_bytes()
    run.captions.file(0).write_bytes(before[:-9])
    model = FakeChatModel()
    paraphrase(run, texts(6), model)
    assert run.captions.file(0).read_bytes() == before
    assert model.asked == []


def test_as_many_texts_in_more_edits_send_no_more_requests(tmp_path: Path) -> None:
    texts_of_emu_edit = 3_589

    def rows(edits: int) -> Iterator[dict[str, object]]:
        for i in range(edits):
            text = f"Add a wheel of kind k{i % texts_of_emu_edit}z"
            yield {"status": "planned", "instruction": text, "captions": [], "task": "add"}

    few, many = (list(originals(rows(edits))) for edits in (texts_of_emu_edit, 100_000))
    assert many == few
    one_round = replace(OPTIONS, rounds=1, paraphrases=1, shard_rows=1000)
    model = FakeChatModel()
    made = paraphrase(new_run(tmp_path), many, model, one_round)
    assert made.requests == len(set(model.asked)) == texts_of_emu_edit
