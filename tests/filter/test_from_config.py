"""From the settings of the filter to its models and rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syned import libraries
from syned.config import FilterConfig, RunConfig
from syned.errors import EngineError, RunError
from syned.filter.contamination import Sameness
from syned.filter.from_config import (
    filter_rules,
    filter_settings,
    name_models,
    refuse_other_models,
    sameness,
    scores_in_hand,
    scoring_models,
)
from syned.filter.shards import Models, score_run
from syned.models.fake import FakeImageTextEncoder
from syned.run.directory import Run
from tests.conftest import HeardProgress, make_config, new_run
from tests.filter.test_select import columns
from tests.scored_run import Made, fake_models, noise, scored_run

pytest.importorskip("imagehash")
pytest.importorskip("skimage")


def config_of(**settings: Any) -> RunConfig:
    """A config whose filter has the fake encoder unless another is given."""
    options = FilterConfig.model_validate({"encoder": "fake", **settings})
    return make_config().model_copy(update={"filter": options})


def score(run: Run, config: RunConfig, models: Models | None = None) -> None:
    with scores_in_hand(config, run, models) as (found, work):
        score_run(run, found, work, batch_size=4, progress=HeardProgress())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return scored_run(tmp_path, [[Made(0, noise(10))], [Made(1, noise(11))]])


def test_what_decides_scores_is_noted_and_thresholds_are_not() -> None:
    options = config_of(encoder="a/b@1", dino="c/d").filter
    assert filter_settings(options) == {"filter.encoder": "a/b@1", "filter.dino": "c/d"}
    other = config_of(encoder="a/b@1", dino="c/d", best_per_request=1, batch_size=3).filter
    assert filter_settings(other) == filter_settings(options)


def test_quantiles_become_numbers_of_the_edits_at_hand() -> None:
    options = config_of(
        thresholds={"min_ssim": {"quantile": 0.5}, "min_image_similarity": 0.6, "max_ssim": None},
        tasks={"style": {"min_ssim": {"quantile": 1.0}, "min_image_similarity": None}},
        near_duplicate_distance=3,
        best_per_request=None,
    ).filter
    of = columns(3, tasks=("style", "local"), task=[0, 1, 1], ssim=[0.3, 0.5, 0.9])
    rules = filter_rules(options, of)
    assert (rules.bounds["min_ssim"], rules.bounds["max_ssim"]) == (0.5, None)
    assert rules.bounds["min_image_similarity"] == 0.6
    assert rules.tasks["style"]["min_ssim"] == 0.3
    assert rules.tasks["style"]["min_image_similarity"] is None
    assert (rules.near_duplicate_distance, rules.best_per_request) == (3, None)


def test_likeness_to_an_evaluation_set_has_the_limits_of_the_config() -> None:
    options = config_of(contamination_distance=None, contamination_similarity=0.9).filter
    assert sameness(options) == Sameness(distance=None, similarity=0.9)


def test_the_fake_encoder_needs_no_library_and_has_no_dino() -> None:
    assert name_models(config_of(dino="c/d").filter) == ("fake@1", "")


def test_a_model_is_loaded_when_it_is_asked_for_and_once() -> None:
    models = scoring_models(config_of().filter, ("fake@1", ""))
    assert models.encoder() is models.encoder()
    assert (models.encoder_name, models.dino, models.dino_name) == ("fake@1", None, "")
    nowhere = scoring_models(config_of(encoder="./nowhere", dino="./gone").filter, ("a@1", "b@2"))
    assert nowhere.identity != models.identity
    assert nowhere.dino is not None


def test_an_encoder_that_turns_out_to_be_another_is_refused() -> None:
    pytest.importorskip("torch")
    options = config_of(encoder="bundled:shapes", device="cpu").filter
    with pytest.raises(EngineError, match=r"scored with bundled:shapes@before, but .*shapes@sha"):
        scoring_models(options, ("bundled:shapes@before", "")).encoder()


@pytest.mark.parametrize(
    ("noted", "found", "message"),
    [
        (("a@1", "d@1"), ("a@2", "d@1"), "was scored with a@1, but its settings now stand for a@2"),
        (("a@1", ""), ("a@1", "d@1"), "scored with no DINOv2, but its settings now stand for d@1"),
        (("a@1", "d@1"), ("a@1", ""), "scored with d@1, but .* stand for no DINOv2; name the"),
    ],
)
def test_models_other_than_the_runs_are_refused_by_name(
    noted: tuple[str, str], found: tuple[str, str], message: str
) -> None:
    refuse_other_models(noted, noted)
    with pytest.raises(EngineError, match=message):
        refuse_other_models(noted, found)


def test_a_missing_library_is_named_before_anything_is_written(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (run.path / "run.yaml").read_bytes()
    monkeypatch.setattr(libraries, "find_spec", lambda name: None if name == "skimage" else name)
    missing = pytest.raises(EngineError, match=r"measuring pictures needs skimage.*syned\[filter\]")
    with missing, scores_in_hand(config_of(), run, None):
        pass
    assert not (run.path / "scores.lock").exists()
    assert (run.path / "run.yaml").read_bytes() == before


def test_scores_are_in_the_hand_of_one_process(run: Run) -> None:
    with scores_in_hand(config_of(), run, None) as (_, work):
        assert len(work.edits) == 2
        with pytest.raises(RunError, match="is in use"), scores_in_hand(config_of(), run, None):
            pass
    with scores_in_hand(config_of(), run, None):
        pass


def test_what_a_killed_filter_left_half_written_is_cleared_away(run: Run) -> None:
    leftovers = [f.path / "00000.parquet.tmp-1" for f in (run.image_scores, run.edit_scores)]
    for path in leftovers:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"half")
    score(run, config_of())
    assert not any(path.exists() for path in leftovers)


def test_a_run_notes_the_models_that_it_was_scored_with(run: Run) -> None:
    score(run, config_of(best_per_request=1))
    noted = run.settings()
    assert noted["versions"]["image_text_encoder"] == "fake@1"
    assert noted["versions"]["dino"] == ""
    assert noted["config"]["filter"]["best_per_request"] == 1


def test_another_encoder_is_refused_once_there_are_scores(run: Run) -> None:
    with scores_in_hand(config_of(encoder="a/b"), run, fake_models()):
        pass  # nothing was scored
    score(run, config_of())
    with pytest.raises(RunError, match="made with encoder fake, this config says a/b"):
        score(run, config_of(encoder="a/b"))


def test_models_are_looked_for_only_when_there_is_more_to_score(run: Run) -> None:
    config = config_of(encoder="./nowhere")
    score(run, config, fake_models(FakeImageTextEncoder()))
    with scores_in_hand(config, run, None) as (models, work):
        assert models.encoder_name == "fake@1"
        assert not work.todo
    run.edit_scores.remove(0)
    with pytest.raises(EngineError, match="nowhere"), scores_in_hand(config, run, None):
        pass


def test_more_edits_are_not_scored_with_a_newer_revision(run: Run) -> None:
    older = Models(FakeImageTextEncoder, "fake@0")
    score(run, config_of(), older)
    run.edit_scores.remove(0)
    message = "was scored with fake@0, but its settings now stand for fake@1"
    with pytest.raises(EngineError, match=message), scores_in_hand(config_of(), run, None):
        pass


def test_a_run_that_is_not_there_is_refused(tmp_path: Path) -> None:
    missing = Run.create_or_open(make_config(), data_dir=tmp_path)
    with (
        pytest.raises(RunError, match="has no run 'test'"),
        scores_in_hand(config_of(), missing, None),
    ):
        pass
    with scores_in_hand(config_of(), new_run(tmp_path), None) as (_, work):
        assert not work.edits


def test_models_that_are_given_are_taken_as_they_are(run: Run) -> None:
    given = replace(fake_models(FakeImageTextEncoder()), dino_name="d@1")
    with scores_in_hand(config_of(), run, given) as (models, work):
        assert models is given
        assert set(work.edits_todo) == {0, 1}
