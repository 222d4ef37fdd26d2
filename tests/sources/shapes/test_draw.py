"""Pictures show what their scenes hold, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from syned.sources.shapes.draw import draw_scene
from syned.sources.shapes.edits import scene_edit
from syned.sources.shapes.world import (
    BACKGROUNDS,
    COLORS,
    PLACES,
    RADII_PX,
    SCENE_SIZE_PX,
    SHAPES,
    SIGN_PLACES,
    STYLES,
    WEATHERS,
    WORDS,
    Scene,
    Sign,
    Speck,
    Thing,
    place_thing,
)

EMPTY = Scene("white paper", ())
BUSY = scene_edit(0, "train", 0).before

Levels = NDArray[np.int16]
"""Of a picture, shape (64, 64, 3)."""


def drawn(scene: Scene) -> Levels:
    return np.asarray(draw_scene(scene), dtype=np.int16)


def changed(scene: Scene, other: Scene = EMPTY, by: int = 8) -> NDArray[np.bool_]:
    """Where two scenes look different, shape (64, 64)."""
    where: NDArray[np.bool_] = np.abs(drawn(scene) - drawn(other)).max(axis=2) > by
    return where


def one(shape: str = "square", color: str = "red", size: str = "large") -> Thing:
    return place_thing(shape, color, size, "at the top left")


def with_things(*things: Thing) -> Scene:
    return replace(EMPTY, things=things)


def test_a_scene_is_drawn_as_rgb_and_always_the_same() -> None:
    picture = draw_scene(BUSY)
    assert (picture.mode, picture.size) == ("RGB", (SCENE_SIZE_PX, SCENE_SIZE_PX))
    assert picture.tobytes() == draw_scene(BUSY).tobytes()


def test_a_scene_leaves_nothing_behind_in_the_next_one() -> None:
    before = drawn(EMPTY)
    drawn(replace(BUSY, background=EMPTY.background, sign=Sign("STOP", "at the top")))
    np.testing.assert_array_equal(drawn(EMPTY), before)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_thing_lies_at_its_place_and_nowhere_else(shape: str, place: str) -> None:
    x, y = PLACES[place]
    rows, columns = np.nonzero(changed(with_things(place_thing(shape, "red", "large", place))))
    radius, shadow = RADII_PX["large"], 2
    assert x - radius - 1 <= columns.min() < x < columns.max() <= x + radius + shadow
    assert y - radius - 1 <= rows.min() < y < rows.max() <= y + radius + shadow
    assert len(rows) > 0.3 * (2 * radius) ** 2


@pytest.mark.parametrize("color", COLORS)
def test_a_thing_has_its_color(color: str) -> None:
    pixels = drawn(with_things(one(color=color)))[changed(with_things(one(color=color)))]
    found = np.median(pixels, axis=0)
    distances = {name: float(np.abs(found - rgb).sum()) for name, rgb in COLORS.items()}
    assert min(distances, key=lambda name: distances[name]) == color


def test_every_shape_looks_different() -> None:
    outlines = [changed(with_things(one(shape=shape))) for shape in SHAPES]
    for first, second in combinations(outlines, 2):
        assert (first != second).mean() > 0.01


def test_a_large_thing_is_larger_than_a_small_one() -> None:
    small, large = (changed(with_things(one(size=size))).sum() for size in ("small", "large"))
    assert 1.7 < large / small < 2.7  # (12 / 8) ** 2 is 2.25


def test_a_thing_that_is_not_at_the_centre_of_its_place_is_drawn_where_it_is() -> None:
    rows, columns = np.nonzero(changed(with_things(replace(one(shape="circle"), x=40, y=30))))
    assert columns.mean() == pytest.approx(40, abs=1.5)
    assert rows.mean() == pytest.approx(30, abs=1.5)


def test_things_are_drawn_in_their_order() -> None:
    below, above = one(color="red", size="small"), one(color="blue")
    np.testing.assert_array_equal(drawn(with_things(below, above)), drawn(with_things(above)))


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_a_speck_is_small_and_lies_where_the_scene_says(kind: int) -> None:
    rows, columns = np.nonzero(changed(replace(EMPTY, specks=(Speck(kind, 20, 40),))))
    assert 0 < len(rows) <= 16
    assert np.abs(columns + 0.5 - 20).max() < 3
    assert np.abs(rows + 0.5 - 40).max() < 3


@pytest.mark.parametrize("place", SIGN_PLACES)
def test_a_sign_lies_across_its_side_of_the_picture(place: str) -> None:
    rows, columns = np.nonzero(changed(replace(EMPTY, sign=Sign("STOP", place))))
    assert np.abs(rows - SIGN_PLACES[place]).max() < 10
    assert columns.max() - columns.min() > 40


def test_every_word_of_a_sign_looks_different() -> None:
    signs = [replace(EMPTY, sign=Sign(word, "at the top")) for word in WORDS]
    for first, second in combinations(signs, 2):
        assert changed(first, second, by=60).sum() > 10


def test_every_background_looks_different() -> None:
    pictures = [drawn(Scene(background, ())) for background in BACKGROUNDS]
    for first, second in combinations(pictures, 2):
        assert np.abs(first - second).mean() > 3


@pytest.mark.parametrize(
    "scenes",
    [
        [replace(BUSY, weather=weather) for weather in WEATHERS],
        [replace(BUSY, style=style) for style in STYLES],
    ],
    ids=["weather", "style"],
)
def test_every_weather_and_every_style_looks_different(scenes: list[Scene]) -> None:
    for first, second in combinations(map(drawn, scenes), 2):
        assert np.abs(first - second).mean() > 3


def test_night_is_dark_and_snow_and_fog_are_bright() -> None:
    meadow = Scene("a meadow", (one(color="black"),))
    light = {name: drawn(replace(meadow, weather=name)).mean() for name in WEATHERS}
    assert light["night"] < light["sunset"] < light["day"] < light["snow"]
    assert light["day"] < light["fog"]


def test_a_style_applies_to_the_weather_as_well() -> None:
    plain = drawn(replace(BUSY, weather="sunset"))
    negative = drawn(replace(BUSY, weather="sunset", style="negative"))
    np.testing.assert_array_equal(negative, 255 - plain)
    gray = drawn(replace(BUSY, weather="sunset", style="grayscale"))
    assert (gray == gray[..., :1]).all()


def test_large_pixels_are_squares_of_one_color() -> None:
    picture = drawn(replace(BUSY, style="pixelate"))
    corners = picture[::8, ::8].repeat(8, axis=0).repeat(8, axis=1)
    np.testing.assert_array_equal(picture, corners)


def test_a_sketch_is_paper_with_lines_where_brightness_changes() -> None:
    picture = drawn(replace(with_things(one(color="black")), style="sketch"))
    assert (picture.max(axis=2) > 240).mean() > 0.7
    assert picture[np.nonzero(changed(with_things(one(color="black"))))].min() < 100


def test_what_is_out_of_focus_has_softer_edges() -> None:
    sharp, soft = (np.diff(drawn(replace(BUSY, style=s)), axis=1) for s in ("none", "blur"))
    assert np.abs(soft).max() < 0.5 * np.abs(sharp).max()
