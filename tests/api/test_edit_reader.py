"""What an edit says is what plan, edits, scores, captions and selection say of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

import syned
from syned.api.edit_reader import EditReader
from syned.run.records import EDIT_SCHEMA, Edit, from_rows, to_table
from tests.api.conftest import MADE_UP, directory_of
from tests.made_up_run import select_at_random, write_selection


def test_an_edit_says_what_plan_edits_scores_captions_and_selection_say(run: syned.Run) -> None:
    directory = directory_of(run)
    scores = directory.edit_scores.read(1).to_pylist()[3]
    selected = select_at_random(directory, MADE_UP.kept_fraction)[11]
    edit = run.edits()[11]
    assert (edit.source_id, edit.variant_index, edit.seed) == (f"source{11:026x}", 0, 11)
    assert (edit.task, edit.split, edit.key) == ("color", "", "made-up/11")
    assert edit.instruction == "color the blue kite number 11"
    assert edit.captions == ("the blue kite is new", "there is a blue kite now")
    assert edit.input_caption == "a picture with a blue kite"
    assert edit.output_caption == "a picture, color, with a blue kite"
    assert edit.paraphrases["the blue kite is new"] == (
        "in other words, the blue kite is new",
        "the blue kite is new, as it were",
    )
    assert list(edit.paraphrases) == [edit.instruction, *edit.captions]
    assert edit.scores["ssim"] == scores["ssim"]
    assert edit.scores["dino_similarity"] is None
    assert edit.scores["variant_disagreement"] == selected.variant_disagreement
    assert (edit.kept, edit.drop_reason) == (selected.kept, selected.reason)
    assert (edit.status, edit.reason) == ("done", "")
    assert edit == run.edits()[11]
    assert len({edit, run.edits()[11]}) == 1


def test_an_edit_is_right_as_the_run_counts_it(run: syned.Run) -> None:
    right = Counter(edit.right for edit in run.edits())
    summary = run.summary().edits
    assert right[None] == summary.failed == 4
    assert right[True] == summary.right
    assert right[False] == summary.judged - summary.right


def test_a_shard_is_read_once_in_a_loop(run: syned.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    plain = EditReader._rows

    def noted(reader: EditReader, shard: int) -> list[dict[str, object]]:
        read.append(shard)
        return plain(reader, shard)

    monkeypatch.setattr(EditReader, "_rows", noted)
    edits = run.edits()
    assert read == []
    assert len(list(edits)) == len(edits)
    assert read == [0, 1, 2, 3, 4]


def test_edits_that_were_made_after_the_filter_are_neither_kept_nor_dropped(
    run: syned.Run,
) -> None:
    directory = directory_of(run)
    write_selection(directory, select_at_random(directory, 0.5)[:24])
    assert [edit.kept is None for edit in run.edits()] == [False] * 24 + [True] * 16
    assert len(run.edits(kept=True)) + len(run.edits(kept=False)) == 24


def test_a_selection_of_other_edits_is_refused(run: syned.Run) -> None:
    directory = directory_of(run)
    selected = select_at_random(directory, 0.5)
    write_selection(directory, [replace(selected[0], edit_id="other"), *selected[1:]])
    with pytest.raises(syned.RunError, match="is of other edits than"):
        run.edits()[0]


def test_scores_of_a_shard_that_was_made_again_are_left_out(run: syned.Run) -> None:
    folder = directory_of(run).edit_scores
    folder.commit(0, folder.read(0).slice(1), inputs="", counts={}, seconds=0.0)
    turned = folder.read(1).take([1, 2, 3, 4, 5, 6, 7, 0])
    folder.commit(1, turned, inputs="", counts={}, seconds=0.0)
    folder.file(2).write_bytes(b"being written")
    edits = run.edits()
    assert [edits[row].scores["ssim"] for row in (1, 10, 16)] == [None] * 3
    assert edits[24].scores["ssim"] is not None


def test_edits_that_the_plan_does_not_ask_for_are_refused(run: syned.Run) -> None:
    directory = directory_of(run)
    rows = from_rows(directory.edits.read(0).to_pylist(), Edit)
    turned = to_table([*rows[1:], rows[0]], EDIT_SCHEMA)
    directory.edits.commit(0, turned, inputs="", counts={}, seconds=0.0)
    with pytest.raises(syned.RunError, match="has other edits than"):
        run.edits()[0]
