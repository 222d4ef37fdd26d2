"""The settings that a run was last used with, as the next call takes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import reduce

from syned.config import RunConfig
from syned.run.directory import SETTINGS_FILE, Run
from syned.settings import load_settings

ONCE = (
    "generate.retry_failed",
    "paraphrase.serve",
    "paraphrase.url",
    "publish.unfiltered",
    "publish.true_images",
    "publish.push_to_hub",
    "publish.private",
)
"""Settings that one call asks for, and not the run: the next call begins with their defaults."""


def stored_settings(run: Run, overrides: Sequence[str] = ()) -> RunConfig:
    """The settings that a run was last used with, changed by overrides.

    A copied or renamed run is called as its folder is.

    Args:
        run: one that exists.
        overrides: "generate.steps=5"; values are read as YAML, those of text settings as they are.

    Raises:
        ConfigError: an override cannot be used; every mistake is listed.
        RunError: run.yaml is damaged, or a newer Syned has written it.
    """
    run.settings()  # says what is wrong with a damaged file
    values = {"name": run.name} | {name: _default(name) for name in ONCE}
    first = [f"{name}={json.dumps(value)}" for name, value in values.items()]
    path = run.path / SETTINGS_FILE
    return load_settings(RunConfig, path, [*first, *overrides], section="config")


def _default(dotted: str) -> object:
    return reduce(getattr, dotted.split("."), RunConfig(name="any"))
