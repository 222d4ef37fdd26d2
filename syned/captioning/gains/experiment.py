"""Run an experiment: train every captioner on every arm with every seed, then report gains."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syned.captioning.data.arms import Material, budget_of, check_leaks, content_of, open_material
from syned.captioning.data.pairs import notes_of
from syned.captioning.gains.bench import Bench
from syned.captioning.gains.examples import write_examples
from syned.captioning.gains.gains import Finished, find_gains
from syned.captioning.gains.gains_md import gains_text
from syned.captioning.gains.kit import Kit
from syned.captioning.gains.plot import draw_gains
from syned.captioning.gains.trials import Scorer, Trial, kept_predictions, metrics_of, score_trial
from syned.captioning.gains.workers import run_in_processes
from syned.config import ArmConfig, TrainEvalConfig
from syned.errors import ConfigError
from syned.models.checkpoints import hash_where_local
from syned.progress import Progress
from syned.run.atomic import write_atomically


@dataclass(frozen=True)
class Choice:
    """Which trials to do now; the others are reported if they are done already."""

    arms: Collection[str] | None = None
    seeds: Collection[int] | None = None


def open_experiment(
    config: TrainEvalConfig, kit: Kit, progress: Progress, choice: Choice = Choice()
) -> Material:
    """Open the pairs of an experiment and check that it can be done; writes nothing.

    Args:
        config: as for `run_experiment`, and so are the others.
        kit: what opens pairs.
        progress: hears what was opened.
        choice: which trials are wanted.

    Raises:
        ConfigError: a set is missing, or an arm that is asked for.
        DataError: a set cannot be read, or a source image is in training and in the test.
    """
    _check_choice(config, choice)
    material = open_material(config, kit.open_pairs)
    for line in _described(material):
        progress.say(line)
    check_leaks(material)
    return material


def run_experiment(
    config: TrainEvalConfig,
    folder: Path,
    kit: Kit,
    progress: Progress,
    choice: Choice = Choice(),
    material: Material | None = None,
) -> dict[str, Any]:
    """Do the trials that are not done, and say what the data gained.

    Args:
        config: what to train on what, and how to compare it.
        folder: where everything goes; a second call goes on there.
        kit: what opens pairs, trains and scores.
        progress: hears of every trial.
        choice: which trials to do now.
        material: what `open_experiment` has opened for the same config; None opens it here.

    Returns:
        What gains.json holds.

    Raises:
        ConfigError: a set is missing, or an arm that is asked for.
        DataError: a set cannot be read, or a source image is in training and in the test.
        EngineError: a captioner cannot be trained or used.
    """
    material = material or open_experiment(config, kit, progress, choice)
    content = content_of(material)
    trials = list(plan_trials(config, material, content, folder))
    work = _Work(config, folder, kit, material, content["test"], progress)
    with kit.open_scorer() as scorer:
        work.do([trial for trial in trials if _chosen(trial, choice)], scorer)
        return work.report(trials, scorer)


@dataclass(frozen=True)
class _Work:
    """An experiment in hand: what all its trials share."""

    config: TrainEvalConfig
    folder: Path
    kit: Kit
    material: Material
    test_content: str
    progress: Progress

    def do(self, trials: Sequence[Trial], scorer: Scorer) -> None:
        """Run and score the trials that are not done."""
        left = [t for t in trials if metrics_of(t, self.test_content, scorer.name) is None]
        self.progress.started(len(trials))
        self.progress.shard_skipped(len(trials) - len(left))
        for trial, seconds in self._run(left):
            score_trial(trial, self.material.test.infos, self.test_content, scorer)
            self.progress.batch_done(1, 0, seconds)

    def _run(self, trials: Sequence[Trial]) -> Iterator[tuple[Trial, float]]:
        """Run trials, here or in other processes; each with the seconds that it took."""
        said = [trial for trial in trials if kept_predictions(trial, self.test_content) is not None]
        yield from ((trial, 0.0) for trial in said)
        left = [trial for trial in trials if trial not in said]
        if self.config.workers > 1 and len(left) > 1:
            yield from run_in_processes(
                self.config, self.folder, self.kit, left, self.test_content, self.progress
            )
        elif left:
            bench = Bench(self.config, self.folder, self.kit, self.material)
            for trial in left:
                begin = time.monotonic()
                bench.run(trial, self.test_content, self.progress.say)
                yield trial, time.monotonic() - begin

    def report(self, trials: Sequence[Trial], scorer: Scorer) -> dict[str, Any]:
        """Write gains.json, gains.md and gains.png of all trials that are done."""
        finished = [
            Finished(trial.captioner, trial.arm, trial.seed, metrics, predictions)
            for trial in trials
            if (metrics := metrics_of(trial, self.test_content, scorer.name)) is not None
            and (predictions := kept_predictions(trial, self.test_content)) is not None
        ]
        gains = find_gains(self.config, finished, self.material, scorer)
        gains["examples"] = write_examples(
            finished, self.material.test, self.config.examples, self.folder
        )
        text = json.dumps(gains, indent=1) + "\n"
        write_atomically(self.folder / "gains.json", text.encode())
        write_atomically(self.folder / "gains.md", gains_text(gains).encode())
        draw_gains(gains, self.folder / "gains.png")
        return gains


def plan_trials(
    config: TrainEvalConfig, material: Material, content: Mapping[str, str], folder: Path
) -> Iterator[Trial]:
    """Every trial of an experiment, seed after seed, so that an early stop leaves whole rounds."""
    phases = {name: material.phases(arm) for name, arm in config.arms.items()}
    budgets = {
        name: budget_of(contestant.training, phases)
        for name, contestant in config.captioners.items()
    }
    checkpoints = {
        name: hash_where_local(contestant.model.starts_from)
        for name, contestant in config.captioners.items()
    }
    for seed in all_seeds(config):
        for captioner, contestant in config.captioners.items():
            if seed not in config.seeds_of(captioner):
                continue
            for name, arm in config.arms_of(captioner).items():
                yield Trial(
                    captioner=captioner,
                    arm=name,
                    seed=seed,
                    folder=folder / captioner / name / f"seed-{seed}",
                    model=contestant.model,
                    training=budgets[captioner],
                    data=_data_of(arm, content),
                    checkpoint=checkpoints[captioner],
                )


def all_seeds(config: TrainEvalConfig) -> list[int]:
    """Every seed that some captioner is trained with."""
    return list(dict.fromkeys(seed for name in config.captioners for seed in config.seeds_of(name)))


def _data_of(arm: ArmConfig, content: Mapping[str, str]) -> dict[str, object]:
    """What an arm is trained on, by what the sets hold: names may change."""
    data: dict[str, object] = {"validation": content["validation"]}
    if arm.blank_images:
        data["blank_images"] = True
    for number, phase in enumerate(arm.phases):
        held = [f"{content[f'sets.{name}']} x {phase.repeat.get(name, 1)}" for name in phase.sets]
        data[f"phase_{number}"] = {"share": phase.share, "sets": held}
    return data


def _check_choice(config: TrainEvalConfig, choice: Choice) -> None:
    for what, wanted, there in (
        ("arms", choice.arms, config.arms),
        ("seeds", choice.seeds, all_seeds(config)),
    ):
        unknown = [str(name) for name in wanted or () if name not in there]
        if unknown:
            raise ConfigError(
                f"{', '.join(unknown)}: not among train_eval.{what}; there are "
                f"{', '.join(map(str, there))}"
            )


def _chosen(trial: Trial, choice: Choice) -> bool:
    return (choice.arms is None or trial.arm in choice.arms) and (
        choice.seeds is None or trial.seed in choice.seeds
    )


def _described(material: Material) -> Iterator[str]:
    sets = {**material.sets, "validation": material.validation, "test": material.test}
    for name, pairs in sets.items():
        captions = sum(len(info.references) for info in pairs.infos)
        yield f"{name}: {len(pairs.infos):,} pairs, {captions:,} captions"
        yield from (f"{name}: {note}" for note in notes_of(pairs))
