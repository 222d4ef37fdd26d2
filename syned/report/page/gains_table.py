"""The report's table of gains, for a run that captioners were trained on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syned.captioning.gains.gains_md import interval, percent, spread
from syned.errors import RunError

GAINS_FILE = Path("train_eval") / "gains.json"

_MAIN = "CIDEr"
"""The metric whose gain is shown."""


@dataclass(frozen=True, slots=True)
class GainsTable:
    """One captioner: a row for each arm, and one for always saying the most frequent caption."""

    captioner: str
    seeds: int
    """That every arm was trained with."""
    metrics: list[str]
    rows: list[tuple[str, str, list[str], str]]
    """Arm, what it was trained on, its scores, and its gain with the 95% interval."""


@dataclass(frozen=True, slots=True)
class Gains:
    """What gains.json says."""

    tables: list[GainsTable]
    baseline: str
    """The arm that gains are counted from."""
    test_pairs: int
    comparable: bool
    """Whether the scores may be held against those of papers."""
    missing: list[str]
    """Trials that are not done."""


def read_gains(run_path: Path) -> Gains | None:
    """Scores and gains of every arm; None when there is no such file.

    Raises:
        RunError: it cannot be read.
    """
    path = run_path / GAINS_FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Gains(
            tables=[_table(name, told) for name in told["captioners"]],
            baseline=told["baseline"],
            test_pairs=told["test"]["pairs"],
            comparable=told["comparable"],
            missing=told["missing"],
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path} cannot be read: {error!r}; run `syned train-eval` again") from error


def _table(captioner: str, told: Mapping[str, Any]) -> GainsTable:
    metrics, of_captioner = told["metrics"], told["captioners"][captioner]
    rows = [
        (
            arm,
            values["trained_on"],
            [spread(values["scores"][metric]) for metric in metrics],
            _gain(values["gain"].get(_MAIN)),
        )
        for arm, values in of_captioner["arms"].items()
    ]
    constant = told["constant"]
    scores = [percent(constant["scores"][metric]) for metric in metrics]
    rows.append(("most frequent caption", constant["caption"], scores, ""))
    return GainsTable(captioner, len(of_captioner["seeds"]), metrics, rows)


def _gain(gain: Mapping[str, float] | None) -> str:
    return "" if gain is None else interval(gain)
