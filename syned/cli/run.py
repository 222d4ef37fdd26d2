"""`syned run`: all stages of a config, in order."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syned.cli.filter import select_edits
from syned.cli.generate import make_edits
from syned.cli.options import (
    EXIT_STOPPED,
    DataDir,
    Overrides,
    data_dir_of,
    overrides_of,
    settings_of,
)
from syned.cli.paraphrase import make_captions
from syned.cli.publish import make_dataset
from syned.cli.report import make_report
from syned.cli.train_eval import measure_gains
from syned.resources import config_names

if TYPE_CHECKING:
    from syned.config import RunConfig
    from syned.run.directory import Run


def run(
    config: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG",
            help="A YAML file, or the name of a config that comes with Syned: "
            f"{', '.join(config_names())}.",
        ),
    ],
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="NAME",
            help="Name of the run, which is also its folder. Without it: the name of the config.",
        ),
    ] = None,
    overrides: Overrides = None,
    data_dir: DataDir = None,
) -> None:
    """Take every step of a config in order, up to a report.

    Generates edits, rewords captions, filters, publishes, and trains captioning models to compare
    them; then writes report.html. A step other than the first and the last is taken only if the
    config has a section for it. What is finished is not done again, so that the same command goes
    on after a stop.

    Examples:
        syned run shapes
        syned run mine.yaml --run first_try --set generate.n=1000
    """
    changes = [*overrides_of({"name": run}), *(overrides or ())]
    named = Path(config).suffix == ""
    source, file = (config, None) if named else (None, Path(config))
    settings = settings_of(source, file, None, changes, data_dir)
    for name, take in _stages(settings, data_dir):
        print(f"\n--- {name}", flush=True)
        try:
            take()
        except (KeyboardInterrupt, typer.Exit):
            print(
                f"syned: `syned run` was stopped at {name}; the same command goes on with this "
                "step and takes those after it",
                file=sys.stderr,
            )
            raise typer.Exit(EXIT_STOPPED) from None


def _stages(settings: RunConfig, data_dir: Path | None) -> list[tuple[str, Callable[[], object]]]:
    """The stages to take, each with what takes it."""
    from syned.run.directory import open_run

    given = settings.model_fields_set

    def opened() -> Run:
        return open_run(settings.name, data_dir_of(data_dir))

    stages: list[tuple[str, Callable[[], object], bool]] = [
        ("generate", lambda: make_edits(settings, data_dir), True),
        (
            "paraphrase",
            lambda: make_captions(settings, data_dir, redo=False),
            "paraphrase" in given,
        ),
        ("filter", lambda: select_edits(settings, opened()), "filter" in given),
        ("publish", lambda: make_dataset(settings, data_dir, None), "publish" in given),
        ("train-eval", lambda: measure_gains(settings, data_dir), "train_eval" in given),
        ("report", lambda: make_report(opened()), True),
    ]
    return [(name, take) for name, take, wanted in stages if wanted]
