"""What a run may be told of measuring what its data is worth."""

from __future__ import annotations

import re
from collections.abc import Sized
from typing import Any, TypeVar

from pydantic import Field, ValidationInfo, field_validator, model_validator

from syned.config.captioner import Blip2idcConfig, CaptionerConfig, TrainingConfig, TwoStreamConfig
from syned.config.pairs import PairSource
from syned.settings import Settings

S = TypeVar("S", bound=Sized)

_FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,98}")


class PhaseConfig(Settings):
    """A stretch of an arm's training; also written as the list of its sets."""

    sets: tuple[str, ...]
    """Names of sets; their pairs are mixed."""
    share: float = Field(default=1.0, gt=0)
    """Of the arm's optimizer steps, in proportion to the shares of its other phases."""
    repeat: dict[str, int] = Field(default={})
    """Name of a set -> how often each of its pairs counts; 1 for those not named."""

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
    """What a captioner is trained on; also written as the list of its phases."""

    phases: tuple[PhaseConfig, ...]
    """One after the other, each going on from the weights of the one before."""
    blank_images: bool = Field(default=False, strict=True)
    """Whether every picture is replaced by a gray one, in training and in the test."""

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
    training: TrainingConfig = TrainingConfig()
    """`steps` is the budget: the same for every arm."""
    arms: tuple[str, ...] | None = None
    """Those that it is trained on, the baseline among them; None for all."""
    seeds: tuple[int, ...] | None = None
    """Its own; None for those of the experiment."""

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
    """Name -> pairs to train on; `syned` is the run's own dataset unless it is given here."""
    validation: PairSource | None = None
    """Real pairs that say when to stop."""
    test: PairSource | None = None
    """Real pairs that every captioner is scored on, once, at the end."""
    arms: dict[str, ArmConfig] = Field(default_factory=_default_arms)
    """Name -> what a captioner is trained on."""
    baseline: str = Field(default="real", validate_default=True)
    """The arm that gains are counted from."""
    captioners: dict[str, ContestantConfig] = Field(default_factory=_default_captioners)
    """Name -> a captioner that is trained on every arm, or on those that it names."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Every arm is trained once with each; fewer than three say little about the spread."""
    workers: int = Field(default=1, ge=1, strict=True)
    """Trainings at a time, each in a process of its own where there are several."""
    bootstrap: int = Field(default=1000, ge=100, strict=True)
    """Resamples of the test pairs for an interval."""
    examples: int = Field(default=12, ge=0, strict=True)
    """Test pairs to show with what every arm said."""

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
