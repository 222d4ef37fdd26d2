"""Compute the scores of every arm over its seeds, and its gains over the baseline arm."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from syned.captioning.data.arms import Material
from syned.captioning.gains.trials import Scorer
from syned.captioning.metrics.bootstrap import paired_interval
from syned.captioning.metrics.metrics import SetScores, most_frequent_caption
from syned.config import ArmConfig, TrainEvalConfig

MAIN = "CIDEr"
"""The metric that tasks are compared in, and that is drawn."""


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
    constant = _constant_caption(material, config.arms[config.baseline])
    scores = scorer.score(infos, [constant] * len(infos))
    return {
        "metrics": list(scores.all.whole),
        "scorer": scorer.name,
        "comparable": scorer.comparable,
        "baseline": config.baseline,
        "bootstrap": config.bootstrap,
        "validation": {"pairs": len(material.validation.infos)},
        "test": {
            "pairs": len(infos),
            "tasks": dict(sorted(Counter(info.task for info in infos if info.task).items())),
        },
        "missing": list(_missing(config, finished)),
        "constant": {
            "caption": constant,
            "scores": dict(scores.all.whole),
            "by_task": {task: dict(of.whole) for task, of in scores.by_task.items()},
        },
        "captioners": {
            name: {
                "seeds": list(config.seeds_of(name)),
                "arms": _arms(config, [t for t in finished if t.captioner == name]),
            }
            for name in config.captioners
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
    return ", then ".join(phases) + (" (images replaced by gray)" if arm.blank_images else "")


def _constant_caption(material: Material, arm: ArmConfig) -> str:
    names = dict.fromkeys(name for phase in arm.phases for name in phase.sets)
    return most_frequent_caption(info for name in names for info in material.sets[name].infos)


def _missing(config: TrainEvalConfig, finished: Sequence[Finished]) -> Iterator[str]:
    done = {(trial.captioner, trial.arm, trial.seed) for trial in finished}
    for captioner in config.captioners:
        for arm in config.arms_of(captioner):
            for seed in config.seeds_of(captioner):
                if (captioner, arm, seed) not in done:
                    yield f"{captioner}, {arm}, seed {seed}"


def _arms(config: TrainEvalConfig, finished: Sequence[Finished]) -> dict[str, Any]:
    """What one captioner got out of every arm of which a trial is done."""
    by_arm = {
        arm: [trial for trial in finished if trial.arm == arm]
        for arm in config.arms
        if any(trial.arm == arm for trial in finished)
    }
    arms = {}
    for name, trials in by_arm.items():
        others = by_arm.get(config.baseline, []) if name != config.baseline else []
        arms[name] = {
            "trained_on": trained_on(config.arms[name]),
            "training": [trial.metrics["training"] for trial in trials],
            "different_captions": [trial.metrics["different_captions"] for trial in trials],
            **_gains(_of_all(trials), _of_all(others), config.bootstrap, every_metric=True),
            "interval": _interval(_of_all(trials), config.bootstrap),
            "by_task": {
                task: _gains(_of_task(trials, task), _of_task(others, task), config.bootstrap)
                for task in trials[0].metrics["scores"]["by_task"]
            },
        }
    return arms


def _gains(
    scores: Mapping[int, SetScores],
    baseline: Mapping[int, SetScores],
    resamples: int,
    *,
    every_metric: bool = False,
) -> dict[str, Any]:
    """Scores over seeds, and gains with their intervals.

    Args:
        scores: of an arm, by seed.
        baseline: of the arm that gains are counted from; empty for that one itself.
        resamples: for each interval.
        every_metric: whether the gain is wanted in all metrics, or in the main one only.
    """
    ours, theirs = list(scores.values()), list(baseline.values())
    metrics = list(ours[0].whole)
    gained = metrics if every_metric else [MAIN]
    return {
        "scores": {
            metric: _over_seeds({str(seed): of.whole[metric] for seed, of in scores.items()})
            for metric in metrics
        },
        "gain": {
            metric: asdict(paired_interval(ours, theirs, metric, resamples=resamples))
            for metric in (gained if theirs else ())
        },
    }


def _interval(scores: Mapping[int, SetScores], resamples: int) -> dict[str, float]:
    """Of an arm's own score in the main metric: its difference to zero."""
    ours = list(scores.values())
    pairs = len(ours[0].bleu_counts)
    zero = SetScores({}, {MAIN: [0.0] * pairs}, [[0] * 10] * pairs)
    found = paired_interval(ours, [zero], MAIN, resamples=resamples)
    return {"low": found.low, "high": found.high}


def _of_all(trials: Sequence[Finished]) -> dict[int, SetScores]:
    """Scores on all test pairs, by seed."""
    return {trial.seed: SetScores(**trial.metrics["scores"]["all"]) for trial in trials}


def _of_task(trials: Sequence[Finished], task: str) -> dict[int, SetScores]:
    """Scores on the pairs of a task as a set of its own, by seed."""
    return {trial.seed: SetScores(**trial.metrics["scores"]["by_task"][task]) for trial in trials}


def _over_seeds(scores: Mapping[str, float]) -> dict[str, Any]:
    values = list(scores.values())
    return {
        "mean": statistics.fmean(values),
        "deviation": statistics.stdev(values) if len(values) > 1 else None,
        "seeds": dict(scores),
    }
