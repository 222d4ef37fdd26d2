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
    command_again,
    data_dir_of,
    overrides_of,
    settings_of,
)
from syned.errors import ConfigError
from syned.libraries import TO_TRAIN_EVAL, need_libraries

if TYPE_CHECKING:
    from pathlib import Path

    from syned.config import RunConfig


def train_eval(
    source: SourceName = None,
    config: ConfigFile = None,
    run: RunName = None,
    arms: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Train only these arms of the config, for now. An arm is what a model is trained "
            "on. Without it: all of them.",
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="0,1",
            help="Train only with these seeds of the config, for now. Without it: with all of "
            "them.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="COUNT",
            help="Trainings at the same time, each in a process of its own. Without it: what the "
            "config says, else 1.",
        ),
    ] = None,
    overrides: Overrides = None,
    data_dir: DataDir = None,
) -> None:
    """Train captioning models with and without the dataset, and compare them.

    Reads the published dataset of a run and the real dataset that the config names; trains each
    captioning model on each arm with each seed, and scores what it says of test pairs. Writes
    train_eval/ in the run's folder, with the table of gains in gains.md. The same command again
    goes on.

    Examples:
        syned train-eval
        syned train-eval --source shapes_gains --seeds 0 --workers 2
    """
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
    need_libraries(TO_TRAIN_EVAL, what="`syned train-eval`", extra="models,idc")
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
            f"last checkpoint: `{command_again('train-eval', run)}`",
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
