"""`syned train-eval`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from syned.cli.options import (
    EXIT_STOPPED,
    ConfigFile,
    DataDir,
    Overrides,
    RunName,
    SourceName,
    data_dir_of,
    overrides_of,
    settings_of,
)
from syned.cli.train import need_models
from syned.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from syned.config import RunConfig


def train_eval(
    source: SourceName = None,
    config: ConfigFile = None,
    run: RunName = None,
    arms: Annotated[
        str | None, typer.Option(metavar="A,B", help="Train these arms only, for now.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(metavar="0,1", help="Train with these seeds only, for now.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Trainings at a time.")] = None,
    overrides: Overrides = None,
    data_dir: DataDir = None,
) -> None:
    """Train captioners with and without the data, and say what it gained."""
    flags = {
        "name": run if source or config else None,
        "train_eval.workers": workers,
    }
    changes = [*overrides_of(flags), *(overrides or ())]
    settings = settings_of(source, config, run, changes, data_dir)
    measure_gains(settings, data_dir, _names(arms), _numbers(seeds))


def measure_gains(
    settings: RunConfig,
    data_dir: Path | None,
    arms: list[str] | None = None,
    seeds: list[int] | None = None,
) -> None:
    """Train, evaluate, and say what came of it."""
    libraries = ("torch", "transformers", "peft", "matplotlib", "pycocoevalcap")
    need_models("train-eval", *libraries, extra="models,idc")
    from syned import pipeline
    from syned.captioning.gains.gains_md import summary_lines
    from syned.progress import show_progress
    from syned.run.directory import Run

    run = Run.create_or_open(settings, data_dir=data_dir_of(data_dir))
    try:
        with show_progress("trainings", sys.stderr) as shown:
            gains = pipeline.train_eval(settings, run, shown, arms=arms, seeds=seeds)
    except KeyboardInterrupt:
        print(
            "syned: stopped; finished trainings are kept, and the one in hand goes on from its "
            f"last checkpoint: `syned train-eval --run {run.name}`",
            file=sys.stderr,
        )
        raise typer.Exit(EXIT_STOPPED) from None
    print(f"run      {run.path}")
    print("\n".join(summary_lines(gains)))
    print(f"report   {run.path / 'train_eval' / 'gains.md'}")


def _names(given: str | None) -> list[str] | None:
    return None if given is None else [name.strip() for name in given.split(",") if name.strip()]


def _numbers(given: str | None) -> list[int] | None:
    try:
        return None if given is None else [int(number) for number in given.split(",")]
    except ValueError:
        raise ConfigError(f"--seeds is {given!r}; whole numbers with commas are expected") from None
