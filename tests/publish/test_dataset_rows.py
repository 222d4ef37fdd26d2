"""Rows of a dataset: all that the run knows of an edit, and nothing of another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syned.errors import RunError
from syned.publish.captions import read_paraphrases
from syned.publish.dataset_rows import SCORES, Encoding, Origin, PairReader, encoded_rows
from syned.publish.selected import choose
from syned.run.directory import Run
from syned.run.published import DIGITAL_SOURCE_TYPE, PUBLISHED_SCHEMA
from syned.run.records import Edit, Request, from_rows
from tests.made_up_run import MadeUp, make_run

ORIGIN = Origin("made/up", "0123abc", 20, "cc-by-4.0")
PNG = Encoding("png", 95)


def rows_of(run: Run, *, true_images: bool = False) -> list[dict[str, Any]]:
    reader = PairReader(run, read_paraphrases(run), ORIGIN, true_images=true_images)
    places = choose(run, unfiltered=True).places
    return list(encoded_rows(reader, places, "train", PNG))


def test_a_row_says_all_that_the_run_knows_of_its_edit(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(40, shard_rows=16))

    row = rows_of(run)[17]

    (request,) = from_rows([run.requests.read(1).to_pylist()[1]], Request)
    (edit,) = from_rows([run.edits.read(1).to_pylist()[1]], Edit)
    scores = run.edit_scores.read(1).to_pylist()[1]
    assert set(PUBLISHED_SCHEMA.names) <= set(row)
    assert row["edited_image"]["bytes"] == edit.edited_image
    source = run.images.read(0).to_pylist()[request.image_row]
    assert row["image"]["bytes"] == source["image"]["bytes"]
    assert row["id"] == request.edit_id
    assert row["source_id"] == request.source_id == source["source_id"]
    for name in ("instruction", "task", "idx", "hash", "input_caption", "output_caption", "seed"):
        assert row[name] == getattr(request, name)
    assert row["variant_index"] == request.variant_index == 1
    assert (row["guidance_scale"], row["image_guidance_scale"]) == (7.5, 1.5)
    assert {name: row[name] for name in SCORES} == {name: scores[name] for name in SCORES}
    assert row["captions"][: row["original_captions"]] == list(request.captions)
    assert len(row["captions"]) == 3 * len(request.captions)
    assert (row["editor"], row["editor_revision"], row["steps"]) == ("made/up", "0123abc", 20)
    assert row["split"] == "train"
    assert row["licence"] == "cc-by-4.0"
    assert row["digital_source_type"] == DIGITAL_SOURCE_TYPE


def test_embeddings_and_hashes_are_not_published() -> None:
    assert SCORES == [
        "image_similarity",
        "source_text_similarity",
        "edited_text_similarity",
        "directional_similarity",
        "dino_similarity",
        "changed_fraction",
        "patch_change",
        "ssim",
    ]


def test_rows_keep_the_order_of_the_edits_whoever_encodes_first(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(200, shard_rows=64))

    ids = [row["id"] for row in rows_of(run)]

    assert ids == [place.edit_id for place in choose(run, unfiltered=True).places]


def test_without_scores_they_are_null(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(4, with_scores=False, with_captions=False))

    (row, *_) = rows_of(run)

    assert {row[name] for name in SCORES} == {None}
    assert row["captions"] == [row["instruction"]]


def test_the_names_of_diffusers_training_script_hold_the_same(tmp_path: Path) -> None:
    (row, *_) = rows_of(make_run(tmp_path, MadeUp(4)))

    assert row["input_image"] == row["image"]
    assert row["edit_prompt"] == row["instruction"]


def test_true_images_of_a_source_that_knows_none_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"has no true result; publish\.true_images needs"):
        rows_of(make_run(tmp_path, MadeUp(4)), true_images=True)


def test_edits_that_were_made_anew_after_the_selection_are_noticed(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(8))
    other = make_run(tmp_path / "other", MadeUp(8, failed_every=2))
    table = other.edits.read(0)

    run.edits.commit(0, table, inputs="", counts={}, seconds=0)
    reader = PairReader(run, read_paraphrases(run), ORIGIN, true_images=False)
    place = choose(make_run(tmp_path / "before", MadeUp(8)), unfiltered=True).places[1]

    with pytest.raises(RunError, match=r"row 1 is no longer the edit .* run `syned filter` again"):
        reader.read(place, "train")


def test_scores_of_other_edits_are_noticed(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(8, shard_rows=4))
    run.edit_scores.commit(0, run.edit_scores.read(1), inputs="", counts={}, seconds=0)
    reader = PairReader(run, read_paraphrases(run), ORIGIN, true_images=False)

    with pytest.raises(RunError, match="belongs to another edit"):
        reader.read(choose(run, unfiltered=True).places[0], "train")
