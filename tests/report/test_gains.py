"""The gains table in the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from syned.errors import RunError
from syned.report.gains import read_gains


def write(folder: Path, text: str) -> None:
    (folder / "train_eval").mkdir()
    (folder / "train_eval" / "gains.json").write_text(text, encoding="utf-8")


def test_arms_become_rows_and_their_plain_values_columns(tmp_path: Path) -> None:
    arms = [
        {"arm": "real", "CIDEr": 0.51234, "by_task": {"add": 1}},
        {"arm": "real+syned", "CIDEr": 0.6, "seeds": 3},
    ]
    write(tmp_path, json.dumps({"arms": arms}))
    gains = read_gains(tmp_path)
    assert gains is not None
    assert gains.columns == ["arm", "CIDEr", "seeds"]
    assert gains.rows == [["real", "0.512", ""], ["real+syned", "0.6", "3"]]


def test_without_a_file_there_are_no_gains(tmp_path: Path) -> None:
    assert read_gains(tmp_path) is None


@pytest.mark.parametrize("text", ["nonsense", "{}", '{"arms": [1]}', '{"arms": null}'])
def test_a_damaged_file_says_what_to_do(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    with pytest.raises(RunError, match="`syned train-eval` again"):
        read_gains(tmp_path)
