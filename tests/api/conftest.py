"""What tests of the Python interface share: a run that looks as if the stages had made it."""

from __future__ import annotations

from pathlib import Path

import pytest

import syned
from syned.run.directory import Run, open_run
from tests.made_up_run import MadeUp, make_run

MADE_UP = MadeUp(edits=40, variants=2, shard_rows=8, failed_every=10, with_truth=True)


@pytest.fixture
def run(tmp_path: Path) -> syned.Run:
    """40 edits in 5 shards, of which every tenth failed; named "test"."""
    make_run(tmp_path, MADE_UP)
    return syned.open_run("test", data_dir=tmp_path)


def directory_of(run: syned.Run) -> Run:
    """The run's directory, to change what lies in it."""
    return open_run(run.name, run.path.parent)
