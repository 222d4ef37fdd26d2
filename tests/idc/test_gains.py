from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from syned.config import ArmConfig
from syned.idc.arms import open_material
from syned.idc.gains import (
    Finished,
    find_gains,
    most_frequent_caption,
    score_interval,
    trained_on,
)
from tests.idc.small_experiment import WordScorer, open_colors, small_config

INFOS = open_colors(small_config().test or pytest.fail("no test set")).infos


def finished(arm: str, seed: int, predictions: list[str]) -> Finished:
    scored = WordScorer().score(INFOS, predictions)
    metrics: dict[str, Any] = {
        "training": {"steps": 24},
        "different_captions": len(set(predictions)),
        "scores": dict(scored.whole),
        "by_task": dict(scored.by_task),
        "per_pair": dict(scored.per_pair),
        "per_pair_in_task": dict(scored.per_pair_in_task),
    }
    return Finished("table", arm, seed, metrics, predictions)


def right(count: int) -> list[str]:
    """The first `count` predictions are right, the others share no word with a reference."""
    said = [info.references[0] for info in INFOS[:count]]
    return said + ["nonsense"] * (len(INFOS) - count)


def gains_of(*trials: Finished) -> dict[str, Any]:
    config = small_config()
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
    assert gain["mean"] == pytest.approx(9 / 16)
    assert 0 < gain["low"] < 9 / 16 < gain["high"] <= 1
    assert arms["real"]["gain"] == {}


def test_the_gain_of_a_task_counts_its_pairs_only() -> None:
    dark = [info.references[0] if info.task == "dark" else "nonsense" for info in INFOS]
    gains = gains_of(finished("real", 0, right(0)), finished("real+syned", 0, dark))
    by_task = gains["captioners"]["table"]["arms"]["real+syned"]["by_task"]
    assert by_task["dark"]["gain"]["CIDEr"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert by_task["bright"]["gain"]["CIDEr"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert gains["test"]["tasks"] == {"bright": 10, "dark": 6}


def test_trials_that_are_not_done_are_named_and_the_others_counted() -> None:
    gains = gains_of(finished("real+syned", 1, right(8)))
    assert "table, real, seed 0" in gains["missing"]
    assert len(gains["missing"]) == 4 * 3 - 1
    arms = gains["captioners"]["table"]["arms"]
    assert list(arms) == ["real+syned"]
    assert arms["real+syned"]["gain"] == {}
    assert arms["real+syned"]["scores"]["CIDEr"]["deviation"] is None


def test_the_constant_baseline_says_the_most_frequent_training_caption() -> None:
    material = open_material(small_config(sets={
        "real": {"kind": "shapes", "start": 5, "limit": 9},
        "syned": {"kind": "shapes", "start": 100, "limit": 8},
    }), open_colors)  # fmt: skip
    arm = ArmConfig.model_validate([["real"]])
    assert most_frequent_caption(material, arm) == "it is yellow now"
    constant = gains_of()["constant"]
    assert constant["caption"] == "it is red now"
    assert constant["scores"]["CIDEr"] == pytest.approx((14 * 0.75 + 2) / 16)


def test_an_interval_of_means_is_that_of_the_normal_law() -> None:
    rng = np.random.default_rng(5)
    scores = rng.normal(0.6, 0.2, (1, 900))
    found = score_interval(scores, None, resamples=4000)
    half = 1.96 * scores.std() / 30
    assert found["mean"] == pytest.approx(scores.mean())
    assert found["low"] == pytest.approx(scores.mean() - half, abs=0.002)
    assert found["high"] == pytest.approx(scores.mean() + half, abs=0.002)


def test_a_gain_is_paired_so_that_what_both_find_hard_does_not_widen_it() -> None:
    rng = np.random.default_rng(5)
    baseline = rng.normal(0.5, 0.3, (1, 400))
    found = score_interval(baseline + 0.1, baseline, resamples=500)
    assert found["low"] == pytest.approx(0.1)
    assert found["high"] == pytest.approx(0.1)


def test_seeds_that_differ_widen_a_gain() -> None:
    steady = np.tile([0.4, 0.6], (3, 50))
    wild = steady + np.array([[-0.1], [0.0], [0.1]])
    narrow = score_interval(steady, steady, resamples=500)
    wide = score_interval(wild, steady, resamples=500)
    assert wide["high"] - wide["low"] > 0.1 > narrow["high"] - narrow["low"]


def test_an_interval_is_the_same_at_every_call_and_in_any_portion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores = np.random.default_rng(5).uniform(size=(2, 50))
    found = score_interval(scores, None, resamples=300)
    assert score_interval(scores, None, resamples=300) == found
    monkeypatch.setattr("syned.idc.gains._AT_ONCE", 50 * 7)
    in_portions = score_interval(scores, None, resamples=300)
    assert in_portions["low"] == pytest.approx(found["low"], abs=0.03)


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ([["real"]], "real"),
        ([["syned"], ["real", "syned"]], "syned, then real and syned"),
        ([{"sets": ["real", "syned"], "repeat": {"real": 5}}], "real x 5 and syned"),
        ({"phases": [["real"]], "blank_images": True}, "real (pictures blanked)"),
    ],
)
def test_what_an_arm_is_trained_on_is_said_in_words(arm: object, words: str) -> None:
    assert trained_on(ArmConfig.model_validate(arm)) == words
