"""Evaluation sets, read once and compared once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from syned.config import EvaluationSet
from syned.errors import ConfigError
from syned.filter import evaluation_sets
from syned.filter.contamination import Sameness
from syned.filter.evaluation_sets import KnownSet, known_sets
from syned.filter.shards import Models, find_work, score_run
from syned.models.fake import FakeImageTextEncoder
from syned.run.directory import Run
from syned.sources.png import png_bytes
from tests.conftest import HeardProgress
from tests.filter.selected_run import (
    BLACK,
    evaluation_folder,
    larger,
    reasons,
    scored,
    select,
)
from tests.scored_run import Made, fake_models, noise, scored_run

pytest.importorskip("imagehash")
pytest.importorskip("skimage")


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


def known(
    run: Run,
    config: EvaluationSet,
    models: Models | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> KnownSet:
    models = models or fake_models(FakeImageTextEncoder())
    work = find_work(run, fake_models().identity)
    (found,) = known_sets(run, work, [config], models, batch_size=4, say=say)
    return found


def test_source_images_and_edits_are_compared_each_in_its_order(tmp_path: Path) -> None:
    rows = [
        [Made(0, noise(10)), Made(1, noise(11))],
        [replace(Made(1, noise(12)), variant_index=1)],
    ]
    run = scored(tmp_path, rows)
    pictures = [noise(1), noise(12)]
    found = known(run, evaluation_folder(tmp_path, *pictures))
    assert (found.images.distance == 0).tolist() == [False, True, True]  # one a row of the plan
    assert (found.images.similarity > 0.999).tolist() == [False, True, True]
    assert (found.edits.distance == 0).tolist() == [False, False, True]
    assert (found.edits.similarity > 0.999).tolist() == [False, False, True]


def test_a_flat_picture_of_a_set_is_no_ones_likeness(tmp_path: Path) -> None:
    """The perceptual hash of one color says nothing, so that others could share it by accident."""
    run = scored(tmp_path, [[Made(0, noise(10))]])
    found = known(run, evaluation_folder(tmp_path, BLACK))
    assert found.edits.distance.tolist() == [64]
    assert found.edits.similarity[0] > -1


def test_texts_are_kept_folded_and_once(tmp_path: Path) -> None:
    run = scored(tmp_path, [[Made(0, noise(10))]])
    words = "Add a kite.\n\nadd a KITE\nadd a boat\n"
    found = known(run, evaluation_folder(tmp_path, noise(99), captions=words))
    assert found.texts == {"add a kite", "add a boat"}


def test_texts_count_only_where_the_config_wants_them(tmp_path: Path) -> None:
    run = scored(tmp_path, [[Made(0, noise(10))]])
    config = evaluation_folder(tmp_path, noise(99), captions="add a kite")
    assert known(run, config.model_copy(update={"captions": False})).texts == frozenset()


def test_a_set_is_embedded_anew_for_another_encoder(tmp_path: Path) -> None:
    run = scored(tmp_path, [[Made(0, noise(10))]])
    config, encoder = evaluation_folder(tmp_path, noise(99)), FakeImageTextEncoder()
    known(run, config, fake_models(encoder))
    known(run, config, fake_models(encoder))
    assert encoder.images == 1
    known(run, config, Models(lambda: encoder, "fake@2"))
    assert encoder.images == 2


@pytest.mark.parametrize("name", ["mine.parquet", "mine.nearest.parquet"])
def test_a_file_that_was_cut_off_is_made_again(tmp_path: Path, name: str) -> None:
    run = scored(tmp_path, [[Made(0, noise(10))]])
    config = evaluation_folder(tmp_path, larger(noise(10)))
    before = known(run, config)
    file = run.path / "scores" / "evaluation" / name
    whole = file.read_bytes()
    file.write_bytes(whole[:-7])
    assert known(run, config).edits.distance.tolist() == before.edits.distance.tolist()
    assert file.read_bytes() == whole


def test_what_was_compared_before_is_not_compared_again(tmp_path: Path) -> None:
    run = scored(tmp_path, [[Made(0, noise(10))]])
    config = evaluation_folder(tmp_path, larger(noise(10)))
    before, work = known(run, config), find_work(run, fake_models().identity)
    run.edit_scores.file(0).unlink()  # only a comparison reads it
    (again,) = known_sets(run, work, [config], fake_models(), batch_size=4, say=print)
    assert again.edits.distance.tolist() == before.edits.distance.tolist()


def test_what_takes_a_while_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_sets, "SAID_EVERY", 4)
    run, said = scored(tmp_path, [[Made(0, noise(10))]]), list[str]()
    config = evaluation_folder(tmp_path, *(noise(n) for n in range(20, 27)), captions="a\nb")
    known(run, config, say=said.append)
    assert said == [
        "evaluation set mine: reading it",
        "evaluation set mine: 7 pictures so far",
        "evaluation set mine: 7 pictures, 2 texts",
    ]


def test_a_set_that_is_not_there_is_refused(tmp_path: Path) -> None:
    run = scored(tmp_path, [[Made(0, noise(10))]])
    with pytest.raises(ConfigError, match="mine"):
        known(run, EvaluationSet(name="mine", path=str(tmp_path / "gone")))
