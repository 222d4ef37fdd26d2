"""Files that come with Syned: configs, prompts, tested versions and the bundled models.

In a checkout they lie at the top level, where people read and change them. A wheel carries them
inside the package.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from syned.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent


def config_names(*, training: bool = False) -> list[str]:
    """Names of the configs that come with Syned, sorted: "shapes" for configs/shapes.yaml.

    Args:
        training: those of the training commands, "train_...", in place of those of runs.
    """
    names = sorted(path.stem for path in _place("configs").glob("*.yaml"))
    return [name for name in names if name.startswith("train_") == training]


def config_path(name: str, *, training: bool = False) -> Path:
    """The file of a config that comes with Syned.

    Args:
        name: as in `config_names`.
        training: whether a training command asks.

    Raises:
        ConfigError: there is none of this name.
    """
    names = config_names(training=training)
    if name not in names:
        raise ConfigError(f"{name!r} is no config that comes with Syned; {_choices(name, names)}")
    return _place("configs") / f"{name}.yaml"


def prompt_path(name: str) -> Path:
    """The file of a prompt that comes with Syned: "paraphrase_caption" for its .md.

    Raises:
        ConfigError: there is none of this name.
    """
    names = sorted(path.stem for path in _place("prompts").glob("*.md"))
    if name not in names:
        raise ConfigError(f"{name!r} is no prompt that comes with Syned; {_choices(name, names)}")
    return _place("prompts") / f"{name}.md"


def pinned_versions() -> dict[str, str]:
    """The versions that Syned is tested with, by package name as in constraints.txt."""
    lines = _place("constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {name.strip(): version.strip() for name, version in pins}


_MARKERS = {"editor": "model_index.json", "clip": "config.json"}
"""Kinds of models that come with Syned, and the file that each of them has."""


def bundled(kind: str, name: str) -> Path:
    """The folder of a model that comes with Syned: "shapes" for `bundled:shapes`.

    Args:
        kind: "editor", a diffusers pipeline, or "clip", a transformers CLIP.
        name: what it is called.

    Raises:
        ConfigError: there is none of this name.
    """
    names = sorted(
        path.parent.name.removesuffix(f"_{kind}")
        for path in _PACKAGE.glob(f"bundled/*_{kind}/{_MARKERS[kind]}")
    )
    if name not in names:
        raise ConfigError(f"bundled:{name} is no {kind} of this Syned; {_choices(name, names)}")
    return _PACKAGE / "bundled" / f"{name}_{kind}"


def _place(name: str) -> Path:
    packaged = _PACKAGE / "_resources" / name
    return packaged if packaged.exists() else _PACKAGE.parent / name


def _choices(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are {', '.join(names)}" if names else "there is none"
