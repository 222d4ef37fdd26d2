"""Arms: which pairs a captioner is trained on, and for how many steps.

Every arm has the same number of optimizer steps, and its validation loss is measured equally often
on the same pairs, so that two arms differ in their data and in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from syned.captioning.data.leaks import refuse_leaks
from syned.captioning.data.pairs import PairInfo, PairSet, concatenated, content_hash
from syned.captioning.models.base import Phase
from syned.config import ArmConfig, PairSource, PhaseConfig, TrainEvalConfig, TrainingConfig
from syned.errors import ConfigError

LOOKS = 20
"""At the validation loss in a training, where the config does not say how often."""

_BLANK = Image.new("RGB", (64, 64), (128, 128, 128))


@dataclass(frozen=True)
class Material:
    """The pairs that an experiment needs, opened."""

    sets: Mapping[str, PairSet]
    """Name -> pairs to train on."""
    validation: PairSet
    test: PairSet

    def phases(self, arm: ArmConfig) -> list[Phase]:
        """What an arm is trained on, in order."""
        return [Phase(seen(self._mixed(phase), arm), phase.share) for phase in arm.phases]

    def _mixed(self, phase: PhaseConfig) -> PairSet:
        parts = [self.sets[name] for name in phase.sets for _ in range(phase.repeat.get(name, 1))]
        return parts[0] if len(parts) == 1 else concatenated(parts)


def open_material(config: TrainEvalConfig, open_pairs: Callable[[PairSource], PairSet]) -> Material:
    """Open what the arms of a config need.

    Args:
        config: names the sets.
        open_pairs: reads all about a set but its pictures.

    Raises:
        ConfigError: a set that an arm names, the validation set or the test set is missing.
        DataError: a set cannot be read, or a source image is in training and in the test.
    """
    _check_names(config)
    used = {name for arm in config.arms.values() for phase in arm.phases for name in phase.sets}
    if config.validation is None or config.test is None:
        missing = "validation" if config.validation is None else "test"
        raise ConfigError(
            f"train_eval.{missing} is missing; it must say where real pairs for {missing} are, "
            f"such as {{kind: spot_the_diff, path: FOLDER, split: {missing}}}"
        )
    return Material(
        sets={name: open_pairs(config.sets[name]) for name in config.sets if name in used},
        validation=open_pairs(config.validation),
        test=open_pairs(config.test),
    )


def check_leaks(material: Material) -> None:
    """Make sure that no source image is both learned from and asked about.

    Raises:
        DataError: one is; which, and in which sets.
    """
    held_out = {"test": material.test, "validation": material.validation}
    for name, pairs in material.sets.items():
        for other, held in held_out.items():
            refuse_leaks(pairs, held, where=f"sets.{name} and {other}")
    refuse_leaks(material.validation, material.test, where="validation and test")


def content_of(material: Material) -> dict[str, str]:
    """Hash of every set, by name; those to train on as "sets.NAME"."""
    hashes = {f"sets.{name}": content_hash(pairs) for name, pairs in material.sets.items()}
    return hashes | {
        "validation": content_hash(material.validation),
        "test": content_hash(material.test),
    }


def budget_of(training: TrainingConfig, arms: Mapping[str, list[Phase]]) -> TrainingConfig:
    """The same training for every arm: steps, and looks at the validation loss, fixed in number.

    Without `steps`, the largest arm gets its `epochs` and the others as many steps.
    """
    steps = training.steps
    if steps is None:
        largest = max(sum(len(p.pairs.infos) for p in phases) for phases in arms.values())
        a_step = training.batch_size * training.gradient_accumulation
        steps = max(1, round(training.epochs * largest / a_step))
    every = training.eval_every or max(1, steps // LOOKS)
    return training.model_copy(update={"steps": steps, "eval_every": every})


def seen(pairs: PairSet, arm: ArmConfig) -> PairSet:
    """The pairs as an arm sees them: with their pictures, or without."""
    return Blanked(pairs) if arm.blank_images else pairs


@dataclass(frozen=True)
class Blanked:
    """The same pairs, every picture gray and of one size: what words alone can tell."""

    pairs: PairSet

    @property
    def infos(self) -> tuple[PairInfo, ...]:
        return tuple(self.pairs.infos)

    def images(self, index: int) -> tuple[Image.Image, Image.Image]:
        return _BLANK, _BLANK


def _check_names(config: TrainEvalConfig) -> None:
    for arm_name, arm in config.arms.items():
        for name in (name for phase in arm.phases for name in phase.sets):
            if name in config.sets:
                continue
            known = f"has only {', '.join(config.sets)}" if config.sets else "is empty"
            way_on = "say there where its pairs are"
            if name == "syned":
                way_on = "publish the run with `syned publish`, or " + way_on
            raise ConfigError(
                f"arm {arm_name!r} is trained on the set {name!r}, but train_eval.sets {known}; "
                f"{way_on}"
            )


def with_own_dataset(options: TrainEvalConfig, dataset: Path) -> TrainEvalConfig:
    """The same settings, with a run's own dataset as the set `syned`, where none is given.

    Args:
        options: of `train_eval`.
        dataset: where the run's dataset is, if it is published. Of its splits, train is taken; the
            source of a run may have one of another name only.
    """
    splits = {path.name.partition("-")[0] for path in (dataset / "data").glob("*-*.parquet")}
    if "syned" in options.sets or not splits:
        return options
    split = "train" if "train" in splits else min(splits)
    own = PairSource(kind="published", path=str(dataset), split=split)
    return options.model_copy(update={"sets": {**options.sets, "syned": own}})
