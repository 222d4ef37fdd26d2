from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pycocoevalcap")

from syned.captioning.metrics.bootstrap import paired_interval
from syned.captioning.metrics.metrics import BLEU, METRICS, CaptionScorer, SetScores
from syned.errors import DataError
from tests.captioning.metrics.sentences import make_pairs


def values(*rows: list[float]) -> list[SetScores]:
    """Scores of some seeds, by their CIDEr alone."""
    return [SetScores({}, {"CIDEr": row}, [[1] * 10] * len(row)) for row in rows]


def noisy(mean: float, count: int, seed: int) -> list[float]:
    return list(np.random.default_rng(seed).normal(mean, 1.0, count))


def test_the_interval_is_that_of_the_normal_distribution() -> None:
    """Of a mean of n differences with deviation 1, it reaches 1.96 / sqrt(n) to both sides."""
    first, second = noisy(0.5, 400, 0), [0.0] * 400
    found = paired_interval(values(first), values(second), "CIDEr", resamples=4000)
    spread = 1.96 * float(np.std(first)) / 20
    assert found.difference == pytest.approx(np.mean(first))
    assert found.high - found.difference == pytest.approx(spread, rel=0.08)
    assert found.difference - found.low == pytest.approx(spread, rel=0.08)
    assert found.above_zero == 1


def test_pairs_are_drawn_together_for_both() -> None:
    """However hard the pairs differ, a constant gain on each is certain."""
    second = noisy(0.0, 100, 1)
    found = paired_interval(values([v + 0.1 for v in second]), values(second), "CIDEr")
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))


def test_seeds_that_differ_widen_the_interval() -> None:
    first = values([1.0] * 50, [3.0] * 50)
    fixed = paired_interval(first, values([0.0] * 50), "CIDEr", draw_seeds=False)
    drawn = paired_interval(first, values([0.0] * 50), "CIDEr")
    assert (fixed.low, fixed.high) == pytest.approx((2.0, 2.0))
    assert (drawn.low, drawn.high) == pytest.approx((1.0, 3.0))
    assert drawn.difference == pytest.approx(2.0)


def test_the_same_draws_give_the_same_interval() -> None:
    first, second = values(noisy(0.1, 60, 2)), values(noisy(0.0, 60, 3))
    again = [paired_interval(first, second, "CIDEr", seed=s) for s in (5, 5, 6)]
    assert again[0] == again[1] != again[2]


@pytest.mark.parametrize("metric", [m for m in METRICS if m != "METEOR"])
def test_the_difference_is_that_of_the_scores_of_the_set(metric: str) -> None:
    infos, predictions = make_pairs(60)
    scorer = CaptionScorer(java=False)
    good, bad = scorer.score_all(infos, [predictions, ["the dog is gone"] * 60])
    found = paired_interval([good.all], [bad.all], metric, resamples=200)
    expected = good.all.whole[metric] - bad.all.whole[metric]
    assert found.difference == pytest.approx(expected, abs=1e-12)
    assert found.low < expected < found.high


def test_bleu_of_a_resample_is_that_of_its_pairs_as_a_set() -> None:
    infos, predictions = make_pairs(12)
    doubled = [*infos, *infos[:3]], [*predictions, *predictions[:3]]
    scorer = CaptionScorer(java=False)
    part, whole = scorer.score(infos, predictions).all, scorer.score(*doubled).all
    weights = np.array([[2.0] * 3 + [1.0] * 9])
    from syned.captioning.metrics.bootstrap import _measure

    for metric in BLEU:
        assert _measure(part, metric)(weights)[0] == pytest.approx(whole.whole[metric], abs=1e-12)


def test_sets_of_other_pairs_are_refused() -> None:
    with pytest.raises(DataError, match="these are scored on 2 and 3 pairs"):
        paired_interval(values([1.0] * 2), values([1.0] * 3), "CIDEr")
