"""Scenes hold what a world without doubt may hold, and each belongs to one split."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from syned.sources.shapes.world import (
    BACKGROUNDS,
    JITTER_PX,
    PLACES,
    SCENE_SIZE_PX,
    SIGN_PLACES,
    WORDS,
    Scene,
    Sign,
    place_thing,
    places_under,
    random_scene,
    split_of,
)

SCENES = [random_scene(random.Random(seed)) for seed in range(1500)]
STAR = place_thing("star", "red", "large", "in the middle")
MOON = place_thing("moon", "blue", "small", "at the top left")


def test_the_same_random_numbers_give_the_same_scene() -> None:
    assert random_scene(random.Random(7)) == SCENES[7] != SCENES[8]


def test_a_random_scene_holds_one_to_five_things_of_different_kinds() -> None:
    assert {len(scene.things) for scene in SCENES} == {1, 2, 3, 4, 5}
    for scene in SCENES:
        kinds = {(thing.shape, thing.color) for thing in scene.things}
        assert len(kinds) == len(scene.things)


def test_things_lie_near_places_of_their_own_and_not_under_a_sign() -> None:
    for scene in SCENES:
        places = [thing.place for thing in scene.things]
        assert len(set(places)) == len(places)
        assert not set(places) & places_under(scene.sign)
        for thing in scene.things:
            x, y = PLACES[thing.place]
            assert max(abs(thing.x - x), abs(thing.y - y)) <= JITTER_PX
    assert len({thing.x for scene in SCENES for thing in scene.things}) > len(SCENES)


def test_specks_are_few_and_inside_the_picture() -> None:
    assert {len(scene.specks) for scene in SCENES} == {0, 1, 2, 3}
    specks = [speck for scene in SCENES for speck in scene.specks]
    assert {speck.kind for speck in specks} == {0, 1, 2}
    assert all(0 < min(s.x, s.y) <= max(s.x, s.y) < SCENE_SIZE_PX for s in specks)


def test_all_that_a_scene_may_have_occurs_and_most_scenes_are_plain_days() -> None:
    assert {scene.background for scene in SCENES} == set(BACKGROUNDS)
    signs = [scene.sign for scene in SCENES if scene.sign is not None]
    assert {(sign.word, sign.place) for sign in signs} == {
        (w, p) for w in WORDS for p in SIGN_PLACES
    }
    assert 0.2 < len(signs) / len(SCENES) < 0.3
    weathers = Counter(scene.weather for scene in SCENES)
    assert weathers.keys() == {"day", "night", "fog"}
    assert 0.85 < weathers["day"] / len(SCENES) < 0.95
    assert {scene.style for scene in SCENES} == {"none"}


def test_a_sign_covers_both_places_of_its_side() -> None:
    assert places_under(Sign("STOP", "at the top")) == {"at the top left", "at the top right"}
    assert places_under(Sign("STOP", "at the bottom")) == {
        "at the bottom left",
        "at the bottom right",
    }
    assert places_under(None) == set()


def test_a_place_is_free_without_a_thing_and_without_a_sign() -> None:
    scene = Scene("stripes", (STAR, MOON))
    assert scene.free_places() == [
        "at the top right",
        "at the bottom left",
        "at the bottom right",
    ]
    assert replace(scene, sign=Sign("STOP", "at the bottom")).free_places() == ["at the top right"]


def test_a_changed_thing_keeps_its_place_in_the_order() -> None:
    heart = place_thing("heart", "pink", "small", "at the bottom right")
    scene = Scene("stripes", (MOON, STAR, heart), weather="fog")
    green = replace(STAR, color="green")
    assert scene.with_thing(STAR, green) == replace(scene, things=(MOON, green, heart))


@pytest.mark.parametrize("place", PLACES)
def test_a_thing_that_is_asked_for_lies_at_the_very_centre_of_its_place(place: str) -> None:
    thing = place_thing("star", "red", "small", place)
    assert ((thing.x, thing.y), thing.place) == (PLACES[place], place)


def test_a_split_does_not_hang_on_what_nobody_would_notice() -> None:
    for scene in SCENES[:200]:
        shaken = replace(
            scene,
            things=tuple(replace(t, x=t.x + 0.7) for t in reversed(scene.things)),
            specks=(),
        )
        assert split_of(shaken) == split_of(scene)


def test_a_split_hangs_on_all_that_somebody_would_notice() -> None:
    """A tenth of the scenes is in each small split, so many changes move many scenes."""
    sign = Sign("STOP", "at the top")
    changes: dict[str, Callable[[Scene], Scene]] = {
        "background": lambda scene: replace(scene, background="stripes"),
        "sign": lambda scene: replace(scene, sign=sign),
        "word": lambda scene: replace(scene, sign=replace(scene.sign or sign, word="EXIT")),
        "weather": lambda scene: replace(scene, weather="snow"),
        "thing": lambda scene: replace(scene, things=scene.things[1:]),
        "color": lambda scene: scene.with_thing(
            scene.things[0], replace(scene.things[0], color="gray")
        ),
        "size": lambda scene: scene.with_thing(
            scene.things[0], replace(scene.things[0], size="huge")
        ),
        "place": lambda scene: scene.with_thing(
            scene.things[0], replace(scene.things[0], place="elsewhere")
        ),
    }
    for name, change in changes.items():
        moved = sum(split_of(change(scene)) != split_of(scene) for scene in SCENES[:200])
        assert moved > 20, name


def test_of_ten_scenes_eight_are_for_training() -> None:
    shares = Counter(split_of(scene) for scene in SCENES)
    assert shares["train"] / len(SCENES) == pytest.approx(0.8, abs=0.03)
    assert shares["validation"] / len(SCENES) == pytest.approx(0.1, abs=0.03)
    assert shares["test"] / len(SCENES) == pytest.approx(0.1, abs=0.03)
