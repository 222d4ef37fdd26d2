from __future__ import annotations

import pytest

from syned.captioning.data.arms import (
    Material,
    budget_of,
    check_leaks,
    content_of,
    open_material,
    seen,
)
from syned.captioning.data.pairs import subset
from syned.config import ArmConfig, TrainEvalConfig, TrainingConfig
from syned.errors import ConfigError, DataError
from tests.captioning.gains.small_experiment import open_colors, small_config


def material_of(config: TrainEvalConfig) -> Material:
    return open_material(config, open_colors)


def arm_of(value: object) -> ArmConfig:
    return ArmConfig.model_validate(value)


def test_sets_of_a_phase_are_mixed_and_phases_keep_their_order() -> None:
    material = material_of(small_config())
    (mixed,) = material.phases(arm_of([["real", "syned"]]))
    assert len(mixed.pairs.infos) == 3 + 8
    first, second = material.phases(arm_of([["syned"], ["real"]]))
    assert (len(first.pairs.infos), len(second.pairs.infos)) == (8, 3)


def test_a_phase_can_have_a_larger_share_of_the_steps() -> None:
    material = material_of(small_config())
    phases = [{"sets": ["syned"], "share": 3}, ["real"]]
    assert [phase.share for phase in material.phases(arm_of(phases))] == [3, 1]


def test_a_set_can_be_repeated_within_a_phase() -> None:
    material = material_of(small_config())
    (phase,) = material.phases(arm_of([{"sets": ["real", "syned"], "repeat": {"real": 4}}]))
    assert len(phase.pairs.infos) == 4 * 3 + 8
    assert phase.pairs.infos[3] == phase.pairs.infos[0]


def test_an_arm_without_pictures_keeps_the_words_and_shows_one_gray_for_all() -> None:
    material = material_of(small_config())
    arm = arm_of({"phases": [["real"]], "blank_images": True})
    (phase,) = material.phases(arm)
    assert list(phase.pairs.infos) == list(material.sets["real"].infos)
    pictures = {image.tobytes() for place in range(3) for image in phase.pairs.images(place)}
    assert len(pictures) == 1
    assert seen(material.test, arm_of([["real"]])) is material.test


def test_every_arm_gets_the_same_steps_and_looks() -> None:
    material = material_of(small_config())
    arms = {
        "real": material.phases(arm_of([["real"]])),
        "both": material.phases(arm_of([["real", "syned"]])),
    }
    assert budget_of(TrainingConfig(steps=40), arms).eval_every == 2
    assert budget_of(TrainingConfig(steps=40, eval_every=7), arms).eval_every == 7
    of_epochs = budget_of(TrainingConfig(epochs=10, batch_size=2, gradient_accumulation=1), arms)
    assert of_epochs.steps == 10 * 11 / 2 == 55


def test_the_missing_set_is_named_and_how_to_have_one() -> None:
    config = small_config(sets={"real": {"kind": "shapes", "limit": 3}})
    with pytest.raises(ConfigError) as caught:
        material_of(config)
    assert str(caught.value) == (
        "arm 'real+syned' is trained on the set 'syned', but train_eval.sets has only real; "
        "publish the run with `syned publish`, or say there where its pairs are"
    )


@pytest.mark.parametrize("name", ["validation", "test"])
def test_without_validation_or_test_pairs_nothing_is_trained(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"train_eval.{name} is missing.*split: {name}"):
        material_of(small_config(**{name: None}))


@pytest.mark.parametrize("held_out", ["validation", "test"])
def test_a_source_image_in_training_and_held_out_is_refused(held_out: str) -> None:
    config = small_config(**{held_out: {"kind": "shapes", "split": "train", "limit": 9}})
    with pytest.raises(DataError, match=f"sets.real and {held_out}: "):
        check_leaks(material_of(config))


def test_a_source_image_in_validation_and_test_is_refused() -> None:
    config = small_config(validation={"kind": "shapes", "split": "test", "limit": 2})
    with pytest.raises(DataError, match="validation and test: 2 of 2"):
        check_leaks(material_of(config))


def test_pairs_that_share_nothing_are_no_leak() -> None:
    check_leaks(material_of(small_config()))


def test_the_content_of_a_set_follows_its_words_and_its_pictures() -> None:
    config = small_config()
    before = content_of(material_of(config))
    assert content_of(material_of(config)) == before
    other = {**config.sets, "real": config.sets["real"].model_copy(update={"seed": 1})}
    after = content_of(material_of(config.model_copy(update={"sets": other})))
    assert {name for name in before if before[name] != after[name]} == {"sets.real"}


def test_the_order_of_pairs_is_part_of_their_content() -> None:
    material = material_of(small_config())
    turned = Material(material.sets, material.validation, subset(material.test, range(15, -1, -1)))
    assert content_of(turned)["test"] != content_of(material)["test"]
