"""What the data gained: scores of every arm over its seeds, and their gain over the baseline."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syned.config import ArmConfig, TrainEvalConfig
from syned.idc.arms import Material
from syned.idc.pairs import PairInfo
from syned.idc.trials import Scorer

CONFIDENCE = 0.95
_AT_ONCE = 1 << 22
"""Resampled scores in memory at a time."""


@dataclass(frozen=True)
class Finished:
    """A trial that is done."""

    captioner: str
    arm: str
    seed: int
    metrics: Mapping[str, Any]
    """What its metrics.json holds."""
    predictions: Sequence[str]


def find_gains(
    config: TrainEvalConfig, finished: Sequence[Finished], material: Material, scorer: Scorer
) -> dict[str, Any]:
    """What gains.json holds, from the trials that are done.

    Args:
        config: of the experiment.
        finished: its trials that are done, all scored by the same scorer on the same pairs.
        material: its pairs.
        scorer: scores the most frequent caption.
    """
    infos = material.test.infos
    trials = {(trial.captioner, trial.arm, trial.seed): trial for trial in finished}
    missing = [
        f"{captioner}, {arm}, seed {seed}"
        for captioner in config.captioners
        for arm in config.arms
        for seed in config.seeds
        if (captioner, arm, seed) not in trials
    ]
    constant = most_frequent_caption(material, config.arms[config.baseline])
    scored = scorer.score(infos, [constant] * len(infos))
    return {
        "metrics": list(scored.whole),
        "scorer": scorer.name,
        "comparable": scorer.comparable,
        "baseline": config.baseline,
        "seeds": list(config.seeds),
        "bootstrap": config.bootstrap,
        "validation": {"pairs": len(material.validation.infos)},
        "test": {"pairs": len(infos), "tasks": dict(sorted(_tasks(infos).items()))},
        "missing": missing,
        "constant": {
            "caption": constant,
            "scores": dict(scored.whole),
            "by_task": {task: dict(scores) for task, scores in scored.by_task.items()},
        },
        "captioners": {
            name: _captioner_gains(config, [t for t in finished if t.captioner == name], infos)
            for name in config.captioners
        },
    }


def most_frequent_caption(material: Material, arm: ArmConfig) -> str:
    """The caption that most pairs of an arm's sets have; the first of several such."""
    names = dict.fromkeys(name for phase in arm.phases for name in phase.sets)
    counts = Counter(
        caption
        for name in names
        for info in material.sets[name].infos
        for caption in dict.fromkeys(info.references)
    )
    return counts.most_common(1)[0][0]


def score_interval(
    scores: NDArray[np.float64],
    baseline: NDArray[np.float64] | None,
    *,
    resamples: int,
    seed: int = 0,
) -> dict[str, float]:
    """Mean score, or gain over a baseline, with its 95% bootstrap interval.

    A resample draws pairs with replacement, the same ones for both arms, and seeds with
    replacement for each arm apart. So the interval holds what another test set and other seeds
    would have changed.

    Args:
        scores: of each seed and test pair, shape (s, n).
        baseline: of the other arm's seeds and the same pairs, shape (t, n); None for zero.
        resamples: how many.
        seed: of the draws.

    Returns:
        mean, low, high.
    """
    rng = np.random.default_rng(seed)
    other = np.zeros((1, scores.shape[1])) if baseline is None else baseline
    means = np.concatenate(
        [
            _drawn_means(rng, scores, other, count)
            for count in _portions(resamples, max(1, _AT_ONCE // scores.shape[1]))
        ]
    )
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return {"mean": float(scores.mean() - other.mean()), "low": float(low), "high": float(high)}


def _drawn_means(
    rng: np.random.Generator,
    scores: NDArray[np.float64],
    other: NDArray[np.float64],
    count: int,
) -> NDArray[np.float64]:
    """Mean differences of `count` resamples, shape (count,)."""
    pairs = rng.integers(0, scores.shape[1], (count, scores.shape[1]))  # (count, n)
    difference = np.zeros(count)
    for sign, table in ((1, scores), (-1, other)):
        seeds = rng.integers(0, table.shape[0], (count, table.shape[0]))  # (count, s)
        by_seed = np.stack([row[pairs].mean(axis=1) for row in table], axis=1)  # (count, s)
        difference += sign * np.take_along_axis(by_seed, seeds, axis=1).mean(axis=1)
    return difference


def _portions(whole: int, most: int) -> Iterator[int]:
    for begin in range(0, whole, most):
        yield min(most, whole - begin)


def _captioner_gains(
    config: TrainEvalConfig, finished: Sequence[Finished], infos: Sequence[PairInfo]
) -> dict[str, Any]:
    """What one captioner got out of every arm of which a trial is done."""
    baseline = [trial for trial in finished if trial.arm == config.baseline]
    places: dict[str, list[int]] = {task: [] for task in sorted(_tasks(infos))}
    for place, info in enumerate(infos):
        if info.task:
            places[info.task].append(place)
    arms = {}
    for name, arm in config.arms.items():
        trials = [trial for trial in finished if trial.arm == name]
        if not trials:
            continue
        other = baseline if name != config.baseline else []
        arms[name] = {
            "trained_on": trained_on(arm),
            "training": [trial.metrics["training"] for trial in trials],
            "different_captions": [trial.metrics["different_captions"] for trial in trials],
            **_arm_gains(trials, other, config.bootstrap),
            "by_task": {
                task: _arm_gains(trials, other, config.bootstrap, task, of_task)
                for task, of_task in places.items()
            },
        }
    return {"arms": arms}


def _arm_gains(
    trials: Sequence[Finished],
    baseline: Sequence[Finished],
    resamples: int,
    task: str | None = None,
    places: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Scores over seeds, intervals and gains of an arm, on all pairs or on those of a task."""

    def corpus(trial: Finished) -> Mapping[str, float]:
        scores: Mapping[str, float] = (
            trial.metrics["scores"] if task is None else trial.metrics["by_task"][task]
        )
        return scores

    def table(group: Sequence[Finished], metric: str) -> NDArray[np.float64]:
        kind = "per_pair" if task is None else "per_pair_in_task"
        rows = np.array([trial.metrics[kind][metric] for trial in group], np.float64)
        return rows if places is None else rows[:, list(places)]

    paired = trials[0].metrics["per_pair"]
    return {
        "scores": {
            metric: _over_seeds({str(trial.seed): corpus(trial)[metric] for trial in trials})
            for metric in corpus(trials[0])
        },
        "interval": {
            metric: score_interval(table(trials, metric), None, resamples=resamples)
            for metric in paired
        },
        "gain": {
            metric: score_interval(
                table(trials, metric), table(baseline, metric), resamples=resamples
            )
            for metric in (paired if baseline else ())
        },
    }


def trained_on(arm: ArmConfig) -> str:
    """What an arm is trained on, in words: "syned, then real and syned"."""
    phases = [
        " and ".join(
            f"{name} x {phase.repeat[name]}" if name in phase.repeat else name
            for name in phase.sets
        )
        for phase in arm.phases
    ]
    return ", then ".join(phases) + (" (pictures blanked)" if arm.blank_images else "")


def _over_seeds(scores: Mapping[str, float]) -> dict[str, Any]:
    values = list(scores.values())
    return {
        "mean": statistics.fmean(values),
        "deviation": statistics.stdev(values) if len(values) > 1 else None,
        "seeds": dict(scores),
    }


def _tasks(infos: Sequence[PairInfo]) -> Counter[str]:
    return Counter(info.task for info in infos if info.task)
