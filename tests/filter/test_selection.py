"""From scores to selection.parquet: every edit in its place, with its reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from syned.config import EvaluationSet
from syned.errors import RunError
from syned.filter.contamination import Sameness, contaminations
from syned.filter.evaluation_sets import known_sets
from syned.filter.scored import read_scored
from syned.filter.select import Rules
from syned.filter.selection import write_selection
from syned.filter.shards import find_work, score_run
from syned.models.fake import FakeImageTextEncoder
from syned.run.directory import Run
from syned.run.records import CAPTION_SCHEMA, SELECTION_SCHEMA, Paraphrased, to_table
from syned.run.selection_file import read_selection_notes
from syned.sources.images import png_bytes
from tests.conftest import HeardProgress
from tests.scored_run import Made, commit_edits, fake_models, noise, scored_run

pytest.importorskip("imagehash")
pytest.importorskip("skimage")

KEEP_ALL = Rules({}, {}, near_duplicate_distance=None, best_per_request=None)
NEAR = Sameness(distance=6, similarity=0.9999)
BLACK = np.zeros((32, 32, 3), np.uint8)


def patched(number: int) -> Any:
    """The source image with a patch of its own: a local edit."""
    picture = noise(number).copy()
    picture[4:12, 4:12] = 255 - picture[4:12, 4:12]
    return picture


ROWS = [
    [Made(0, patched(0), task="add", right=True), Made(1, noise(1), task="add", right=False)],
    [Made(2, BLACK, task="style"), Made(3, None, task="style"), Made(4, patched(4), right=True)],
]


def scored(folder: Path, rows: Sequence[Sequence[Made]]) -> Run:
    run = scored_run(folder, rows)
    work = find_work(run, fake_models().identity)
    models = fake_models(FakeImageTextEncoder())
    score_run(run, models, work, batch_size=4, progress=HeardProgress())
    return run


def select(
    run: Run,
    rules: Rules = KEEP_ALL,
    sets: Sequence[EvaluationSet] = (),
    sameness: Sameness = NEAR,
    encoder: FakeImageTextEncoder | None = None,
) -> dict[str, Any]:
    models = fake_models(encoder)
    work = find_work(run, models.identity)
    known = known_sets(run, work, sets, models, batch_size=4, say=lambda text: None)
    edits = read_scored(run, work, captions=bool(sets))
    found = contaminations(run, edits, known, sameness)
    return write_selection(run, edits, rules, found, encoder=models.encoder_name)


def reasons(run: Run) -> list[str]:
    rows = pq.read_table(run.path / "selection.parquet").to_pylist()
    return [row["reason"] or ("kept" if row["kept"] else "?") for row in rows]


def test_every_edit_has_its_row_and_the_file_says_what_it_holds(tmp_path: Path) -> None:
    run = scored(tmp_path, ROWS)
    rules = Rules({"min_patch_change": 0.03, "max_ssim": None}, {}, 2, 4)
    told = select(run, rules)

    table = pq.read_table(run.path / "selection.parquet")
    assert table.schema.equals(SELECTION_SCHEMA)
    assert json.loads(table.schema.metadata[b"syned"]) == told
    assert [(row["edit_id"], row["shard"], row["row"]) for row in table.to_pylist()] == [
        ("edit0-0", 0, 0),
        ("edit0-1", 0, 1),
        ("edit1-0", 1, 0),
        ("edit1-1", 1, 1),
        ("edit1-2", 1, 2),
    ]
    assert reasons(run) == ["kept", "nothing_changed", "flat", "failed", "kept"]
    assert told == {
        "kept": 2,
        "dropped": {"failed": 1, "flat": 1, "nothing_changed": 1},
        "by_task": {
            "add": {"kept": 1, "dropped": {"nothing_changed": 1}},
            "local": {"kept": 1, "dropped": {}},
            "style": {"kept": 0, "dropped": {"failed": 1, "flat": 1}},
        },
        "thresholds": {
            "all": {"min_patch_change": 0.03, "near_duplicate_distance": 2, "best_per_request": 4},
            "tasks": {},
        },
        "encoder": "fake@1",
        "contamination": {},
        "truth": {"judged": 3, "right": 2, "kept_judged": 2, "kept_right": 2},
    }
    assert read_selection_notes(run) == {**told, "edits": 5}


def test_a_task_that_goes_without_a_common_threshold_says_so(tmp_path: Path) -> None:
    rules = Rules(
        {"max_ssim": 0.9, "min_ssim": None},
        {"add": {"max_ssim": None, "min_ssim": 0.1}},
        None,
        None,
    )
    told = select(scored(tmp_path, ROWS), rules)
    tasks = {"add": {"max_ssim": None, "min_ssim": 0.1}}
    assert told["thresholds"] == {"all": {"max_ssim": 0.9}, "tasks": tasks}


def test_where_no_truth_is_known_none_is_spoken_of(tmp_path: Path) -> None:
    rows = [[replace(made, right=None) for made in shard] for shard in ROWS]
    assert select(scored(tmp_path, rows))["truth"] is None


def test_variants_are_those_of_one_source_image_and_instruction(tmp_path: Path) -> None:
    made = Made(0, patched(0), instruction="a")
    rows = [
        [made, replace(made, variant_index=1)],
        [replace(made, instruction="b"), Made(1, patched(1), instruction="a")],
    ]
    run = scored(tmp_path, rows)
    select(run, replace(KEEP_ALL, near_duplicate_distance=0))
    assert reasons(run) == ["kept", "near_duplicate", "kept", "kept"]


def test_variants_that_disagree_are_dropped_and_the_column_says_how_much(tmp_path: Path) -> None:
    made = Made(0, patched(0))
    rows = [
        [made, replace(made, variant_index=1), Made(1, patched(1))],
        [Made(2, noise(12)), replace(Made(2, noise(22)), variant_index=1)],
        [replace(made, edited=BLACK, variant_index=2), replace(made, edited=None, variant_index=3)],
    ]
    run = scored(tmp_path, rows)
    select(run, replace(KEEP_ALL, bounds={"max_variant_disagreement": 0.1}))
    assert reasons(run) == ["kept", "kept", "kept", *["variants_disagree"] * 2, "flat", "failed"]
    column = pq.read_table(run.path / "selection.parquet")["variant_disagreement"].to_pylist()
    assert column[:2] == [0.0, 0.0]
    assert column[2] is column[5] is column[6] is None
    assert column[3] > 0.5


def evaluation_folder(folder: Path, *pictures: Any, captions: str = "") -> EvaluationSet:
    images = folder / "evaluation"
    images.mkdir()
    for number, pixels in enumerate(pictures):
        (images / f"{number}.png").write_bytes(png_bytes(Image.fromarray(pixels)))
    (folder / "captions.txt").write_text(captions)
    return EvaluationSet(name="mine", path=str(images), captions_file=str(folder / "captions.txt"))


def larger(pixels: Any) -> Any:
    """As a copy of a picture is found elsewhere: another size, a little noise."""
    image = Image.fromarray(pixels).resize((48, 48), Image.Resampling.BICUBIC)
    speckle = np.random.default_rng(0).integers(-4, 5, (48, 48, 3))
    return np.clip(np.asarray(image, np.int16) + speckle, 0, 255).astype(np.uint8)


def test_a_copy_of_a_source_image_or_of_an_edited_image_is_found(tmp_path: Path) -> None:
    rows = [
        [Made(0, noise(10)), Made(1, noise(11)), Made(2, noise(12))],
        [replace(Made(0, noise(20)), variant_index=1)],
    ]
    run = scored(tmp_path, rows)
    config = evaluation_folder(tmp_path, larger(noise(0)), larger(noise(11)), BLACK)
    told = select(run, sets=[config], encoder=FakeImageTextEncoder())
    assert reasons(run) == ["contaminated", "contaminated", "kept", "contaminated"]
    assert told["contamination"] == {"mine": {"images": 3, "captions": 0}}


@pytest.mark.parametrize(
    "sameness", [Sameness(distance=6, similarity=None), Sameness(distance=None, similarity=0.99)]
)
def test_hash_and_embedding_each_find_it_alone(tmp_path: Path, sameness: Sameness) -> None:
    run = scored(tmp_path, [[Made(0, noise(10)), Made(1, noise(11))]])
    config = evaluation_folder(tmp_path, larger(noise(0)))
    select(run, sets=[config], sameness=sameness, encoder=FakeImageTextEncoder())
    assert reasons(run) == ["contaminated", "kept"]


def test_a_literal_caption_an_instruction_and_a_paraphrase_are_found(tmp_path: Path) -> None:
    rows = [
        [
            Made(0, noise(10), instruction="Add a kite", captions=("a kite came",)),
            Made(1, noise(11), instruction="x", captions=("unlike", "A  kite is GONE.")),
            Made(2, noise(12), instruction="Remove the boat"),
            Made(3, noise(13), instruction="Remove the boats"),
        ]
    ]
    run = scored(tmp_path, rows)
    paraphrased = Paraphrased(
        "t", "instruction", "Remove the boat", "", "done", paraphrases=("take the boat away",)
    )
    run.captions.commit(
        0, to_table([paraphrased], CAPTION_SCHEMA), inputs="", counts={}, seconds=0.0
    )
    captions = "add a kite\na kite is gone\nTake the boat away!\n"
    config = evaluation_folder(tmp_path, noise(99), captions=captions)
    told = select(run, sets=[config], encoder=FakeImageTextEncoder())
    assert reasons(run) == ["contaminated", "contaminated", "contaminated", "kept"]
    assert told["contamination"] == {"mine": {"images": 0, "captions": 3}}

    told = select(run, sets=[config.model_copy(update={"captions": False})])
    assert reasons(run) == ["kept"] * 4
    assert told["contamination"] == {"mine": {"images": 0, "captions": 0}}


def test_an_edit_that_was_dropped_before_is_not_counted_as_contaminated(tmp_path: Path) -> None:
    run = scored(tmp_path, [[Made(0, BLACK), Made(1, noise(11))]])
    config = evaluation_folder(tmp_path, larger(noise(0)))
    told = select(run, sets=[config], encoder=FakeImageTextEncoder())
    assert reasons(run) == ["flat", "kept"]
    assert told["contamination"] == {"mine": {"images": 0, "captions": 0}}


def test_a_set_is_read_once_and_again_when_it_has_changed(tmp_path: Path) -> None:
    run = scored(tmp_path, [[Made(0, noise(10)), Made(1, noise(11))]])
    config = evaluation_folder(tmp_path, larger(noise(0)))
    select(run, sets=[config], encoder=FakeImageTextEncoder())
    select(run, sets=[config], sameness=Sameness(None, None))  # no model
    assert reasons(run) == ["kept", "kept"]
    more = tmp_path / "evaluation" / "more.png"
    more.write_bytes(png_bytes(Image.fromarray(larger(noise(11)))))
    select(run, sets=[config], encoder=FakeImageTextEncoder())
    assert reasons(run) == ["contaminated", "contaminated"]


def test_edits_that_came_later_are_compared_as_well(tmp_path: Path) -> None:
    first, second = [Made(0, noise(10))], [Made(1, noise(11))]
    run = scored(tmp_path, [first])
    config = evaluation_folder(tmp_path, larger(noise(11)))
    select(run, sets=[config], encoder=FakeImageTextEncoder())
    scored_run(tmp_path, [first, second], run)
    models = fake_models(FakeImageTextEncoder())
    work = find_work(run, models.identity)
    score_run(run, models, work, batch_size=4, progress=HeardProgress())
    select(run, sets=[config])
    assert reasons(run) == ["kept", "contaminated"]


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


def test_a_damaged_selection_is_said_and_a_missing_one_is_none(tmp_path: Path) -> None:
    run = scored(tmp_path, ROWS)
    assert read_selection_notes(run) is None
    select(run)
    (run.path / "selection.parquet").write_bytes(b"PAR1")
    with pytest.raises(RunError, match=r"run `syned filter` again"):
        read_selection_notes(run)
