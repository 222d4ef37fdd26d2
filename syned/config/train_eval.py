"""What a run may be told of measuring what its data is worth."""

from __future__ import annotations

import re
from collections.abc import Sized
from typing import Any, TypeVar

from pydantic import Field, ValidationInfo, field_validator, model_validator

from syned.config.captioner import Blip2idcConfig, CaptionerConfig, TrainingConfig, TwoStreamConfig
from syned.config.pair_source import PairSource
from syned.settings import Settings

S = TypeVar("S", bound=Sized)

_FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,98}")


class PhaseConfig(Settings):
    """A part of an arm's training. It may also be written as the list of its sets."""

    sets: tuple[str, ...]
    """The names of the sets whose pairs are mixed in this phase."""
    share: float = Field(default=1.0, gt=0)
    """How large a part of the arm's optimizer steps this phase gets, relative to the shares of the
    arm's other phases."""
    repeat: dict[str, int] = Field(default={})
    """How many times each pair of a set counts in this phase, as the name of the set and a number.
    Sets that are not named count once."""

    @model_validator(mode="before")
    @classmethod
    def _from_names(cls, value: Any) -> Any:
        return {"sets": value} if isinstance(value, list | tuple) else value

    @field_validator("sets")
    @classmethod
    def _has_sets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _not_empty(value)

    @field_validator("repeat")
    @classmethod
    def _repeats_its_sets(cls, value: dict[str, int], info: ValidationInfo) -> dict[str, int]:
        for name, times in value.items():
            if name not in info.data.get("sets", ()):
                raise ValueError(f"names {name!r}, which is no set of this phase")
            if times < 1:
                raise ValueError(f"of {name!r} is {times}; at least 1 is needed")
        return value


class ArmConfig(Settings):
    """What a captioner is trained on. It may also be written as the list of its phases."""

    phases: tuple[PhaseConfig, ...]
    """The phases of the training, one after the other. Each goes on from the weights of the one
    before. A phase may be written as the list of its sets, and an arm as the list of its phases."""
    blank_images: bool = Field(default=False, strict=True)
    """Whether every image is replaced by a gray one, in training and in the test. It shows what a
    captioner can guess without looking."""

    @model_validator(mode="before")
    @classmethod
    def _from_phases(cls, value: Any) -> Any:
        return {"phases": value} if isinstance(value, list | tuple) else value

    @field_validator("phases")
    @classmethod
    def _has_phases(cls, value: tuple[PhaseConfig, ...]) -> tuple[PhaseConfig, ...]:
        return _not_empty(value)


class ContestantConfig(Settings):
    """A captioner, and how it is trained."""

    model: CaptionerConfig
    """Which captioner it is, and its sizes."""
    training: TrainingConfig = TrainingConfig()
    """How it is trained. Its `steps` are the same for every arm."""
    arms: tuple[str, ...] | None = None
    """The names of the arms that it is trained on, with the baseline among them. None trains it on
    all arms."""
    seeds: tuple[int, ...] | None = None
    """The seeds that it is trained with. None takes `train_eval.seeds`."""

    @field_validator("seeds")
    @classmethod
    def _differ(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        return None if value is None else _checked_seeds(value)


def _default_arms() -> dict[str, ArmConfig]:
    return {
        "real": ArmConfig(phases=(PhaseConfig(sets=("real",)),)),
        "real+syned": ArmConfig(phases=(PhaseConfig(sets=("real", "syned")),)),
        "syned_then_real": ArmConfig(
            phases=(PhaseConfig(sets=("syned",)), PhaseConfig(sets=("real",)))
        ),
        "no_images": ArmConfig(phases=(PhaseConfig(sets=("real", "syned")),), blank_images=True),
    }


def _default_captioners() -> dict[str, ContestantConfig]:
    return {
        "blip2idc": ContestantConfig(model=Blip2idcConfig()),
        "two_stream": ContestantConfig(model=TwoStreamConfig()),
    }


class TrainEvalConfig(Settings):
    """Which captioners to train on what, and how to compare them."""

    sets: dict[str, PairSource] = Field(default={})
    """Sets of pairs to train on, by name. The name `syned` stands for the run's own dataset unless
    a set of this name is given."""
    validation: PairSource | None = None
    """Real pairs on which the validation loss is measured, which decides when training stops and
    which weights are kept. `syned train-eval` needs it."""
    test: PairSource | None = None
    """Real pairs on which every captioner is scored once, at the end. `syned train-eval` needs
    it."""
    arms: dict[str, ArmConfig] = Field(default_factory=_default_arms)
    """What captioners are trained on, by name. The default arms train on the sets `real` and
    `syned`: on real pairs only, on both mixed, on synthetic pairs and then on real ones, and on
    both without their images."""
    baseline: str = Field(default="real", validate_default=True)
    """The name of the arm from which gains are counted."""
    captioners: dict[str, ContestantConfig] = Field(default_factory=_default_captioners)
    """The captioners to train, by name."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Every captioner is trained on every arm once with each of these seeds. Fewer than three say
    little about how much scores vary."""
    workers: int = Field(default=1, ge=1, strict=True)
    """The number of trainings that run at the same time, each in a process of its own if there are
    several."""
    bootstrap: int = Field(default=1000, ge=100, strict=True)
    """The number of resamples of the test pairs from which an interval is computed."""
    examples: int = Field(default=12, ge=0, strict=True)
    """The number of test pairs that the report shows, with what every arm said of them."""

    @field_validator("arms", "captioners")
    @classmethod
    def _are_folder_names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not _FOLDER_NAME.fullmatch(name):
                raise ValueError(
                    f"has {name!r}; a folder name of letters, digits, '.', '_', '+' and '-' is "
                    "expected"
                )
        return _not_empty(value)

    @field_validator("baseline")
    @classmethod
    def _is_an_arm(cls, value: str, info: ValidationInfo) -> str:
        arms = info.data.get("arms")
        if arms is not None and value not in arms:
            raise ValueError(f"is {value!r}, which is no arm; there are {', '.join(arms)}")
        return value

    @field_validator("captioners")
    @classmethod
    def _arms_are_there(
        cls, value: dict[str, ContestantConfig], info: ValidationInfo
    ) -> dict[str, ContestantConfig]:
        arms, baseline = info.data.get("arms"), info.data.get("baseline")
        for name, contestant in value.items():
            if arms is None or baseline is None or contestant.arms is None:
                continue
            if unknown := [arm for arm in contestant.arms if arm not in arms]:
                there = ", ".join(arms)
                raise ValueError(
                    f"names {', '.join(unknown)} for {name!r}, which is no arm; there are {there}"
                )
            if baseline not in contestant.arms:
                raise ValueError(f"trains {name!r} without the baseline, {baseline!r}")
        return value

    @field_validator("seeds")
    @classmethod
    def _differ(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        return _checked_seeds(value)

    def arms_of(self, captioner: str) -> dict[str, ArmConfig]:
        """The arms that a captioner is trained on, by name."""
        chosen = self.captioners[captioner].arms
        return {name: arm for name, arm in self.arms.items() if chosen is None or name in chosen}

    def seeds_of(self, captioner: str) -> tuple[int, ...]:
        """The seeds that a captioner is trained with on every arm."""
        return self.captioners[captioner].seeds or self.seeds


def _checked_seeds(value: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(value)) < len(value):
        raise ValueError(f"is {list(value)}; each seed once")
    return _not_empty(value)


def _not_empty(value: S) -> S:
    if not value:
        raise ValueError("is empty; at least one is needed")
    return value
