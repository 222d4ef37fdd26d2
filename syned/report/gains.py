"""The gains table, where captioners were trained on the run's dataset."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from syned.errors import RunError
from syned.report.labels import number, words

GAINS_FILE = Path("train_eval") / "gains.json"


@dataclass(frozen=True, slots=True)
class Gains:
    """A table: a row for each arm."""

    columns: list[str]
    rows: list[list[str]]


def read_gains(run_path: Path) -> Gains | None:
    """What gains.json says of each arm; None when there is no such file.

    It holds {"arms": [{name: value, ...}, ...]}. Names become columns, in the order in which they
    occur; values that are no text and no number are left out.

    Raises:
        RunError: it cannot be read.
    """
    path = run_path / GAINS_FILE
    try:
        arms = json.loads(path.read_text(encoding="utf-8"))["arms"]
        plain = [{k: v for k, v in arm.items() if isinstance(v, str | int | float)} for arm in arms]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path} cannot be read; run `syned train-eval` again ({error})") from error
    names = list(dict.fromkeys(name for arm in plain for name in arm))
    rows = [[_cell(arm.get(name, "")) for name in names] for arm in plain]
    return Gains([words(name) for name in names], rows)


def _cell(value: str | float) -> str:
    return number(value) if isinstance(value, float) else str(value)
