from __future__ import annotations

from pathlib import Path

import pytest

from syned.errors import RunError
from syned.publish.reader import RowReader
from tests.made_up_run import MadeUp, make_run


def test_rows_are_found_across_row_groups_and_shards_in_any_order(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(300, shard_rows=200))  # row groups of 64
    reader = RowReader(run.requests, ["edit_id"])

    places = [(0, 0), (0, 63), (0, 64), (0, 199), (1, 99), (0, 5), (1, 0)]

    found = [reader.row(*place)["edit_id"] for place in places]
    assert found == [f"{200 * shard + row:032x}" for shard, row in places]


def test_a_row_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(10))

    with pytest.raises(RunError, match=r"00000\.parquet cannot be read, or has changed meanwhile"):
        RowReader(run.requests, ["edit_id"]).row(0, 10)
    with pytest.raises(RunError, match=r"00007\.parquet cannot be read"):
        RowReader(run.requests, ["edit_id"]).row(7, 0)
