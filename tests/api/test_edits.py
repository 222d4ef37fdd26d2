"""The edits of a run as a sequence: which there are, in which order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import assert_type

import pytest

import syned
from tests.api.conftest import MADE_UP, directory_of
from tests.made_up_run import make_run


def test_edits_have_a_length_an_order_and_places(run: syned.Run) -> None:
    edits = run.edits()
    ids = [edit.edit_id for edit in edits]
    assert ids == [f"{number:032x}" for number in range(40)]
    assert len(edits) == 40
    assert assert_type(edits[-1], syned.Edit).edit_id == ids[-1]
    assert [edit.edit_id for edit in edits[6:10]] == ids[6:10]
    assert len(edits[::2]) == 20
    with pytest.raises(IndexError):
        edits[40]


def test_edits_can_be_chosen_by_what_the_filter_decided_and_by_task(run: syned.Run) -> None:
    kept, dropped = run.edits(kept=True), run.edits(kept=False)
    selection = run.summary().selection
    assert selection is not None
    assert 0 < len(kept) == selection.whole.kept
    assert all(edit.kept for edit in kept)
    assert Counter(edit.drop_reason for edit in dropped) == selection.whole.dropped
    color = run.edits(task="color")
    assert {edit.task for edit in color} == {"color"}
    assert len(color) == 6
    assert len(run.edits(kept=True, task="color")) + len(run.edits(kept=False, task="color")) == 6
    assert len(run.edits(task="colour")) == 0


def test_a_run_that_nobody_filtered_has_neither_kept_nor_dropped_edits(tmp_path: Path) -> None:
    make_run(tmp_path, replace(MADE_UP, with_selection=False, with_scores=False))
    run = syned.open_run("test", data_dir=tmp_path)
    edit = run.edits()[0]
    assert (edit.kept, edit.drop_reason) == (None, "")
    assert set(edit.scores.values()) == {None}
    with pytest.raises(syned.RunError, match=r"no edit is kept or dropped; filter the run first"):
        run.edits(kept=False)


def test_a_selected_edit_that_is_no_longer_there_is_left_out(run: syned.Run) -> None:
    folder = directory_of(run).edits
    folder.remove(4)
    folder.file(3).write_bytes(b"being written")
    assert len(run.edits()) == 24
    assert len(run.edits(kept=True)) + len(run.edits(kept=False)) == 24


def test_a_shard_that_became_shorter_does_not_end_a_loop_early(run: syned.Run) -> None:
    edits = run.edits()
    directory = directory_of(run)
    for folder in (directory.requests, directory.edits):
        shorter = folder.read(2).slice(0, 5)
        folder.commit(2, shorter, inputs="", counts={"planned": 5}, seconds=0.0)
    with pytest.raises(syned.RunError, match="has changed meanwhile"):
        list(edits)


def test_an_edit_is_found_by_its_id(run: syned.Run) -> None:
    assert run.edit(f"{27:032x}") == run.edits()[27]
    with pytest.raises(syned.RunError, match="has made no edit 'nobody'"):
        run.edit("nobody")


def test_a_run_without_edits_has_none(tmp_path: Path) -> None:
    run = syned.start_run("shapes", data_dir=tmp_path)
    assert list(run.edits()) == []
    assert list(run.edits(task="color")) == []
