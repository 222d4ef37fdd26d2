"""A run from Python: its stages, their settings, their progress, and Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import assert_type

import pytest

import syned
from syned.api.edits import Edits
from syned.config import RunConfig
from syned.publish.upload import Hub
from tests.conftest import HeardProgress

FAKE = (
    "generate.editor=fake",
    "generate.n=8",
    "generate.shard_rows=4",
    "generate.batch_size=2",
    "filter.encoder=fake",
    "paraphrase.engine=fake",
)


class Interrupting(HeardProgress):
    """Presses Ctrl-C when the first batch is done."""

    def batch_done(self, done: int, failed: int, seconds: float) -> None:
        super().batch_done(done, failed, seconds)
        if not self.stops:
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def run(tmp_path: Path) -> syned.Run:
    """Nothing is made of it yet."""
    return syned.start_run("shapes", *FAKE, data_dir=tmp_path)


def test_the_stages_make_a_dataset_and_say_what_they_did(run: syned.Run) -> None:
    assert run.generate(progress=False).done == 8
    assert run.paraphrase("paraphrase.limit=3", progress=False).texts == 3
    selection = run.filter(progress=False)
    made = run.publish(progress=False)
    summary = run.summary()
    assert summary.edits.done == 8
    assert summary.captions is not None
    assert summary.captions.texts == 3
    assert summary.selection == selection
    assert made.path == run.path / "dataset"
    assert made.splits["train"].rows == selection.whole.kept == len(run.edits(kept=True))


def test_a_stage_goes_on_and_makes_nothing_twice(run: syned.Run) -> None:
    run.generate(progress=False)
    assert run.generate(progress=False).shards_made == 0
    assert run.generate("generate.n=12", progress=False).done == 4


def test_paraphrasing_needs_no_edits(run: syned.Run) -> None:
    assert run.paraphrase(progress=False).made > 0
    assert len(run.edits()) == 0


def test_what_a_stage_is_told_is_kept_but_for_what_is_asked_for_once(
    run: syned.Run, tmp_path: Path
) -> None:
    run.generate("generate.n=4", "generate.retry_failed=true", progress=False)
    again = syned.open_run(run.name, data_dir=tmp_path)
    for one in (run, again):
        assert (one.config.generate.n, one.config.generate.retry_failed) == (4, False)
    again.generate("generate.n=6", progress=False)
    assert again.config.generate.n == 6
    run.paraphrase("paraphrase.limit=3", progress=False)
    run.filter("filter.best_per_request=1", progress=False)
    for one in (run, again):
        assert (one.config.paraphrase.limit, one.config.filter.best_per_request) == (3, 1)


def test_what_was_given_to_start_run_goes_before_what_the_run_was_made_with(
    run: syned.Run, tmp_path: Path
) -> None:
    run.generate(progress=False)
    more = syned.start_run("shapes", *FAKE, "generate.n=10", data_dir=tmp_path)
    assert more.generate(progress=False).done == 2


def test_settings_that_a_stage_refuses_are_not_kept(run: syned.Run) -> None:
    run.generate(progress=False)
    with pytest.raises(syned.RunError, match=r"was made with guidance_scale 1\.0"):
        run.generate("generate.guidance_scale=5", progress=False)
    assert run.config.generate.guidance_scale == 1


def test_a_wrong_setting_is_said_before_anything_is_made(run: syned.Run) -> None:
    with pytest.raises(syned.ConfigError, match=r"shapes: generate\.n is 0; at least 1 is needed"):
        run.generate("generate.n=0", progress=False)
    assert not run.path.exists()


def test_a_stage_cannot_rename_its_run(run: syned.Run, tmp_path: Path) -> None:
    run.generate(progress=False)
    for one in (run, syned.open_run(data_dir=tmp_path)):
        with pytest.raises(syned.ConfigError, match="this run is called 'shapes'"):
            one.generate("name=other", progress=False)


def test_publishing_elsewhere_leaves_the_settings_of_the_run(
    run: syned.Run, tmp_path: Path
) -> None:
    run.generate(progress=False)
    only = ("publish.unfiltered=true", "publish.image_format=webp")
    made = run.publish(*only, folder=tmp_path / "elsewhere", progress=False)
    assert made.path == tmp_path / "elsewhere"
    formats = [run.config.publish.image_format]
    run.publish(*only, progress=False)
    assert [*formats, run.config.publish.image_format] == ["png", "webp"]


def test_a_dataset_is_uploaded_where_it_shall_be_and_only_then(
    run: syned.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed: list[str | None] = []

    def push(config: RunConfig, made: object, *, hub: Hub | None = None) -> str:
        pushed.append(config.publish.push_to_hub)
        return "https://hub/me/mine"

    monkeypatch.setattr("syned.pipeline.push_to_hub", push)
    heard = HeardProgress()
    run.generate(progress=False)
    run.publish("publish.unfiltered=true", "publish.push_to_hub=me/mine", progress=heard)
    run.publish("publish.unfiltered=true", progress=False)
    assert pushed == ["me/mine"]
    assert heard.said[-1] == "uploaded to https://hub/me/mine"


def test_progress_is_shown_on_stderr_unless_it_is_not_wanted(
    run: syned.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run.generate(progress=False)
    assert capsys.readouterr() == ("", "")
    run.generate("generate.n=12")
    said = capsys.readouterr()
    assert said.out == ""
    assert "plan: 12 of 12" in said.err
    assert "edits: 12 of 12" in said.err


def test_an_object_hears_the_progress_instead(
    run: syned.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = HeardProgress()
    run.generate(progress=heard)
    assert (heard.total, heard.done) == (8, 8)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(lambda run, progress: run.generate(progress=progress), id="generate"),
        pytest.param(
            lambda run, progress: run.paraphrase("paraphrase.shard_rows=1", progress=progress),
            id="paraphrase",
        ),
        pytest.param(lambda run, progress: run.filter(progress=progress), id="filter"),
    ],
)
def test_ctrl_c_ends_a_stage_after_its_batch_and_the_next_call_goes_on(
    run: syned.Run,
    stage: Callable[[syned.Run, object], object],
    request: pytest.FixtureRequest,
) -> None:
    if "filter" in request.node.name:
        run.generate(progress=False)
    progress = Interrupting()
    with pytest.raises(KeyboardInterrupt, match="stopped"):
        stage(run, progress)
    assert progress.stops == 1
    stage(run, HeardProgress())


def test_train_eval_hands_on_arms_and_seeds(
    run: syned.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []

    def train_eval(config: RunConfig, *args: object, **choice: object) -> dict[str, object]:
        called.append((config.train_eval.workers, choice))
        return {"missing": []}

    monkeypatch.setattr("syned.pipeline.train_eval", train_eval)
    gains = run.train_eval("train_eval.workers=1", arms=["real"], seeds=[0], progress=False)
    assert gains == {"missing": []}
    assert called == [(1, {"arms": ["real"], "seeds": [0]})]
    assert run.config.train_eval.workers == 1


def test_train_eval_names_the_libraries_that_it_lacks(
    run: syned.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syned.api.run.TO_TRAIN_EVAL", ("json", "no_such_library"))
    with pytest.raises(syned.EngineError, match="needs no_such_library, which is not installed"):
        run.train_eval()


def test_a_run_without_anything_says_so(run: syned.Run) -> None:
    with pytest.raises(syned.RunError, match=r"is not a run: it has no run\.yaml"):
        run.summary()
    with pytest.raises(syned.RunError, match="has no run 'shapes'"):
        run.publish(progress=False)


def test_type_checkers_see_the_types(run: syned.Run) -> None:
    assert_type(run.path, Path)
    assert_type(run.config, RunConfig)
    assert_type(run.edits()[0:1], Edits)
    assert repr(run) == f"Run({str(run.path)!r})"
