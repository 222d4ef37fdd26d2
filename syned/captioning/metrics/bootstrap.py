"""The paired bootstrap: an interval for the difference between two captioners.

A resample draws test pairs with replacement, the same ones for both. ROUGE-L and CIDEr of a
resample are means of the pairs' scores; CIDEr's document frequencies stay those of the whole set,
as the references would in a larger set like it. BLEU is computed anew from the counts of the drawn
pairs. For METEOR, which counts over the set by rules of its own, the mean of the pairs' scores
stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syned.captioning.metrics.metrics import BLEU, SetScores
from syned.errors import DataError

_AT_ONCE = 1 << 22
"""Numbers of a matrix of draws that are in memory together."""

_SMALL, _TINY = 1e-9, 1e-15
"""As in COCO-caption's BLEU, against division by zero."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A difference between two captioners, and where it lies in most resamples."""

    difference: float
    """First minus second on the whole set, each averaged over its seeds."""
    low: float
    high: float
    above_zero: float
    """Share of the resamples in which the first is better, in [0, 1]."""


def paired_interval(
    first: Sequence[SetScores],
    second: Sequence[SetScores],
    metric: str,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    draw_seeds: bool = True,
) -> Interval:
    """The difference of two captioners in a metric, with its bootstrap interval.

    Args:
        first: scores of each of its seeds, on the same pairs in the same order.
        second: the same of the other, which may have another number of seeds.
        metric: one of `metrics.METRICS`.
        resamples: how many are drawn.
        level: share of the resamples that lie within the interval, in (0, 1).
        seed: of the draws.
        draw_seeds: whether a resample draws the captioners' seeds with replacement, too, so that
            the interval holds what other seeds would have changed; if not, their mean is taken.

    Raises:
        DataError: the two were not scored on the same number of pairs.
    """
    lengths = {len(scores.bleu_counts) for scores in (*first, *second)}
    if len(lengths) != 1 or lengths == {0}:
        raise DataError(
            "two captioners can be compared only if all their seeds are scored on the same pairs, "
            f"at least one; these are scored on {' and '.join(map(str, sorted(lengths)))} pairs"
        )
    (pairs,) = lengths
    rng = np.random.default_rng(seed)
    measures = [[_measure(scores, metric) for scores in group] for group in (first, second)]
    drawn: list[Floats] = []
    for begin in range(0, resamples, step := max(1, _AT_ONCE // pairs)):
        count = min(step, resamples - begin)
        draws = rng.multinomial(pairs, np.full(pairs, 1 / pairs), size=count)  # (count, n)
        times = draws.astype(np.float64)
        better, other = (
            _over_seeds(np.stack([m(times) for m in group], axis=1), rng if draw_seeds else None)
            for group in measures
        )
        drawn.append(better - other)
    differences = np.concatenate(drawn)  # (resamples,)
    low, high = np.quantile(differences, [(1 - level) / 2, (1 + level) / 2])
    once = np.ones((1, pairs))
    means = [np.mean([m(once)[0] for m in group]) for group in measures]
    return Interval(
        difference=float(means[0] - means[1]),
        low=float(low),
        high=float(high),
        above_zero=float((differences > 0).mean()),
    )


def _measure(scores: SetScores, metric: str) -> Callable[[Floats], Floats]:
    """From how often each pair is drawn, shape (count, n), to the metric, shape (count,)."""
    if metric in BLEU:
        counts = np.asarray(scores.bleu_counts, np.float64)  # (n, 10)
        order = BLEU.index(metric) + 1
        return lambda times: _corpus_bleu(times @ counts, order)
    values = np.asarray(scores.pairs[metric], np.float64)  # (n,)
    return lambda times: np.asarray(times @ values / times.sum(axis=1), np.float64)


def _corpus_bleu(counts: Floats, order: int) -> Floats:
    """BLEU of sets from their summed counts, shape (count, 10), as COCO-caption computes it."""
    length, reference_length = counts[:, 0], counts[:, 1]
    guessed, right = counts[:, 2 : 2 + order], counts[:, 6 : 6 + order]  # (count, order)
    precision = np.prod((right + _TINY) / (guessed + _SMALL), axis=1) ** (1 / order)
    ratio = (length + _TINY) / (reference_length + _SMALL)
    brevity = np.exp(1 - 1 / np.minimum(ratio, 1))
    return np.asarray(precision * brevity, np.float64)


def _over_seeds(values: Floats, rng: np.random.Generator | None) -> Floats:
    """Mean over seeds, or over seeds that are drawn; from shape (count, s) to (count,)."""
    if rng is not None:
        seeds = rng.integers(0, values.shape[1], values.shape)
        values = np.take_along_axis(values, seeds, axis=1)
    return np.asarray(values.mean(axis=1), np.float64)
