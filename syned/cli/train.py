"""The training commands."""

from __future__ import annotations

from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from syned.cli.options import Overrides
from syned.errors import EngineError
from syned.resources import config_names, config_path

TrainingConfig = Annotated[
    str,
    typer.Argument(help=f"A YAML file, or one of {', '.join(config_names(training=True))}."),
]


def train_editor(config: TrainingConfig, overrides: Overrides = None) -> None:
    """Train an InstructPix2Pix."""
    file = _training_config(config)
    need_models("train-editor", "torch", "diffusers", "transformers")
    from syned.models.editors.load import quiet_libraries

    quiet_libraries()
    from syned.training import run_editor_training

    folder = run_editor_training(file, overrides or [], say)
    print(f"editor      {folder}")


def train_clip(
    config: TrainingConfig,
    check: Annotated[
        str | None,
        typer.Option(
            help="Train nothing; measure this CLIP on the validation split: a hub id, a folder, "
            "or bundled:shapes.",
            show_default=False,
        ),
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Train a CLIP for the filter, where the true edits are known."""
    file = _training_config(config)
    need_models("train-clip")
    from syned.models.editors.load import quiet_libraries

    quiet_libraries()
    from syned.training import run_clip_training

    folder = run_clip_training(file, overrides or [], say, check=check)
    print(f"clip        {folder}")


def _training_config(name: str) -> Path:
    return Path(name) if Path(name).suffix else config_path(name, training=True)


def need_models(command: str, *libraries: str, extra: str = "models") -> None:
    """Make sure that libraries are installed.

    Raises:
        EngineError: one is not; says which extra brings it.
    """
    missing = [name for name in libraries if not find_spec(name)]
    if missing:
        raise EngineError(
            f'`syned {command}` needs {" and ".join(missing)}: pip install "syned[{extra}]"'
        )


def say(text: str) -> None:
    """Print a line with the time."""
    print(f"{datetime.now():%H:%M:%S} {text}", flush=True)
