"""Options that many commands have, and how they become settings."""

from __future__ import annotations

import json
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
    str | None, typer.Option(help=f"Use a config by name: {', '.join(config_names())}.")
]
ConfigFile = Annotated[Path | None, typer.Option(help="Use a config file of your own.")]
RunName = Annotated[
    str | None, typer.Option("--run", help="Name of the run; without it, the one used last.")
]
DataDir = Annotated[
    Path | None, typer.Option(help="Where runs lie; without it, $SYNED_DATA or ./data.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=C", help="Change a setting: generate.steps=50. Repeatable."),
]


def overrides_of(flags: Mapping[str, object]) -> list[str]:
    """Flags that were given, as overrides."""
    given = {name: value for name, value in flags.items() if value is not None}
    return [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in given.items()]


def data_dir_of(given: Path | None) -> Path:
    """Where runs lie, as said or by default."""
    from syned.run.directory import default_data_dir

    return given or default_data_dir()


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

    if source is not None and file is not None:
        raise ConfigError("--source and --config both name a config; give one of them")
    if source is not None:
        file = config_path(source)
    if file is not None:
        return load_config(file, overrides)
    stored = open_run(run, data_dir_of(data_dir))
    once = [
        f"name={json.dumps(stored.name)}",  # a copied or renamed run is called as its folder is
        # asked for by a command, not by the run
        "generate.retry_failed=false",
        "paraphrase.serve=false",
        "paraphrase.url=null",
        "publish.unfiltered=false",
        "publish.true_images=false",
        "publish.push_to_hub=null",
    ]
    return _stored_settings(stored, [*once, *overrides])


def _stored_settings(run: Run, overrides: list[str]) -> RunConfig:
    """The settings that a run was last used with, changed by the overrides."""
    from syned.config import RunConfig
    from syned.run.directory import SETTINGS_FILE
    from syned.settings import load_settings

    run.settings()  # says what is wrong with a damaged file
    return load_settings(RunConfig, run.path / SETTINGS_FILE, overrides, section="config")
