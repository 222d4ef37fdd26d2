"""Save and load the weights that a training changes, and find its last checkpoint."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from syned.run.atomic import read_json, written_whole

STATE = "trainer_state.json"
"""The file of a checkpoint that the Trainer writes last."""


def last_checkpoint(folder: Path) -> Path | None:
    """The last checkpoint that was written to its end; what was cut off is removed."""
    found: list[tuple[int, Path]] = []
    for path in folder.glob("checkpoint-*"):
        if read_json(path / STATE) is None:
            shutil.rmtree(path)
        else:
            found.append((int(path.name.rpartition("-")[2]), path))
    return max(found)[1] if found else None


def has_stopped(checkpoint: Path | None) -> bool:
    """Whether training had ended by the time of a checkpoint."""
    state = None if checkpoint is None else read_json(checkpoint / STATE)
    control = (state or {}).get("stateful_callbacks", {}).get("TrainerControl", {})
    return bool(control.get("args", {}).get("should_training_stop", False))


def trained_weights(model: nn.Module) -> dict[str, nn.Parameter]:
    """Those that a training changes, by name."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def save_weights(model: nn.Module, path: Path) -> None:
    """The weights that are trained, there whole or not at all."""
    weights = {name: w.detach().contiguous() for name, w in trained_weights(model).items()}
    with written_whole(path) as unfinished:
        save_file(weights, unfinished)


def load_weights(model: nn.Module, path: Path) -> None:
    """Put back what `save_weights` wrote; the other weights stay."""
    weights = load_file(path)
    with torch.no_grad():
        for name, weight in trained_weights(model).items():
            weight.copy_(weights[name])
