"""The working folder of a training, which belongs to its settings, and its learning rate."""

from __future__ import annotations

import json
import math
from collections.abc import Set
from pathlib import Path

from syned.config.training import ClipTraining, EditorTraining
from syned.errors import RunError
from syned.run.atomic import write_json


def work_folder(settings: EditorTraining | ClipTraining, *, free: Set[str]) -> Path:
    """`<output>.training/`, which belongs to these settings alone.

    Args:
        settings: of the training.
        free: settings that a training may change when it goes on.

    Raises:
        RunError: it was begun with settings that lead elsewhere.
    """
    work = Path(f"{settings.output.rstrip('/')}.training")
    work.mkdir(parents=True, exist_ok=True)
    note = work / "settings.json"
    ours = settings.model_dump(mode="json", exclude=set(free))
    if note.exists():
        theirs = json.loads(note.read_text(encoding="utf-8"))
        differing = sorted(k for k in ours.keys() | theirs.keys() if ours.get(k) != theirs.get(k))
        if differing:
            listed = ", ".join(f"{k} {theirs.get(k)!r} (now {ours.get(k)!r})" for k in differing)
            raise RunError(
                f"{work} holds a training that was begun with {listed}; go on with those settings, "
                "or train into another folder with --set output=FOLDER"
            )
    write_json(note, ours)
    return work


def warmup_cosine(step: int, warmup_steps: int, steps: int) -> float:
    """Share of the peak learning rate: a linear rise, then a half cosine down to zero."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return 0.5 * (1 + math.cos(math.pi * (step - warmup_steps) / max(1, steps - warmup_steps)))
