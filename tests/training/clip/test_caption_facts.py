"""What a caption says is what the scene holds."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("torch")

import torch

from syned.sources.shapes.edits import STYLE_CAPTIONS, TASKS, WEATHER_CAPTIONS, describe, scene_edit
from syned.sources.shapes.world import (
    BACKGROUNDS,
    COLORS,
    PLACES,
    RADII_PX,
    SHAPES,
    SIGN_PLACES,
    WORDS,
    Scene,
)
from syned.training.clip.caption_facts import CLASSES, facts_loss, facts_of


def answers_of(scene: Scene) -> list[int]:
    """The same answers, read off the scene itself."""
    answers: list[int] = []
    at = {thing.place: thing for thing in scene.things}
    for place in PLACES:
        if place not in at:
            answers += [0, 0, 0]
            continue
        thing = at[place]
        answers += [
            1 + list(RADII_PX).index(thing.size),
            1 + list(COLORS).index(thing.color),
            1 + SHAPES.index(thing.shape),
        ]
    sign = scene.sign
    answers += [
        1 + WORDS.index(sign.word) if sign else 0,
        1 + list(SIGN_PLACES).index(sign.place) if sign else 0,
        BACKGROUNDS.index(scene.background),
        list(WEATHER_CAPTIONS).index(scene.weather),
        list(STYLE_CAPTIONS).index(scene.style),
    ]
    return answers


def test_captions_say_all_that_distinguishes_scenes() -> None:
    edits = [scene_edit(i, "train", 3) for i in range(40 * len(TASKS))]
    for scene in [scene for edit in edits for scene in (edit.before, edit.after)]:
        assert facts_of(describe(scene)) == answers_of(scene)


def test_every_answer_occurs_and_none_lies_beyond_its_classes() -> None:
    edits = [scene_edit(i, "train", 0) for i in range(2000)]
    facts = torch.tensor([facts_of(describe(edit.after)) for edit in edits])
    assert tuple(facts.max(0).values + 1) == CLASSES
    assert facts.min() == 0


def test_a_caption_of_nothing_known_answers_nothing() -> None:
    assert facts_of("a photo of a dog") == [0] * len(CLASSES)


def test_sure_and_right_answers_cost_nothing_and_wrong_ones_count() -> None:
    rng = random.Random(0)
    facts = torch.tensor([[rng.randrange(n) for n in CLASSES] for _ in range(6)])
    sure = torch.cat(
        [torch.nn.functional.one_hot(facts[:, i], n) * 50.0 for i, n in enumerate(CLASSES)], dim=1
    )
    assert facts_loss(sure, facts).item() == pytest.approx(0, abs=1e-5)
    unsure = torch.zeros_like(sure)
    expected = torch.tensor(CLASSES).float().log().mean().item()
    assert facts_loss(unsure, facts).item() == pytest.approx(expected)
    facts[0, 0] = (facts[0, 0] + 1) % CLASSES[0]
    assert facts_loss(sure, facts).item() > 0.1
