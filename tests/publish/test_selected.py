"""Which edits are published, and what is said when there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syned.errors import RunError
from syned.publish.selected import choose
from tests.conftest import new_run
from tests.made_up_run import MadeUp, edits_of, make_run, select_at_random, write_selection


def test_what_the_selection_keeps_is_chosen_in_its_order(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(100, shard_rows=16))
    kept = [row for row in select_at_random(run, 0.5) if row.kept]

    choice = choose(run, unfiltered=False)

    assert [(p.shard, p.row, p.edit_id, p.source_id) for p in choice.places] == [
        (row.shard, row.row, row.edit_id, row.source_id) for row in kept
    ]
    assert choice.facts is not None
    assert choice.facts["kept"] == len(kept)
    assert choice.made_since == 0


def test_edits_that_are_newer_than_the_selection_are_counted_and_left_out(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(64, shard_rows=16))
    write_selection(run, select_at_random(run, 0.5)[:48])

    choice = choose(run, unfiltered=False)

    assert choice.made_since == 16
    assert max(place.shard for place in choice.places) == 2


def test_without_a_selection_one_is_asked_for(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(8, with_selection=False))

    with pytest.raises(RunError, match=r"has no selection\.parquet.*`syned filter`.*--unfiltered"):
        choose(run, unfiltered=False)


def test_unfiltered_is_every_edit_that_did_not_fail(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(40, failed_every=10, with_selection=False))

    choice = choose(run, unfiltered=True)

    assert [place.row for place in choice.places] == [row for row in range(40) if row % 10 != 9]
    assert choice.facts is None


def test_unfiltered_leaves_out_what_is_contaminated(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(8))
    rows = select_at_random(run, 0.0)
    write_selection(run, [replace(rows[0], reason="contaminated"), *rows[1:]])

    assert [place.row for place in choose(run, unfiltered=True).places] == list(range(1, 8))


def test_once_each_is_the_first_variant_of_every_request(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(40, variants=4, shard_rows=7, with_selection=False))

    choice = choose(run, unfiltered=True, once_each=True)

    assert [place.edit_id for place in choice.places] == [
        edit["edit_id"] for edit in list(edits_of(run))[:10]
    ]


def test_a_run_without_edits_is_told_to_make_some(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has no edits yet"):
        choose(new_run(tmp_path), unfiltered=True)


def test_when_everything_was_dropped_the_reasons_are_told(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(16, kept_fraction=0.0))

    with pytest.raises(RunError, match=r"all edits were dropped \(\d+ \w+.*lower a threshold"):
        choose(run, unfiltered=False)


def test_when_every_edit_failed_status_is_pointed_at(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(4, failed_every=1, with_selection=False))

    with pytest.raises(RunError, match="no edit was made without an error"):
        choose(run, unfiltered=True)
