from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from syned.captioning.gains.experiment import Choice, run_experiment
from syned.config import TrainEvalConfig
from syned.errors import ConfigError, DataError
from tests.captioning.gains.processes import start, wait_for
from tests.captioning.gains.small_experiment import HeardTrials, small_config, small_kit

ALL = Choice()
TWO_ARMS = {"real": [["real"]], "real+syned": [["real", "syned"]]}


def run(folder: Path, config: TrainEvalConfig, choice: Choice = ALL) -> HeardTrials:
    heard = HeardTrials()
    run_experiment(config, folder, small_kit(), heard, choice)
    return heard


def gains_in(folder: Path) -> dict[str, Any]:
    gains: dict[str, Any] = json.loads((folder / "gains.json").read_text())
    return gains


def calls_in(folder: Path) -> list[int]:
    """How often each training was begun or gone on with."""
    return [
        json.loads(path.read_text())["training"]["calls"]
        for path in sorted(folder.rglob("metrics.json"))
    ]


def test_every_arm_is_trained_with_every_seed_on_the_same_budget(tmp_path: Path) -> None:
    heard = run(tmp_path, small_config())
    assert (heard.total, heard.skipped, heard.done) == (12, 0, 12)
    arms = gains_in(tmp_path)["captioners"]["table"]["arms"]
    assert list(arms) == ["real", "real+syned", "syned_then_real", "no_images"]
    assert {training["steps"] for arm in arms.values() for training in arm["training"]} == {24}
    assert arms["real+syned"]["gain"]["CIDEr"]["low"] > 0
    assert (tmp_path / "gains.md").read_text().startswith("# Gains from the training data")
    assert (tmp_path / "gains.png").stat().st_size > 5_000


def test_without_pictures_one_caption_is_said_of_all_pairs(tmp_path: Path) -> None:
    arms = {"real": [["real"]], "blind": {"phases": [["real", "syned"]], "blank_images": True}}
    run(tmp_path, small_config(arms=arms, seeds=[0]))
    found = gains_in(tmp_path)["captioners"]["table"]["arms"]
    assert found["blind"]["different_captions"] == [1]
    assert found["real"]["different_captions"] == [4]


def test_a_second_call_trains_nothing_and_reports_the_same(tmp_path: Path) -> None:
    config = small_config(arms=TWO_ARMS, seeds=[0])
    run(tmp_path, config)
    before = (tmp_path / "gains.md").read_bytes()
    again = run(tmp_path, config)
    assert (again.total, again.skipped, again.done) == (2, 2, 0)
    assert calls_in(tmp_path) == [1, 1]
    assert (tmp_path / "gains.md").read_bytes() == before


def test_arms_and_seeds_can_be_done_one_after_the_other(tmp_path: Path) -> None:
    config = small_config(arms=TWO_ARMS, seeds=[0, 1])
    first = run(tmp_path, config, Choice(arms=["real"], seeds=[1]))
    assert (first.total, first.done) == (1, 1)
    assert gains_in(tmp_path)["missing"] == [
        "table, real, seed 0",
        "table, real+syned, seed 0",
        "table, real+syned, seed 1",
    ]
    rest = run(tmp_path, config)
    assert (rest.total, rest.skipped, rest.done) == (4, 1, 3)
    assert gains_in(tmp_path)["missing"] == []


def test_more_seeds_only_add_trials(tmp_path: Path) -> None:
    run(tmp_path, small_config(arms=TWO_ARMS, seeds=[0]))
    assert run(tmp_path, small_config(arms=TWO_ARMS, seeds=[0, 1])).done == 2


def test_a_captioner_can_have_seeds_of_its_own(tmp_path: Path) -> None:
    table = {"model": {"kind": "two_stream"}, "training": {"steps": 24}}
    captioners = {"table": table, "slow": {**table, "seeds": [5]}}
    run(tmp_path, small_config(arms=TWO_ARMS, seeds=[0, 1], captioners=captioners))
    found = gains_in(tmp_path)["captioners"]
    assert list(found["slow"]["arms"]["real"]["scores"]["CIDEr"]["seeds"]) == ["5"]
    assert list(found["table"]["arms"]["real"]["scores"]["CIDEr"]["seeds"]) == ["0", "1"]


def test_a_captioner_can_have_arms_of_its_own(tmp_path: Path) -> None:
    table = {"model": {"kind": "two_stream"}, "training": {"steps": 24}}
    captioners = {"table": table, "slow": {**table, "arms": ["real"]}}
    heard = run(tmp_path, small_config(arms=TWO_ARMS, seeds=[0], captioners=captioners))
    found = gains_in(tmp_path)
    assert heard.done == 3
    assert list(found["captioners"]["slow"]["arms"]) == ["real"]
    assert found["missing"] == []


def test_another_model_in_the_folder_that_is_started_from_makes_all_again(tmp_path: Path) -> None:
    start = tmp_path / "start"
    start.mkdir()
    (start / "config.json").write_text("{}")
    model = {"kind": "blip2idc", "model": str(start)}
    captioners = {"table": {"model": model, "training": {"steps": 24}}}
    config = small_config(arms=TWO_ARMS, seeds=[0], captioners=captioners)
    run(tmp_path / "run", config)
    assert run(tmp_path / "run", config).done == 0
    (start / "config.json").write_text('{"other": 1}')
    again = run(tmp_path / "run", config)
    assert again.done == 2
    assert "trained again, because checkpoint was" in " ".join(again.lines)


def test_other_data_of_one_arm_makes_that_arm_again(tmp_path: Path) -> None:
    config = small_config(arms=TWO_ARMS, seeds=[0])
    run(tmp_path, config)
    fewer = {**config.sets, "syned": config.sets["syned"].model_copy(update={"limit": 7})}
    again = run(tmp_path, config.model_copy(update={"sets": fewer}))
    assert (again.skipped, again.done) == (1, 1)
    (line,) = [line for line in again.lines if "trained again" in line]
    assert line == (
        "table, real+syned, seed 0: trained again, because the pairs of phase_0.sets have changed"
    )


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (Choice(arms=["reel"]), "reel: not among train_eval.arms; there are real, real"),
        (Choice(seeds=[7]), "7: not among train_eval.seeds; there are 0, 1, 2"),
    ],
)
def test_what_is_asked_for_must_be_in_the_config(
    tmp_path: Path, choice: Choice, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        run(tmp_path, small_config(), choice)
    assert list(tmp_path.iterdir()) == []


def test_a_leak_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    config = small_config(test={"kind": "shapes", "limit": 9})
    with pytest.raises(DataError, match=r"sets.real and test: 3 of 3 pairs of the first"):
        run(tmp_path, config)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_in_a_training_it_goes_on_to_the_same_metrics(tmp_path: Path, workers: int) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(whole, small_config(seeds=(0, 1)))
    with start(killed, 0.02, workers) as process:
        wait_for(killed, 3, "state.json")
        process.send_signal(signal.SIGKILL)
    done = len(list(killed.rglob("metrics.json")))
    heard = run(killed, small_config(seeds=(0, 1)))
    assert heard.skipped == done < 8
    calls = calls_in(killed)
    assert max(calls) == 2  # the one in hand went on
    first, second = gains_in(whole), gains_in(killed)
    for gains in (first, second):
        for arm in gains["captioners"]["table"]["arms"].values():
            del arm["training"]  # says how often it was begun
    assert first == second


def test_several_processes_do_what_one_does(tmp_path: Path) -> None:
    config = small_config(arms=TWO_ARMS, seeds=[0, 1])
    run(tmp_path / "one", config)
    heard = run(tmp_path / "two", config.model_copy(update={"workers": 2}))
    assert heard.done == 4
    assert any(line.startswith("table, real, seed 0: 24 steps") for line in heard.lines)
    assert gains_in(tmp_path / "one") == gains_in(tmp_path / "two")
