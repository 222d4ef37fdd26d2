from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from syned.captioning.data.pairs import Pairs
from syned.captioning.gains.trials import (
    Lesson,
    Tools,
    Trial,
    kept_predictions,
    metrics_of,
    run_trial,
    score_trial,
)
from syned.captioning.models.base import Captioner, Phase
from syned.config import TrainingConfig
from syned.config.captioner import TwoStreamConfig
from syned.errors import EngineError, RunError
from tests.captioning.gains.small_experiment import (
    WordScorer,
    load_table,
    open_colors,
    small_config,
    table_tools,
)


def pairs_of(split: str) -> Pairs:
    config = small_config()
    named = {"train": config.sets["syned"], "validation": config.validation, "test": config.test}
    source = named[split]
    assert source is not None
    return open_colors(source)


def lesson_of(folder: Path, test_content: str = "test 1") -> Lesson:
    return Lesson(
        phases=[Phase(pairs_of("train"), 1.0)],
        validation=pairs_of("validation"),
        test=pairs_of("test"),
        test_content=test_content,
        features=folder / "features",
    )


def trial_of(folder: Path, **changes: Any) -> Trial:
    trial = Trial(
        captioner="table",
        arm="real",
        seed=0,
        folder=folder / "table" / "real" / "seed-0",
        model=TwoStreamConfig(),
        training=TrainingConfig(steps=24),
        data={"phase_0": "abc"},
    )
    return replace(trial, **changes)


class Counted:
    """Tools that note what is used."""

    def __init__(self, scorer: WordScorer | None = None) -> None:
        self.used: list[str] = []
        self.scorer = scorer or WordScorer()
        self.tools = Tools(
            train=self._noted("train", table_tools().train), load=self._noted("load", load_table)
        )

    def _noted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.used.append(name)
            return function(*arguments, **named)

        return call


def run(trial: Trial, lesson: Lesson, counted: Counted) -> list[str]:
    lines: list[str] = []
    run_trial(trial, lesson, counted.tools, lines.append)
    score_trial(trial, lesson.test.infos, lesson.test_content, counted.scorer)
    return lines


def test_a_trial_leaves_weights_predictions_and_metrics_with_every_test_pair(
    tmp_path: Path,
) -> None:
    trial = trial_of(tmp_path)
    run(trial, lesson_of(tmp_path), Counted())
    text = (trial.folder / "predictions.jsonl").read_text()
    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["pair_id"] for row in rows] == [f"colors/test/{n}" for n in range(16)]
    metrics = metrics_of(trial, "test 1", "shared words")
    assert metrics is not None
    assert len(metrics["scores"]["all"]["pairs"]["CIDEr"]) == 16
    assert metrics["training"] == {"steps": 24, "calls": 1}
    assert (trial.folder / "weights" / "state.json").is_file()


def test_a_trial_without_its_metrics_is_scored_and_not_trained_again(tmp_path: Path) -> None:
    trial, lesson = trial_of(tmp_path), lesson_of(tmp_path)
    run(trial, lesson, Counted())
    before = (trial.folder / "metrics.json").read_bytes()
    (trial.folder / "metrics.json").unlink()
    assert metrics_of(trial, "test 1", "shared words") is None
    counted = Counted()
    run(trial, lesson, counted)
    assert counted.used == []
    assert (trial.folder / "metrics.json").read_bytes() == before


def test_another_way_of_scoring_scores_what_was_said_before(tmp_path: Path) -> None:
    trial, lesson = trial_of(tmp_path), lesson_of(tmp_path)
    run(trial, lesson, Counted())
    assert metrics_of(trial, "test 1", "other words") is None
    counted = Counted(WordScorer(name="other words"))
    run(trial, lesson, counted)
    assert counted.used == []
    assert metrics_of(trial, "test 1", "other words") is not None


@pytest.mark.parametrize("damage", [b"", b'{"prediction": "half a li'])
def test_predictions_that_were_cut_off_or_changed_are_made_again(
    tmp_path: Path, damage: bytes
) -> None:
    trial, lesson = trial_of(tmp_path), lesson_of(tmp_path)
    run(trial, lesson, Counted())
    whole = (trial.folder / "predictions.jsonl").read_bytes()
    (trial.folder / "predictions.jsonl").write_bytes(damage)
    assert metrics_of(trial, "test 1", "shared words") is None
    run(trial, lesson, Counted())
    assert (trial.folder / "predictions.jsonl").read_bytes() == whole


def test_other_test_pairs_are_captioned_by_the_weights_there_are(tmp_path: Path) -> None:
    trial = trial_of(tmp_path)
    run(trial, lesson_of(tmp_path), Counted())
    run(trial, lesson_of(tmp_path, "test 2"), Counted())
    assert kept_predictions(trial, "test 1") is None
    metrics = metrics_of(trial, "test 2", "shared words")
    assert metrics is not None
    assert metrics["training"] == {"steps": 24, "calls": 2}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training": TrainingConfig(steps=30)}, "training.steps was 24 and is now 30"),
        ({"data": {"phase_0": "xyz"}}, "the pairs of phase_0 have changed"),
        ({"model": TwoStreamConfig(width=64)}, "captioner.width was 256 and is now 64"),
    ],
)
def test_other_settings_or_data_make_a_trial_again_and_say_why(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    run(trial_of(tmp_path), lesson_of(tmp_path), Counted())
    other = trial_of(tmp_path, **changes)
    assert metrics_of(other, "test 1", "shared words") is None
    lines = run(other, lesson_of(tmp_path), Counted())
    assert lines[0] == f"trained again, because {said}"
    metrics = metrics_of(other, "test 1", "shared words")
    assert metrics is not None
    assert metrics["training"]["calls"] == 1


def test_where_and_how_fast_a_trial_runs_is_no_reason_to_make_it_again(tmp_path: Path) -> None:
    trial = trial_of(tmp_path)
    elsewhere = trial_of(
        tmp_path,
        training=TrainingConfig(steps=24, device="cpu", save_every=5),
    )
    assert elsewhere.fingerprint == trial.fingerprint
    assert trial_of(tmp_path, seed=1).fingerprint != trial.fingerprint


def test_a_folder_without_a_record_is_not_gone_on_with(tmp_path: Path) -> None:
    trial = trial_of(tmp_path)
    run(trial, lesson_of(tmp_path), Counted())
    (trial.folder / "trial.json").unlink()
    run(trial, lesson_of(tmp_path), Counted())
    metrics = metrics_of(trial, "test 1", "shared words")
    assert metrics is not None
    assert metrics["training"]["calls"] == 1


@dataclass(frozen=True)
class Silent:
    name: str = "silent"

    def caption(self, pairs: Sequence[tuple[Image.Image, Image.Image]]) -> list[str]:
        return []


def test_a_captioner_that_leaves_pairs_out_is_an_error(tmp_path: Path) -> None:
    def load(folder: Path, *, device: str) -> Captioner:
        return Silent()

    tools = replace(table_tools(), load=load)
    with pytest.raises(
        EngineError, match="'silent' wrote 0 captions for 16 pairs; it must write one"
    ):
        run_trial(trial_of(tmp_path), lesson_of(tmp_path), tools, lambda text: None)


def test_a_trial_that_has_said_nothing_cannot_be_scored(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has no predictions to score"):
        score_trial(trial_of(tmp_path), pairs_of("test").infos, "test 1", WordScorer())
