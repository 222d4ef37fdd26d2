"""Options that many commands have, and how they become settings."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syned.errors import ConfigError
from syned.resources import config_names, config_path

if TYPE_CHECKING:
    from syned.config import RunConfig
    from syned.run.directory import Run

EXIT_MISTAKE, EXIT_STOPPED = 2, 130

SourceName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=f"Take the settings from a config that comes with Syned: {', '.join(config_names())}.",
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Take the settings from a YAML file of your own."),
]
RunName = Annotated[
    str | None,
    typer.Option(
        "--run",
        metavar="NAME",
        help="Name of the run, which is also its folder. Without it: the name of the config, or "
        "without --source and --config the run that was used last.",
    ),
]
ExistingRun = Annotated[
    str | None,
    typer.Option(
        "--run", metavar="NAME", help="Name of the run. Without it: the run that was used last."
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Folder in which all runs lie. Without it: $SYNED_DATA, or ./data if that is not set.",
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="A.B=C",
        help="Change one setting, such as generate.steps=50. It can be given several times.",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Where the model computes: auto, cpu, cuda, cuda:N or mps. Without it: what the "
        "config says, else auto, which takes a GPU if there is one.",
    ),
]


def overrides_of(flags: Mapping[str, object]) -> list[str]:
    """Flags that were given, as overrides."""
    given = {name: value for name, value in flags.items() if value is not None}
    return [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in given.items()]


def data_dir_of(given: Path | None) -> Path:
    """Where runs lie, as said or by default."""
    from syned.run.directory import default_data_dir

    return given or default_data_dir()


def command_again(command: str, run: Run) -> str:
    """The command that goes on with a run, for a person to copy."""
    from syned.run.directory import default_data_dir

    words = ["syned", command, "--run", run.name]
    if run.path.parent != default_data_dir():
        words += ["--data-dir", str(run.path.parent)]
    return shlex.join(words)


def settings_of(
    source: str | None,
    file: Path | None,
    run: str | None,
    overrides: list[str],
    data_dir: Path | None,
) -> RunConfig:
    """The settings to use: a config's, or those of an earlier run."""
    from syned.config import load_config
    from syned.run.directory import open_run
    from syned.run.stored_settings import stored_settings

    if source is not None and file is not None:
        raise ConfigError("--source and --config both name a config; give one of them")
    if source is not None:
        file = config_path(source)
    if file is not None:
        return load_config(file, overrides)
    return stored_settings(open_run(run, data_dir_of(data_dir)), overrides)
