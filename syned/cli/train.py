"""The training commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from syned.cli.options import EXIT_STOPPED, Overrides
from syned.libraries import TO_TRAIN_MODELS, need_libraries
from syned.resources import config_names, config_path


def _config_argument(what: str) -> Any:
    """The argument of a command that trains an "editor" or a "clip"."""
    names = [name for name in config_names(training=True) if name.endswith(f"_{what}")]
    return typer.Argument(
        metavar="CONFIG",
        help=f"A YAML file, or the name of a config that comes with Syned: {', '.join(names)}.",
    )


def train_editor(
    config: Annotated[str, _config_argument("editor")], overrides: Overrides = None
) -> None:
    """Train an InstructPix2Pix image editor.

    Reads triples of source image, instruction and edited image from the source that the config
    names; writes a diffusers folder that `syned generate --editor` takes. The same command again
    goes on from the last checkpoint.

    Examples:
        syned train-editor train_shapes_editor
        syned train-editor mine.yaml --set steps=20000 --set output=outputs/mine
    """
    file, changes = _training_config(config), overrides or []
    from syned.config.training import EditorTraining
    from syned.settings import load_settings

    load_settings(EditorTraining, file, changes)  # a mistake is told before torch is loaded
    need_libraries(TO_TRAIN_MODELS, what="`syned train-editor`", extra="models")
    from syned.models.devices import quiet_libraries

    quiet_libraries()
    from syned.training import run_editor_training

    with stops_well():
        folder = run_editor_training(file, changes, say)
    print(f"editor      {folder}")


def train_clip(
    config: Annotated[str, _config_argument("clip")],
    check: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Train nothing, and print how well this CLIP does on the validation split: a hub "
            "id, a folder, or bundled:shapes.",
            show_default=False,
        ),
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Train a CLIP for the filter, from images whose true edits are known.

    Reads the source that the config names, and the edits of runs if it names any; writes a folder
    that `syned filter --encoder` takes. The same command again goes on from the last checkpoint.

    Examples:
        syned train-clip train_shapes_clip --set attempts=[]
        syned train-clip train_shapes_clip --check bundled:shapes
    """
    file, changes = _training_config(config), overrides or []
    from syned.config.training import ClipTraining
    from syned.settings import load_settings

    load_settings(ClipTraining, file, changes)  # a mistake is told before torch is loaded
    need_libraries(TO_TRAIN_MODELS, what="`syned train-clip`", extra="models")
    from syned.models.devices import quiet_libraries

    quiet_libraries()
    from syned.training import run_clip_training

    with stops_well():
        folder = run_clip_training(file, changes, say, check=check)
    print(f"clip        {folder}")


@contextmanager
def stops_well() -> Iterator[None]:
    """Say after Ctrl-C how a training goes on, and exit as stopped commands do."""
    try:
        yield
    except KeyboardInterrupt:
        print("syned: stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        raise typer.Exit(EXIT_STOPPED) from None


def _training_config(name: str) -> Path:
    return Path(name) if Path(name).suffix else config_path(name, training=True)


def say(text: str) -> None:
    """Print a line with the time."""
    print(f"{datetime.now():%H:%M:%S} {text}", flush=True)
