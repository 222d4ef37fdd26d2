"""What tests of the command line share: a data folder of their own, and how a command is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from syned.cli import main

SHAPES = ["generate", "--source", "shapes", "--editor", "fake"]
"""The quickest way to a run with edits."""


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs lie in the test's own folder."""
    monkeypatch.setenv("SYNED_DATA", str(tmp_path))
    return tmp_path


def run_cli(*arguments: str) -> int:
    """Exit status of a command."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code
