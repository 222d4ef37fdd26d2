"""What `train_eval` of a config may say."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from syned.captioning.data.arms import with_own_dataset
from syned.config import (
    RunConfig,
    TrainEvalConfig,
    load_config,
)
from syned.errors import ConfigError
from syned.run.directory import Run
from syned.settings import load_settings, validate


def message(tmp_path: Path, text: str, *overrides: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides)
    return str(caught.value).removeprefix(f"{path}: ")


def test_arms_and_phases_are_written_as_lists_or_in_full() -> None:
    short = TrainEvalConfig.model_validate({"arms": {"real": [["a"], ["b", "c"]]}})
    full = TrainEvalConfig.model_validate(
        {"arms": {"real": {"phases": [{"sets": ["a"]}, {"sets": ["b", "c"], "share": 1}]}}}
    )
    assert short.arms == full.arms
    assert short.arms["real"].phases[1].sets == ("b", "c")


def test_by_default_the_papers_arms_are_compared_beside_one_without_pictures() -> None:
    config = TrainEvalConfig()
    sets = {name: [phase.sets for phase in arm.phases] for name, arm in config.arms.items()}
    assert sets == {
        "real": [("real",)],
        "real+syned": [("real", "syned")],
        "syned_then_real": [("syned",), ("real",)],
        "no_images": [("real", "syned")],
    }
    assert [name for name, arm in config.arms.items() if arm.blank_images] == ["no_images"]
    assert list(config.captioners) == ["blip2idc", "two_stream"]
    assert config.seeds == (0, 1, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("arms: {a: [[x]]}", "train_eval.baseline is 'real', which is no arm; there are a"),
        ("arms: {real: []}", "train_eval.arms.real.phases is empty; at least one is needed"),
        ("arms: {real: [[]]}", "train_eval.arms.real.phases.0.sets is empty; at least one"),
        ("arms: {../up: [[x]]}", "train_eval.arms has '../up'; a folder name of letters"),
        (
            "arms: {real: [{sets: [x], repeat: {y: 2}}]}",
            "train_eval.arms.real.phases.0.repeat names 'y', which is no set of this phase",
        ),
        (
            "arms: {real: [{sets: [x], repeat: {x: 0}}]}",
            "train_eval.arms.real.phases.0.repeat of 'x' is 0; at least 1 is needed",
        ),
        ("seeds: [1, 1]", "train_eval.seeds is [1, 1]; each seed once"),
        ("seeds: []", "train_eval.seeds is empty; at least one is needed"),
        ("workers: 0", "train_eval.workers is 0; at least 1 is needed"),
        ("sets: {real: {kind: nonsense}}", "train_eval.sets.real.kind is 'nonsense'; one of"),
        ("tests: {}", "train_eval.tests is not a setting; did you mean train_eval.test?"),
    ],
)
def test_mistakes_are_said_with_where_they_are(tmp_path: Path, text: str, said: str) -> None:
    assert message(tmp_path, f"train_eval:\n  {text}\n").startswith(said)


def test_a_captioners_training_can_be_changed_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("train_eval:\n  captioners:\n    fast: {model: {kind: two_stream}}\n")
    config = load_config(path, ["train_eval.captioners.fast.training.steps=7"])
    assert config.train_eval.captioners["fast"].training.steps == 7


def test_a_run_keeps_the_section_and_gives_it_back(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "train_eval": {
                    "sets": {"real": {"kind": "shapes", "limit": 3}},
                    "test": {"kind": "shapes", "split": "test"},
                    "arms": {"real": [["real"]]},
                    "captioners": {
                        "b": {"model": {"kind": "blip2idc", "new": {}}, "seeds": [4]},
                        "p": {"model": {"kind": "two_stream"}, "training": {"recipe": "paper"}},
                    },
                }
            }
        )
    )
    config = load_config(path)
    run = Run.create_or_open(config, data_dir=tmp_path)
    run.write_settings(config, {}, sections=())
    again = load_settings(RunConfig, run.path / "run.yaml", section="config")
    assert again == config
    assert again.train_eval.seeds_of("b") == (4,)
    assert again.train_eval.seeds_of("p") == (0, 1, 2)


@pytest.mark.parametrize(
    ("chosen", "complaint"),
    [
        (["real", "both"], "names both for 'b', which is no arm; there are real, syned"),
        (["syned"], "trains 'b' without the baseline, 'real'"),
    ],
)
def test_arms_of_a_captioner_are_arms_and_hold_the_baseline(
    chosen: list[str], complaint: str
) -> None:
    given = {
        "arms": {"real": [["real"]], "syned": [["syned"]]},
        "captioners": {"b": {"model": {"kind": "two_stream"}, "arms": chosen}},
    }
    with pytest.raises(ConfigError, match=complaint):
        validate(TrainEvalConfig, given, "mine.yaml")


@pytest.mark.parametrize(
    ("files", "split"),
    [
        (["train-00000-of-00001.parquet", "test-00000-of-00001.parquet"], "train"),
        (["test-00000-of-00001.parquet"], "test"),
    ],
)
def test_a_published_run_is_the_set_syned(tmp_path: Path, files: list[str], split: str) -> None:
    (tmp_path / "data").mkdir()
    for name in files:
        (tmp_path / "data" / name).touch()
    own = with_own_dataset(TrainEvalConfig(), tmp_path).sets["syned"]
    assert (own.kind, own.path, own.split) == ("published", str(tmp_path), split)


def test_a_set_of_that_name_in_the_config_goes_before_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train-00000-of-00001.parquet").touch()
    given = TrainEvalConfig.model_validate({"sets": {"syned": {"kind": "shapes"}}})
    assert with_own_dataset(given, tmp_path) == given
    assert with_own_dataset(TrainEvalConfig(), tmp_path / "nowhere") == TrainEvalConfig()
