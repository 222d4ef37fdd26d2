"""Keep two trainings out of one folder: note what is trained there, and compare."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from syned.captioning.data.pairs import PairSet
from syned.captioning.models.base import Phase
from syned.config import CaptionerConfig, TrainingConfig
from syned.errors import RunError
from syned.run.atomic import read_json, write_json

_FREE = {"device", "save_every", "gradient_checkpointing"}
"""Settings that may change when a training goes on."""


def identity_of(
    captioner: CaptionerConfig,
    training: TrainingConfig,
    phases: Sequence[Phase],
    validation: PairSet,
    seed: int,
) -> dict[str, Any]:
    """All that decides the weights."""
    data = hashlib.sha256()
    for pairs, share in [*((phase.pairs, phase.share) for phase in phases), (validation, 0.0)]:
        rows = [[info.pair_id, *info.references] for info in pairs.infos]
        data.update(json.dumps([share, rows]).encode())
    return {
        "captioner": captioner.model_dump(mode="json"),
        "training": training.model_dump(mode="json", exclude=_FREE),
        "seed": seed,
        "pairs": data.hexdigest()[:24],
    }


def claim(folder: Path, ours: dict[str, Any]) -> None:
    """Note what is trained in a folder.

    Raises:
        RunError: something else was.
    """
    theirs = read_json(folder / "training.json")
    if theirs is None:
        write_json(folder / "training.json", ours)
    elif theirs != ours:
        differing = sorted(name for name, was, now in _leaves(theirs, ours) if was != now)
        raise RunError(
            f"{folder} holds a training with other settings ({', '.join(differing)}); go on with "
            "those, or train into another folder"
        )


def _leaves(theirs: Any, ours: Any, name: str = "") -> list[tuple[str, Any, Any]]:
    """Values of two nested settings, side by side, with dotted names."""
    if not isinstance(theirs, dict) or not isinstance(ours, dict):
        return [(name, theirs, ours)]
    keys = [*theirs, *(key for key in ours if key not in theirs)]
    prefix = f"{name}." if name else ""
    return [leaf for key in keys for leaf in _leaves(theirs.get(key), ours.get(key), prefix + key)]
