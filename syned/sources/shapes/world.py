"""The scenes of the `shapes` world: what they hold, and how one is drawn at random.

The world is closed: a scene is a background, up to five things, each at a place of its own, unnamed
specks, at most one sign, and the weather. An edit that names its words fully therefore has exactly
one right result, and the editor can be scored against it.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace
from typing import Literal

SCENE_SIZE_PX = 64

Split = Literal["train", "validation", "test"]

COLORS: dict[str, tuple[int, int, int]] = {
    "red": (214, 48, 49),
    "orange": (243, 146, 33),
    "yellow": (250, 214, 60),
    "green": (46, 150, 80),
    "blue": (45, 104, 208),
    "purple": (142, 68, 173),
    "black": (44, 46, 54),
    "pink": (240, 118, 182),
}
SHAPES = ("circle", "square", "triangle", "star", "heart", "diamond", "cross", "moon")
RADII_PX: dict[str, float] = {"small": 8.0, "large": 12.0}
"""Half the width of a thing, in pixels of the finished scene."""

PLACES: dict[str, tuple[float, float]] = {
    "at the top left": (15.5, 16.0),
    "at the top right": (48.5, 16.0),
    "in the middle": (32.0, 32.0),
    "at the bottom left": (15.5, 48.0),
    "at the bottom right": (48.5, 48.0),
}
"""Centres in pixels; neighbours may touch, and never hide one another."""

SIGN_PLACES: dict[str, float] = {"at the top": 9.0, "at the bottom": 55.0}
"""Height of a sign's centre, in pixels from the top."""

BACKGROUNDS = (
    "white paper",
    "pink paper",
    "mint paper",
    "light blue paper",
    "cream paper",
    "a meadow",
    "a beach",
    "the sea",
    "a brick wall",
    "a wooden floor",
    "a checkered floor",
    "polka dots",
    "stripes",
)
WORDS = ("OPEN", "SALE", "STOP", "EXIT", "TAXI", "CAFE", "ZOO", "HELLO")
WEATHERS = ("day", "night", "fog", "sunset", "snow")
STYLES = ("none", "grayscale", "sepia", "blur", "pixelate", "negative", "sketch")

JITTER_PX = 1.5
"""How far a thing of a random scene may lie from its place's centre, per axis."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One object; `x` and `y` are its true centre in pixels."""

    shape: str
    color: str
    size: str
    place: str
    x: float
    y: float

    @property
    def radius_px(self) -> float:
        return RADII_PX[self.size]


@dataclass(frozen=True, slots=True)
class Sign:
    """A plate with a word on it, across the top or the bottom."""

    word: str
    place: str


@dataclass(frozen=True, slots=True)
class Speck:
    """A small mark that no instruction mentions: 0 pebble, 1 leaf, 2 twig."""

    kind: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Scene:
    """All that decides a picture of the world."""

    background: str
    things: tuple[Thing, ...]
    specks: tuple[Speck, ...] = ()
    sign: Sign | None = None
    weather: str = "day"
    style: str = "none"

    def with_thing(self, old: Thing, new: Thing) -> Scene:
        """This scene with one thing changed, drawn in the same order."""
        return replace(self, things=tuple(new if t == old else t for t in self.things))

    def free_places(self) -> list[str]:
        """Places with no thing and no sign, in reading order."""
        taken = {t.place for t in self.things} | places_under(self.sign)
        return [p for p in PLACES if p not in taken]


def places_under(sign: Sign | None) -> set[str]:
    """The places that a sign covers; none without a sign."""
    if sign is None:
        return set()
    return {name for name in PLACES if name.startswith(sign.place)}


def place_thing(shape: str, color: str, size: str, place: str) -> Thing:
    """A thing at the very centre of a place, as an instruction asks for it."""
    x, y = PLACES[place]
    return Thing(shape, color, size, place, x, y)


def random_scene(rng: random.Random) -> Scene:
    """Draw a scene of 1 to 5 things, no two of the same shape and color."""
    sign = None
    if rng.random() < 0.25:
        sign = Sign(rng.choice(WORDS), rng.choice(list(SIGN_PLACES)))
    places = [p for p in PLACES if p not in places_under(sign)]
    things: list[Thing] = []
    for place in rng.sample(places, min(len(places), rng.choice((1, 2, 2, 3, 3, 3, 4, 4, 5)))):
        things.append(_random_thing(rng, place, things))
    specks = tuple(
        Speck(rng.randrange(3), rng.uniform(4, 60), rng.uniform(4, 60))
        for _ in range(rng.randrange(4))
    )
    weather = rng.choices(("day", "night", "fog"), (0.9, 0.05, 0.05))[0]
    return Scene(rng.choice(BACKGROUNDS), tuple(things), specks, sign, weather)


def _random_thing(rng: random.Random, place: str, others: list[Thing]) -> Thing:
    taken = {(t.shape, t.color) for t in others}
    kinds = [(s, c) for s in SHAPES for c in COLORS if (s, c) not in taken]
    shape, color = rng.choice(kinds)
    thing = place_thing(shape, color, rng.choice(list(RADII_PX)), place)
    return replace(
        thing,
        x=thing.x + rng.uniform(-JITTER_PX, JITTER_PX),
        y=thing.y + rng.uniform(-JITTER_PX, JITTER_PX),
    )


def split_of(scene: Scene) -> Split:
    """The split a scene belongs to, whatever seed it was drawn with: 80, 10 and 10%.

    It follows from what a person would call the same picture (everything but jitter and specks; a
    random scene has no style), so train, validation and test scenes never overlap, not even nearly.
    """
    things = sorted((t.shape, t.color, t.size, t.place) for t in scene.things)
    key = repr((scene.background, things, scene.sign, scene.weather))
    bucket = hashlib.sha256(key.encode()).digest()[0] % 10
    return "test" if bucket == 0 else "validation" if bucket == 1 else "train"
