"""The gains table in the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from syned.errors import RunError
from syned.report.page.gains_table import read_gains
from tests.report.page.made_up import gains_of


def write(folder: Path, told: object) -> None:
    (folder / "train_eval").mkdir()
    (folder / "train_eval" / "gains.json").write_text(json.dumps(told), encoding="utf-8")


def test_every_arm_has_its_scores_and_its_gain(tmp_path: Path) -> None:
    write(tmp_path, gains_of("real"))
    gains = read_gains(tmp_path)
    assert gains is not None
    (table,) = gains.tables
    assert (table.captioner, table.metrics) == ("two_stream", ["BLEU-4", "CIDEr"])
    assert table.rows == [
        ("real", "real pairs", ["10.0", "45.0 ± 1.2"], ""),
        ("real+syned", "real and syned", ["12.0", "50.0 ± 2.0"], "+5.0 [1.0, 9.1]"),
        ("most frequent caption", "nothing changed", ["1.0", "2.0"], ""),
    ]
    assert (gains.baseline, gains.test_pairs, table.seeds) == ("real", 400, 3)


def test_without_a_file_there_are_no_gains(tmp_path: Path) -> None:
    assert read_gains(tmp_path) is None


@pytest.mark.parametrize("told", ["text", {}, [], {**gains_of("real"), "captioners": {"a": 1}}])
def test_a_damaged_file_says_what_to_do(tmp_path: Path, told: Any) -> None:
    write(tmp_path, told)
    with pytest.raises(RunError, match="`syned train-eval` again"):
        read_gains(tmp_path)
