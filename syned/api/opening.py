"""How Python code gets a run: start one by a config, or open one that exists."""

from __future__ import annotations

import os
from pathlib import Path

from syned.api.run import Run
from syned.config import RunConfig
from syned.config import load_config as load_config_file
from syned.errors import RunError
from syned.resources import config_path
from syned.run.directory import Run as Directory
from syned.run.directory import default_data_dir
from syned.run.directory import open_run as open_directory
from syned.settings import with_overrides


def start_run(
    config: str | Path | RunConfig, *overrides: str, data_dir: str | Path | None = None
) -> Run:
    """Start the run that a config names, or go on with it if it is there already.

    Nothing is written before the first stage is called. The stages of this run use the settings
    that are given here; those of `open_run` use the ones that the run was last made with.

    Args:
        config: the name of a config that comes with Syned, as in "shapes"; a YAML file; or what
            `load_config` returned.
        overrides: settings to change, as in "generate.n=64"; "name=mine" gives the run a name.
        data_dir: the folder in which all runs are; None for $SYNED_DATA, or ./data if that is not
            set.

    Raises:
        ConfigError: there is no such config, or a setting is wrong; all mistakes are listed.
        RunError: the folder of the run holds something else.
    """
    if not isinstance(config, RunConfig):
        config = load_config(config, *overrides)
    elif overrides:
        config = with_overrides(config, overrides, config.name)
    return Run(Directory.create_or_open(config, data_dir=_data_dir(data_dir)), config)


def open_run(run: str | Path | None = None, *, data_dir: str | Path | None = None) -> Run:
    """Open a run that exists, also one that is being made.

    Args:
        run: its name, as in "shapes", or its folder, as in "data/shapes"; None for the run that
            was used last.
        data_dir: the folder in which all runs are, for a name; None for $SYNED_DATA, or ./data if
            that is not set.

    Raises:
        RunError: there is no such run, or it was written by a newer Syned.
    """
    if isinstance(run, Path) or (run is not None and os.sep in run):
        path = Path(run).expanduser().resolve()
        return Run(open_directory(path.name, path.parent))
    if run == "":
        raise RunError("the name of the run is empty; give a name, a folder, or nothing")
    return Run(open_directory(run, _data_dir(data_dir)))


def load_config(config: str | Path, *overrides: str) -> RunConfig:
    """Read the settings of a run, to look at them or to give them to `start_run`.

    Args:
        config: the name of a config that comes with Syned, as in "shapes", or a YAML file.
        overrides: settings to change, as in "generate.n=64"; docs/settings.md lists all of them.

    Raises:
        ConfigError: there is no such config, or a setting is wrong; all mistakes are listed.
    """
    named = isinstance(config, str) and not Path(config).suffix
    path = config_path(str(config)) if named else Path(config).expanduser()
    return load_config_file(path, overrides)


def _data_dir(given: str | Path | None) -> Path:
    return default_data_dir() if given is None else Path(given).expanduser()
