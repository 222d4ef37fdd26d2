"""selection.parquet: what is written is read, and what is damaged is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from syned.errors import RunError
from syned.run.directory import Run
from syned.run.records import SELECTION_SCHEMA, to_table
from syned.run.selection_file import (
    SELECTION_FILE,
    read_selection_file,
    read_selection_notes,
    write_selection_file,
)
from tests.conftest import new_run
from tests.made_up_run import Selected

NOTED = {"kept": 1, "dropped": {"scene_lost": 1}, "encoder": "é@1", "truth": None}


def rows(count: int = 2) -> pa.Table:
    selected = [
        Selected(
            f"edit{n}", "source", 0, n, "add", None if n else 0.5, n == 0, "" if n == 0 else "x"
        )
        for n in range(count)
    ]
    return to_table(selected, SELECTION_SCHEMA)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return new_run(tmp_path)


def test_a_selection_comes_back_as_it_was(run: Run) -> None:
    write_selection_file(run, rows(), NOTED)
    selection = read_selection_file(run)
    assert selection is not None
    assert selection.table.to_pylist() == rows().to_pylist()
    assert selection.noted == NOTED


def test_only_the_columns_asked_for_are_read_in_their_order(run: Run) -> None:
    write_selection_file(run, rows(), NOTED)
    selection = read_selection_file(run, ["kept", "edit_id"])
    assert selection is not None
    assert selection.table.column_names == ["kept", "edit_id"]


def test_the_notes_tell_of_how_many_edits_they_are(run: Run) -> None:
    write_selection_file(run, rows(5), NOTED)
    assert read_selection_notes(run) == {**NOTED, "edits": 5}


def test_a_run_that_was_not_filtered_has_no_selection(run: Run) -> None:
    assert read_selection_file(run) is None
    assert read_selection_notes(run) is None


def test_a_new_selection_replaces_the_one_before(run: Run) -> None:
    write_selection_file(run, rows(5), NOTED)
    write_selection_file(run, rows(1), {**NOTED, "kept": 7})
    assert read_selection_notes(run) == {**NOTED, "kept": 7, "edits": 1}
    assert [path.name for path in run.path.glob(f"{SELECTION_FILE}*")] == [SELECTION_FILE]


def test_a_selection_that_cannot_be_written_is_an_error_in_words(run: Run) -> None:
    (run.path / SELECTION_FILE).mkdir()
    with pytest.raises(RunError, match=r"selection\.parquet cannot be written"):
        write_selection_file(run, rows(), NOTED)


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _foreign(path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), path)


def _noting(text: str) -> Callable[[Path], None]:
    """The same rows, with something else in the place of the notes."""

    def write(path: Path) -> None:
        pq.write_table(rows().replace_schema_metadata({b"syned": text}), path)

    return write


def _without_a_column(path: Path) -> None:
    noting = rows().drop_columns(["kept"]).replace_schema_metadata({b"syned": json.dumps(NOTED)})
    pq.write_table(noting, path)


@pytest.mark.parametrize(
    "damage",
    [
        _cut_off,
        _empty,
        _foreign,
        _noting("kept: 1"),
        _noting("[1]"),
        _noting('{"kept": 1}'),
        _noting('{"dropped": {}}'),
        _without_a_column,
    ],
)
def test_a_damaged_selection_is_named_with_what_to_do(
    run: Run, damage: Callable[[Path], None]
) -> None:
    write_selection_file(run, rows(), NOTED)
    damage(run.path / SELECTION_FILE)
    with pytest.raises(RunError, match=r"selection\.parquet cannot be read.*`syned filter` again"):
        read_selection_file(run)


def test_a_damaged_selection_has_no_notes_either(run: Run) -> None:
    write_selection_file(run, rows(), NOTED)
    _cut_off(run.path / SELECTION_FILE)
    with pytest.raises(RunError, match=r"run `syned filter` again"):
        read_selection_notes(run)
