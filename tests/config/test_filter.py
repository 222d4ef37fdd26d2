"""What a filter may be told, and what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from syned.config import Quantile, RunConfig, Thresholds, load_config
from syned.errors import ConfigError
from syned.filter.select import BOUNDS
from syned.settings import load_settings


def loaded(folder: Path, text: str, *overrides: str) -> RunConfig:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, overrides)


def message(folder: Path, text: str, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, *overrides)
    return str(caught.value).partition("mine.yaml: ")[2]


def test_the_thresholds_are_the_bounds_that_selection_knows() -> None:
    assert set(Thresholds.model_fields) == set(BOUNDS)


def test_thresholds_are_numbers_quantiles_or_nothing(tmp_path: Path) -> None:
    text = """
filter:
  thresholds: {min_image_similarity: 0.6, max_image_similarity: null}
  tasks:
    style: {min_directional_similarity: {quantile: 0.1}, min_image_similarity: null}
"""
    options = loaded(tmp_path, text, "filter.thresholds.min_ssim=0.1").filter
    assert options.thresholds.min_image_similarity == 0.6
    assert options.thresholds.max_image_similarity is None
    assert options.thresholds.min_ssim == 0.1
    assert options.thresholds.min_directional_similarity == 0.2
    assert options.tasks["style"] == {
        "min_directional_similarity": Quantile(quantile=0.1),
        "min_image_similarity": None,
    }


def test_settings_survive_being_noted_in_a_run(tmp_path: Path) -> None:
    text = "filter: {tasks: {style: {min_ssim: {quantile: 0.5}}}, evaluation: [{name: a, path: b}]}"
    config = loaded(tmp_path, text)
    import yaml

    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump({"config": config.model_dump(mode="json")}))
    assert load_settings(RunConfig, path, section="config") == config


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "{thresholds: {min_directional_similarity: 20}}",
            (
                "filter.thresholds.min_directional_similarity is 20; "
                "a number in [-1, 1] or {quantile: share} is expected"
            ),
        ),
        (
            "{thresholds: {min_patch_change: -0.5}}",
            (
                "filter.thresholds.min_patch_change is -0.5; "
                "a number in [0, 1] or {quantile: share} is expected"
            ),
        ),
        (
            "{thresholds: {min_ssim: .nan}}",
            (
                "filter.thresholds.min_ssim is nan; "
                "a number in [-1, 1] or {quantile: share} is expected"
            ),
        ),
        (
            "{thresholds: {min_ssim: {quantile: 10}}}",
            "filter.thresholds.min_ssim has quantile 10; a share in [0, 1] is expected",
        ),
        (
            "{thresholds: {min_imge_similarity: 0.5}}",
            (
                "filter.thresholds.min_imge_similarity is not a setting; "
                "did you mean filter.thresholds.min_image_similarity?"
            ),
        ),
        (
            "{tasks: {style: {min_sim: 0.5}}}",
            "filter.tasks has style.min_sim, which is no threshold; did you mean min_ssim?",
        ),
        (
            "{tasks: {style: {min_ssim: 5}}}",
            (
                "filter.tasks has style.min_ssim, which is 5; "
                "a number in [-1, 1] or {quantile: share} is expected"
            ),
        ),
        (
            "{evaluation: [{name: a, path: x}, {name: a, path: y}]}",
            "filter.evaluation has 'a' twice; every set needs a name of its own",
        ),
        (
            "{evaluation: [{name: a}]}",
            "filter.evaluation.0.path is missing; an evaluation set of kind images needs a folder",
        ),
        (
            "{evaluation: [{name: a, kind: hub}]}",
            (
                "filter.evaluation.0.dataset is missing; "
                "an evaluation set of kind hub needs a dataset or a path"
            ),
        ),
        (
            "{evaluation: [{name: a, kind: shapes}]}",
            (
                "filter.evaluation.0.limit is missing; "
                "the scenes of an evaluation set of kind shapes never end"
            ),
        ),
        (
            "{evaluation: [{name: a, kind: shapes, limit: 4, path: x}]}",
            (
                "filter.evaluation.0.path is 'x', "
                "but an evaluation set of kind shapes does not read it"
            ),
        ),
        (
            "{device: gpu}",
            "filter.device is 'gpu'; one of auto, cpu, cuda, cuda:N, mps is expected",
        ),
    ],
)
def test_a_mistake_is_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    assert message(tmp_path, f"filter: {text}") == sentence


def test_the_name_of_a_set_is_the_name_of_a_file(tmp_path: Path) -> None:
    assert "evaluation.0.name" in message(tmp_path, "filter: {evaluation: [{name: ../a, path: b}]}")
