from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from syned.captioning.data.arms import open_material
from syned.captioning.gains.gains import (
    Finished,
    find_gains,
    trained_on,
)
from syned.config import ArmConfig, TrainEvalConfig
from tests.captioning.gains.small_experiment import WordScorer, open_colors, small_config

INFOS = open_colors(small_config().test or pytest.fail("no test set")).infos


def finished(arm: str, seed: int, predictions: list[str]) -> Finished:
    metrics: dict[str, Any] = {
        "training": {"steps": 24},
        "different_captions": len(set(predictions)),
        "scores": asdict(WordScorer().score(INFOS, predictions)),
    }
    return Finished("table", arm, seed, metrics, predictions)


def gain_of(sure: float, *, above_zero: float) -> dict[str, float]:
    return {"difference": sure, "low": sure, "high": sure, "above_zero": above_zero}


def right(count: int) -> list[str]:
    """The first `count` predictions are right, the others share no word with a reference."""
    said = [info.references[0] for info in INFOS[:count]]
    return said + ["nonsense"] * (len(INFOS) - count)


def gains_of(*trials: Finished, config: TrainEvalConfig | None = None) -> dict[str, Any]:
    config = config or small_config()
    return find_gains(config, trials, open_material(config, open_colors), WordScorer())


def test_the_gain_is_the_difference_of_the_means_over_seeds() -> None:
    gains = gains_of(
        finished("real", 0, right(4)),
        finished("real", 1, right(6)),
        finished("real+syned", 0, right(12)),
        finished("real+syned", 1, right(16)),
    )
    arms = gains["captioners"]["table"]["arms"]
    assert arms["real"]["scores"]["CIDEr"]["mean"] == pytest.approx(5 / 16)
    assert arms["real+syned"]["scores"]["CIDEr"]["seeds"] == {"0": 12 / 16, "1": 1.0}
    deviation = arms["real+syned"]["scores"]["CIDEr"]["deviation"]
    assert deviation == pytest.approx((4 / 16) / 2**0.5)
    gain = arms["real+syned"]["gain"]["CIDEr"]
    assert gain["difference"] == pytest.approx(9 / 16)
    assert 0 < gain["low"] < 9 / 16 < gain["high"] <= 1
    assert arms["real"]["gain"] == {}


def test_the_gain_of_a_task_counts_its_pairs_only() -> None:
    dark = [info.references[0] if info.task == "dark" else "nonsense" for info in INFOS]
    gains = gains_of(finished("real", 0, right(0)), finished("real+syned", 0, dark))
    by_task = gains["captioners"]["table"]["arms"]["real+syned"]["by_task"]
    assert by_task["dark"]["gain"] == {"CIDEr": gain_of(1.0, above_zero=1.0)}
    assert by_task["bright"]["gain"] == {"CIDEr": gain_of(0.0, above_zero=0.0)}
    assert gains["test"]["tasks"] == {"bright": 10, "dark": 6}


def test_trials_that_are_not_done_are_named_and_the_others_counted() -> None:
    gains = gains_of(finished("real+syned", 1, right(8)))
    assert "table, real, seed 0" in gains["missing"]
    assert len(gains["missing"]) == 4 * 3 - 1
    arms = gains["captioners"]["table"]["arms"]
    assert list(arms) == ["real+syned"]
    assert arms["real+syned"]["gain"] == {}
    assert arms["real+syned"]["scores"]["CIDEr"]["deviation"] is None


def test_the_constant_baseline_says_the_most_frequent_caption_of_the_baselines_pairs() -> None:
    sets = {
        "real": {"kind": "shapes", "start": 5, "limit": 9},
        "syned": {"kind": "shapes", "start": 100, "limit": 40},
    }
    constant = gains_of(config=small_config(sets=sets))["constant"]
    assert constant["caption"] == "it is yellow now"
    assert constant["scores"]["CIDEr"] == pytest.approx((14 * 0.75 + 2) / 16)


def test_an_arm_has_the_interval_of_its_own_score() -> None:
    gains = gains_of(finished("real", 0, right(8)))
    interval = gains["captioners"]["table"]["arms"]["real"]["interval"]
    assert 0.1 < interval["low"] < 0.5 < interval["high"] < 0.9


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ([["real"]], "real"),
        ([["syned"], ["real", "syned"]], "syned, then real and syned"),
        ([{"sets": ["real", "syned"], "repeat": {"real": 5}}], "real x 5 and syned"),
        ({"phases": [["real"]], "blank_images": True}, "real (images replaced by gray)"),
    ],
)
def test_what_an_arm_is_trained_on_is_said_in_words(arm: object, words: str) -> None:
    assert trained_on(ArmConfig.model_validate(arm)) == words
