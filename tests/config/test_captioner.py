from __future__ import annotations

from typing import Any

import pytest

from syned.config import Blip2idcConfig, NewBlip2, TrainingConfig, TwoStreamConfig
from syned.errors import ConfigError
from syned.settings import Settings, validate


def mistakes(kind: type[Settings], **values: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        validate(kind, values, "here")
    return str(caught.value)


def test_heads_divide_the_width_and_patches_the_picture() -> None:
    assert "does not divide width 100" in mistakes(NewBlip2, width=100, heads=3)
    assert "does not divide width 100" in mistakes(TwoStreamConfig, width=100, heads=3)
    assert "does not divide image_size_px 64" in mistakes(
        NewBlip2, image_size_px=64, patch_size_px=7
    )


def test_a_new_model_is_trained_whole_and_a_loaded_one_by_lora() -> None:
    assert Blip2idcConfig().trainable == "lora"
    assert Blip2idcConfig(new=NewBlip2()).trainable == "all"
    assert "a new model has nothing to add to" in mistakes(Blip2idcConfig, new={}, trainable="lora")


def test_a_captioner_says_which_checkpoint_it_starts_from() -> None:
    assert Blip2idcConfig(model="a/b").starts_from == "a/b"
    assert Blip2idcConfig(new=NewBlip2()).starts_from is None
    assert TwoStreamConfig(encoder="bundled:shapes").starts_from == "bundled:shapes"


def test_the_papers_recipe_fills_in_what_is_not_given() -> None:
    paper = validate(TrainingConfig, {"recipe": "paper"}, "here")
    own = validate(TrainingConfig, {"recipe": "paper", "learning_rate": 3e-5}, "here")
    assert (paper.batch_size, paper.learning_rate) == (16, 1e-4)
    assert (own.batch_size, own.learning_rate) == (16, 3e-5)
    assert (paper.patience, paper.warmup_fraction) == (10, 0.0)


def test_without_a_recipe_the_papers_settings_are_not_taken() -> None:
    paper, own = TrainingConfig(recipe="paper"), validate(TrainingConfig, {"steps": 3}, "here")
    assert {own.patience, own.batch_size} & {paper.patience, paper.batch_size} == set()


@pytest.mark.parametrize("given", [[2, 1], [0, 1], [-1, 1]])
def test_a_blur_is_a_range_above_zero(given: list[float]) -> None:
    assert "a range from low to high, above 0" in mistakes(TrainingConfig, blur_sigma=given)


def test_a_device_that_is_none_is_refused() -> None:
    assert "one of auto, cpu, cuda" in mistakes(TrainingConfig, device="gpu")
