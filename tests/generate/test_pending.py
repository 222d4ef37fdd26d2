"""Which shards are to be made, and what they will ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syned.errors import RunError
from syned.generate.pending import not_made, uses
from syned.run.directory import Run
from syned.run.records import EDIT_SCHEMA, Edit, EditJob, Request, to_table
from tests.conftest import failed_request, make_job, new_run, plan_of

INPUTS = {0: "zero", 1: "one"}


def commit(run: Run, shard: int, *statuses: str, inputs: str | None = None) -> None:
    """A shard of edits with these statuses."""
    edits = [Edit(f"edit{n}", "s", 0, status) for n, status in enumerate(statuses)]  # type: ignore[arg-type]
    made_from = INPUTS[shard] if inputs is None else inputs
    run.edits.commit(shard, to_table(edits, EDIT_SCHEMA), inputs=made_from, counts={}, seconds=0.0)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A plan of two shards; two rows can be edited in each, and a third of the second cannot."""
    planned = new_run(tmp_path)
    rows: list[list[EditJob | Request]] = [
        [make_job(0), make_job(1)],
        [make_job(2), make_job(3), failed_request(4)],
    ]
    plan_of(planned, rows)
    return planned


def left(run: Run, *, retry_failed: bool = False) -> list[int]:
    return list(not_made(run, INPUTS, retry_failed=retry_failed))


def test_shards_without_edits_are_to_be_made(run: Run) -> None:
    assert left(run) == [0, 1]
    commit(run, 0, "done", "done")
    assert left(run) == [1]


def test_a_shard_made_from_something_else_is_to_be_made_again(run: Run) -> None:
    commit(run, 0, "done", "done", inputs="other settings")
    commit(run, 1, "done", "done", "failed")
    assert left(run) == [0]


def test_a_damaged_shard_of_edits_is_to_be_made_again(run: Run) -> None:
    for shard in INPUTS:
        commit(run, shard, "done", "done", "failed")
    data = bytearray(run.edits.file(1).read_bytes())
    data[len(data) // 2] ^= 1
    run.edits.file(1).write_bytes(data)
    assert left(run) == [1]


def test_what_the_editor_failed_at_is_tried_again_only_when_asked_for(run: Run) -> None:
    commit(run, 0, "done", "failed")
    commit(run, 1, "done", "done", "failed")
    assert left(run) == []
    assert left(run, retry_failed=True) == [0]


def test_a_damaged_plan_is_an_error_only_where_it_is_needed(run: Run) -> None:
    file = run.requests.file(0)
    file.write_bytes(file.read_bytes()[:-1])
    commit(run, 0, "done", "done")
    assert left(run) == [1]
    run.edits.remove(0)
    with pytest.raises(RunError, match="requests shard 0 is not the file that was committed"):
        left(run)


def test_each_image_and_instruction_is_counted_over_the_shards_that_are_left(
    tmp_path: Path,
) -> None:
    run = new_run(tmp_path)
    again = replace(make_job(1).request, source_id="source2", instruction="instruction 3")
    again_job = replace(make_job(1), request=again)
    second: list[EditJob | Request] = [again_job, make_job(2), make_job(3), failed_request(4)]
    plan_of(run, [[make_job(0)], second])
    images, instructions = uses(run, [1])
    assert images == {"source2": 2, "source3": 1}
    assert instructions == {"instruction 2": 1, "instruction 3": 2}
    assert uses(run, [0, 1])[0]["source0"] == 1
