"""Single rows out of shards."""

from __future__ import annotations

from pathlib import Path

import pytest

from syned.errors import RunError
from syned.run.rows import RowReader, rows_at, shares, spread
from tests.made_up_run import MadeUp as Long
from tests.made_up_run import make_run as long_run
from tests.report.page.made_up import MadeUp, make_run


def test_rows_are_found_in_every_row_group_and_every_shard(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(edits=300, shard_rows=150))  # row groups hold 64
    places = [(1, 149), (0, 0), (0, 63), (0, 64), (0, 128), (0, 64)]
    rows = rows_at(run.requests, places, ["seed"])
    assert {place: row["seed"] for place, row in rows.items()} == {
        (shard, row): 150 * shard + row for shard, row in places
    }
    assert set(rows[0, 0]) == {"seed"}


def test_a_row_that_does_not_exist_is_an_error_with_the_file(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with pytest.raises(RunError, match=r"00000.parquet cannot be read.*fewer rows than"):
        rows_at(run.requests, [(0, 3), (0, 16)])


def test_a_damaged_shard_is_an_error_with_the_file(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.edits.file(1).write_bytes(b"nonsense")
    with pytest.raises(RunError, match=r"edits/00001.parquet cannot be read"):
        rows_at(run.edits, [(1, 0)])


@pytest.mark.parametrize("count", [1, 3, 7, 10, 50])
def test_values_are_spread_over_the_whole_range(count: int) -> None:
    chosen = spread(range(10), count)
    assert len(chosen) == min(count, 10) == len(set(chosen))
    assert chosen[0] == 0
    assert chosen == sorted(chosen)
    assert chosen[-1] >= 10 - 10 / count - 1


def test_what_a_small_group_lacks_goes_to_the_others() -> None:
    assert shares({"a": 1, "b": 100, "c": 100}, 9) == {"a": 1, "b": 4, "c": 4}
    assert shares({"a": 1, "b": 2}, 9) == {"a": 1, "b": 2}
    assert shares({}, 9) == {}


def test_rows_are_found_across_row_groups_and_shards_in_any_order(tmp_path: Path) -> None:
    run = long_run(tmp_path, Long(300, shard_rows=200))  # row groups of 64
    reader = RowReader(run.requests, ["edit_id"])

    places = [(0, 0), (0, 63), (0, 64), (0, 199), (1, 99), (0, 5), (1, 0)]

    found = [reader.row(*place)["edit_id"] for place in places]
    assert found == [f"{200 * shard + row:032x}" for shard, row in places]


def test_a_row_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    run = long_run(tmp_path, Long(10))

    with pytest.raises(RunError, match=r"00000\.parquet cannot be read, or has changed meanwhile"):
        RowReader(run.requests, ["edit_id"]).row(0, 10)
    with pytest.raises(RunError, match=r"00007\.parquet cannot be read"):
        RowReader(run.requests, ["edit_id"]).row(7, 0)
