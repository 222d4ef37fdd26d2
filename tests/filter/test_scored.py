"""The scored edits of a run as columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from syned.errors import RunError
from syned.filter.scored import Scored, read_scored
from syned.filter.shards import find_work, score_run
from syned.models.fake import FakeImageTextEncoder
from syned.run.directory import Run
from syned.run.records import IMAGE_SCHEMA, SourceImage, to_table
from syned.sources.likeness import perceptual_hash
from syned.sources.png import png_bytes
from tests.conftest import HeardProgress
from tests.filter.selected_run import KEEP_ALL, ROWS, patched, reasons, scored, select
from tests.scored_run import Made, commit_edits, fake_models, noise, scored_run

pytest.importorskip("imagehash")
pytest.importorskip("skimage")


def test_variants_are_those_of_one_source_image_and_instruction(tmp_path: Path) -> None:
    made = Made(0, patched(0), instruction="a")
    rows = [
        [made, replace(made, variant_index=1)],
        [replace(made, instruction="b"), Made(1, patched(1), instruction="a")],
    ]
    run = scored(tmp_path, rows)
    select(run, replace(KEEP_ALL, near_duplicate_distance=0))
    assert reasons(run) == ["kept", "near_duplicate", "kept", "kept"]


def test_scores_of_other_rows_are_refused(tmp_path: Path) -> None:
    run = scored(tmp_path, ROWS)
    work = find_work(run, fake_models().identity)
    run.edit_scores.file(0).write_bytes(run.edit_scores.file(1).read_bytes())
    with pytest.raises(RunError, match=r"other rows than .*--redo"):
        read_scored(run, work, captions=False)


def test_a_run_without_edits_is_refused(tmp_path: Path) -> None:
    run = scored_run(tmp_path, [])
    with pytest.raises(RunError, match=r"has no edits yet"):
        read_scored(run, find_work(run, "x"), captions=False)


def test_a_shard_of_no_edits_is_no_trouble(tmp_path: Path) -> None:
    run = scored_run(tmp_path, [[], [Made(0, patched(0))]])
    commit_edits(run, 0, [])
    models = fake_models(FakeImageTextEncoder())
    work = find_work(run, models.identity)
    score_run(run, models, work, batch_size=4, progress=HeardProgress())
    assert select(run)["kept"] == 1


def read(run: Run, *, captions: bool = False) -> Scored:
    return read_scored(run, find_work(run, fake_models().identity), captions=captions)


def test_every_edit_is_a_row_with_its_place(tmp_path: Path) -> None:
    found = read(scored(tmp_path, ROWS))
    rows = found.table.select(["edit_id", "shard", "row"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("edit0-0", 0, 0),
        ("edit0-1", 0, 1),
        ("edit1-0", 1, 0),
        ("edit1-1", 1, 1),
        ("edit1-2", 1, 2),
    ]


def test_columns_say_what_was_measured(tmp_path: Path) -> None:
    columns = read(scored(tmp_path, ROWS)).columns
    assert [columns.tasks[position] for position in columns.task] == [
        *("add", "add", "style", "style", "local")
    ]
    assert columns.failed.tolist() == [False, False, False, True, False]
    assert columns.flat.tolist() == [False, False, True, False, False]
    assert np.isnan(columns.scores["ssim"]).tolist() == [False, False, False, True, False]
    assert columns.scores["patch_change"][1] == 0.0 < columns.scores["patch_change"][0]
    assert columns.perceptual_hash[0] == int(perceptual_hash(patched(0)), 16)
    assert columns.perceptual_hash[3] == 0


def test_variants_share_a_number_wherever_they_lie(tmp_path: Path) -> None:
    made = Made(0, patched(0), instruction="a")
    rows = [
        [made, Made(1, patched(1), instruction="a"), replace(made, instruction="b")],
        [replace(made, variant_index=1), replace(made, instruction="b", variant_index=1)],
    ]
    columns = read(scored(tmp_path, rows)).columns
    first, other_image, other_words, variant, other_variant = columns.request.tolist()
    assert (variant, other_variant) == (first, other_words)
    assert len({first, other_image, other_words}) == 3
    assert columns.variant_index.tolist() == [0, 0, 0, 1, 1]


def test_the_truth_is_right_wrong_or_unknown(tmp_path: Path) -> None:
    rows = [
        [Made(0, patched(0), right=True), Made(1, patched(1), right=False)],
        [Made(2, patched(2)), Made(3, None, right=True)],
        [Made(4, patched(4), right=True), Made(5, patched(5))],
    ]
    assert read(scored(tmp_path, rows)).right.tolist() == [1, 0, -1, -1, 1, -1]


def test_a_source_image_is_known_by_its_place_among_all_shards_of_images(tmp_path: Path) -> None:
    run = scored_run(tmp_path, [[Made(0, patched(0)), Made(1, patched(1))]])
    table = run.requests.read(0)
    shards = table.schema.get_field_index("image_shard")
    moved = table.set_column(shards, "image_shard", [[1, 1]]).cast(run.requests.schema)
    images = [SourceImage(f"s{n}", png_bytes(Image.fromarray(noise(n))), 32, 32) for n in range(3)]
    for shard, some in enumerate((images[:1], images[1:])):
        rows = to_table(some, IMAGE_SCHEMA)
        run.images.commit(shard, rows, inputs="", counts={}, seconds=0.0)
    run.requests.commit(0, moved, inputs="", counts={"planned": 2}, seconds=0.0)
    models = fake_models(FakeImageTextEncoder())
    work = find_work(run, models.identity)
    score_run(run, models, work, batch_size=4, progress=HeardProgress())
    assert read(run).source_position.tolist() == [1, 2]


def test_disagreement_is_among_usable_variants_only(tmp_path: Path) -> None:
    made = Made(0, patched(0))
    rows = [[made, replace(made, variant_index=1)], [replace(made, edited=None, variant_index=2)]]
    disagreement = read(scored(tmp_path, rows)).columns.scores["variant_disagreement"]
    assert disagreement[:2].tolist() == [0.0, 0.0]
    assert np.isnan(disagreement[2])


def test_what_was_read_once_is_not_read_again_from_the_shards(tmp_path: Path) -> None:
    run = scored(tmp_path, ROWS)
    work = find_work(run, fake_models().identity)
    before = read_scored(run, work, captions=True)
    for shard in run.edit_scores.recorded():
        run.edit_scores.remove(shard)
    assert read_scored(run, work, captions=True).table.equals(before.table)


def test_edits_that_came_later_are_read_as_well(tmp_path: Path) -> None:
    run = scored(tmp_path, ROWS[:1])
    assert len(read(run).columns) == 2
    scored_run(tmp_path, ROWS, run)
    models = fake_models(FakeImageTextEncoder())
    work = find_work(run, models.identity)
    score_run(run, models, work, batch_size=4, progress=HeardProgress())
    assert len(read(run).columns) == 5


def test_difference_captions_are_read_only_where_they_are_needed(tmp_path: Path) -> None:
    run = scored(tmp_path, [[Made(0, patched(0), captions=("a", "b"))]])
    for _ in range(2):  # from the shards, and from the file in which all is kept
        assert "captions" not in read(run).table.column_names
    assert read(run, captions=True).table["captions"].to_pylist() == [["a", "b"]]
