"""Which edits are known from an evaluation set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from syned.config import EvaluationSet
from syned.filter.contamination import Sameness, contaminations
from syned.filter.evaluation_sets import known_sets
from syned.filter.nearest import Nearest
from syned.filter.scored import read_scored
from syned.filter.shards import find_work
from syned.models.fake import FakeImageTextEncoder
from syned.run.directory import Run
from syned.run.records import CAPTION_SCHEMA, Paraphrased, to_table
from tests.filter.selected_run import (
    BLACK,
    NEAR,
    evaluation_folder,
    larger,
    reasons,
    scored,
    select,
)
from tests.scored_run import Made, fake_models, noise

pytest.importorskip("imagehash")
pytest.importorskip("skimage")


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


NEAREST = Nearest(np.array([0, 6, 7, 64], np.uint8), np.array([-1, 0.2, 0.97, 1], np.float32))


@pytest.mark.parametrize(
    ("sameness", "same"),
    [
        (Sameness(6, 0.97), [True, True, True, True]),
        (Sameness(6, None), [True, True, False, False]),
        (Sameness(None, 0.97), [False, False, True, True]),
        (Sameness(0, 1.0), [True, False, False, True]),
        (Sameness(None, None), [False, False, False, False]),
    ],
)
def test_a_picture_is_the_same_by_either_measure_up_to_its_limit(
    sameness: Sameness, same: list[bool]
) -> None:
    assert sameness.same(NEAREST).tolist() == same


def found(run: Run, *configs: EvaluationSet) -> dict[str, dict[str, list[bool]]]:
    models = fake_models(FakeImageTextEncoder())
    work = find_work(run, models.identity)
    known = known_sets(run, work, configs, models, batch_size=4, say=lambda text: None)
    flags = contaminations(run, read_scored(run, work, captions=True), known, NEAR)
    return {
        name: {what: rows.tolist() for what, rows in of_set.items()}
        for name, of_set in flags.items()
    }


def test_without_an_evaluation_set_not_even_captions_are_needed(tmp_path: Path) -> None:
    run = scored(tmp_path, [[Made(0, noise(10))]])
    work = find_work(run, fake_models().identity)
    edits = read_scored(run, work, captions=False)
    assert contaminations(run, edits, [], NEAR) == {}


def test_each_set_has_findings_of_its_own(tmp_path: Path) -> None:
    run = scored(tmp_path, [[Made(0, noise(10)), Made(1, noise(11), instruction="Add a kite")]])
    one = evaluation_folder(tmp_path, larger(noise(0)), captions="add a kite")
    other = one.model_copy(update={"name": "other", "captions": False})
    told = found(run, one, other)
    assert told["mine"] == {"images": [True, False], "captions": [False, True]}
    assert told["other"] == {"images": [True, False], "captions": [False, False]}


def test_a_failed_edit_is_known_by_its_source_image_and_its_texts(tmp_path: Path) -> None:
    rows = [[Made(0, None), Made(1, None, instruction="Add a kite"), Made(2, None)]]
    config = evaluation_folder(tmp_path, larger(noise(0)), captions="add a kite")
    told = found(scored(tmp_path, rows), config)["mine"]
    assert told == {"images": [True, False, False], "captions": [False, True, False]}


def test_paraphrases_of_texts_in_every_shard_of_captions_are_known(tmp_path: Path) -> None:
    run = scored(tmp_path, [[Made(0, noise(10), captions=("a", "b")), Made(1, noise(11))]])
    for shard, text in enumerate(("b", "instruction 1")):
        row = Paraphrased("t", "caption", text, "", "done", paraphrases=(f"{text} in other words",))
        table = to_table([row], CAPTION_SCHEMA)
        run.captions.commit(shard, table, inputs="", counts={}, seconds=0.0)
    words = "b in other words\ninstruction 1 in other words"
    config = evaluation_folder(tmp_path, noise(99), captions=words)
    assert found(run, config)["mine"]["captions"] == [True, True]
