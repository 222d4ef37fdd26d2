"""The edits of the `shapes` world: eight tasks, with true results, instructions, captions.

The task names are Emu Edit's. Every edit names enough for its result to be unique: an added thing
comes with size, color, shape and place, a changed one with words that fit no other thing. The tasks
share one vocabulary and one rule of uniqueness, so they are read, and changed, together.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from syned.sources.shapes.world import (
    BACKGROUNDS,
    COLORS,
    RADII_PX,
    SHAPES,
    SIGN_PLACES,
    STYLES,
    WEATHERS,
    WORDS,
    Scene,
    Sign,
    Split,
    Thing,
    place_thing,
    places_under,
    random_scene,
    split_of,
)

TASKS = ("add", "remove", "local", "color", "background", "global", "style", "text")


@dataclass(frozen=True, slots=True)
class SceneEdit:
    """A scene, what is asked of it, and what is then true."""

    task: str
    before: Scene
    after: Scene
    instruction: str
    captions: tuple[str, ...]
    """Difference captions: what a person would say has changed."""


@dataclass(frozen=True, slots=True)
class _Change:
    after: Scene
    instructions: tuple[str, ...]
    captions: tuple[str, ...]


def scene_edit(index: int, split: Split, seed: int) -> SceneEdit:
    """The edit number `index` of a split; tasks take turns, so any prefix is balanced.

    The same three values give the same edit on every machine.
    """
    rng = random.Random(f"shapes/{seed}/{split}/{index}")
    task = TASKS[index % len(TASKS)]
    while True:
        scene = random_scene(rng)
        if split_of(scene) != split:
            continue
        change = _CHANGES[task](rng, scene)
        if change is not None:
            return SceneEdit(
                task,
                scene,
                change.after,
                rng.choice(change.instructions),
                tuple(rng.sample(change.captions, len(change.captions))),
            )


def name_of(thing: Thing, scene: Scene, rng: random.Random) -> str:
    """Words that fit this thing of the scene and no other, such as "red star"."""
    names = [f"{thing.color} {thing.shape}", f"{thing.size} {thing.color} {thing.shape}"]
    if sum(t.shape == thing.shape for t in scene.things) == 1:
        names.append(thing.shape)
    return rng.choice(names)


def describe(scene: Scene) -> str:
    """A caption of the scene: its things in reading order, then where and when."""
    ordered = sorted(scene.things, key=lambda t: (round(t.y / 16), t.x))
    parts = [f"a {t.size} {t.color} {t.shape} {t.place}" for t in ordered]
    if scene.sign is not None:
        parts.append(f'a sign that says "{scene.sign.word}" {scene.sign.place}')
    listed = ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)
    return (
        f"{listed or 'nothing'} on {scene.background}"
        f"{WEATHER_CAPTIONS[scene.weather]}{STYLE_CAPTIONS[scene.style]}"
    )


WEATHER_CAPTIONS = {
    "day": "",
    "night": ", at night",
    "fog": ", in fog",
    "sunset": ", at sunset",
    "snow": ", in the snow",
}
STYLE_CAPTIONS = {
    "none": "",
    "grayscale": " in black and white",
    "sepia": " in sepia",
    "blur": " out of focus",
    "pixelate": " in large pixels",
    "negative": " as a negative",
    "sketch": " as a pencil sketch",
}


def _add(rng: random.Random, scene: Scene) -> _Change | None:
    places = scene.free_places()
    kinds = {(t.shape, t.color) for t in scene.things}
    shape, color = rng.choice(SHAPES), rng.choice(list(COLORS))
    if not places or (shape, color) in kinds or len(scene.things) > 4:
        return None
    thing = place_thing(shape, color, rng.choice(list(RADII_PX)), rng.choice(places))
    what = f"a {thing.size} {color} {shape}"
    return _Change(
        replace(scene, things=(*scene.things, thing)),
        (
            f"Add {what} {thing.place}",
            f"Put {what} {thing.place}",
            f"Draw {what} {thing.place}",
            f"Place {what} {thing.place} of the picture",
        ),
        (
            f"{what} has been added {thing.place}",
            f"there is now {what} {thing.place}",
            f"{what} appeared {thing.place}",
            f"the second picture has {what} {thing.place}",
        ),
    )


def _remove(rng: random.Random, scene: Scene) -> _Change | None:
    thing = rng.choice(scene.things)
    name = name_of(thing, scene, rng)
    after = replace(scene, things=tuple(t for t in scene.things if t != thing))
    return _Change(
        after,
        (
            f"Remove the {name}",
            f"Take away the {name}",
            f"Delete the {name}",
            f"Get rid of the {name}",
        ),
        (
            f"the {name} has been removed",
            f"the {name} is gone",
            f"the {name} {thing.place} is missing",
            f"there is no {name} any more",
        ),
    )


def _local(rng: random.Random, scene: Scene) -> _Change | None:
    """Another shape, another size or another place for one thing."""
    return rng.choice((_reshape, _resize, _move))(rng, scene)


def _reshape(rng: random.Random, scene: Scene) -> _Change | None:
    thing = rng.choice(scene.things)
    shape = rng.choice([s for s in SHAPES if s != thing.shape])
    if (shape, thing.color) in {(t.shape, t.color) for t in scene.things}:
        return None
    name = name_of(thing, scene, rng)
    return _Change(
        scene.with_thing(thing, replace(thing, shape=shape)),
        (
            f"Turn the {name} into a {shape}",
            f"Make the {name} a {shape}",
            f"Replace the {name} with a {shape} of the same color",
        ),
        (
            f"the {name} has become a {shape}",
            f"the {name} was turned into a {shape}",
            f"there is a {thing.color} {shape} where the {name} was",
        ),
    )


def _resize(rng: random.Random, scene: Scene) -> _Change | None:
    thing = rng.choice(scene.things)
    larger = thing.size == "small"
    size = "large" if larger else "small"
    name = name_of(thing, scene, rng)
    word = "bigger" if larger else "smaller"
    return _Change(
        scene.with_thing(thing, replace(thing, size=size)),
        (
            f"Make the {name} {word}",
            f"{'Enlarge' if larger else 'Shrink'} the {name}",
            f"The {name} should be {word}",
        ),
        (
            f"the {name} is {word} now",
            f"the {name} has {'grown' if larger else 'shrunk'}",
            f"the {name} {thing.place} became {word}",
        ),
    )


def _move(rng: random.Random, scene: Scene) -> _Change | None:
    places = scene.free_places()
    if not places:
        return None
    thing = rng.choice(scene.things)
    moved = place_thing(thing.shape, thing.color, thing.size, rng.choice(places))
    name = name_of(thing, scene, rng)
    where = f"to {moved.place.split(' ', 1)[1]}"
    return _Change(
        scene.with_thing(thing, moved),
        (f"Move the {name} {where}", f"Shift the {name} {where}", f"Put the {name} {moved.place}"),
        (
            f"the {name} has moved {where}",
            f"the {name} is {moved.place} now",
            f"the {name} went from {thing.place.split(' ', 1)[1]} {where}",
        ),
    )


def _color(rng: random.Random, scene: Scene) -> _Change | None:
    thing = rng.choice(scene.things)
    color = rng.choice([c for c in COLORS if c != thing.color])
    if (thing.shape, color) in {(t.shape, t.color) for t in scene.things}:
        return None
    name = name_of(thing, scene, rng)
    return _Change(
        scene.with_thing(thing, replace(thing, color=color)),
        (
            f"Make the {name} {color}",
            f"Paint the {name} {color}",
            f"Change the color of the {name} to {color}",
            f"Color the {name} {color}",
        ),
        (
            f"the {name} is {color} now",
            f"the color of the {name} changed to {color}",
            f"the {name} has been painted {color}",
        ),
    )


def _background(rng: random.Random, scene: Scene) -> _Change | None:
    background = rng.choice([b for b in BACKGROUNDS if b != scene.background])
    return _Change(
        replace(scene, background=background),
        (
            f"Change the background to {background}",
            f"Put everything on {background}",
            f"Replace the background with {background}",
            f"Use {background} as the background",
        ),
        (
            f"the background has changed to {background}",
            f"the background is {background} now",
            f"everything is on {background} instead of {scene.background}",
        ),
    )


_WEATHER_WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "day": (
        ("Make it daytime", "Turn it into a clear day", "Make it a sunny day"),
        ("it is daytime now", "the weather is clear now", "the picture shows a clear day"),
    ),
    "night": (
        ("Make it night", "Turn day into night", "Let it be night with stars"),
        ("it is night now", "night has fallen and stars are out", "the picture is dark now"),
    ),
    "fog": (
        ("Add fog", "Make it foggy", "Cover everything in fog"),
        ("it is foggy now", "fog covers everything", "the picture has become hazy"),
    ),
    "sunset": (
        ("Make it sunset", "Let the sun set", "Bathe the picture in the light of sunset"),
        ("the sun is setting now", "everything lies in orange light", "it is sunset now"),
    ),
    "snow": (
        ("Make it snow", "Let snow fall", "Add falling snow"),
        ("it is snowing now", "snow is falling", "snowflakes have appeared everywhere"),
    ),
}


def _global(rng: random.Random, scene: Scene) -> _Change | None:
    choices = ["day"] if scene.weather != "day" else [w for w in WEATHERS if w != "day"]
    weather = rng.choice(choices)
    return _Change(replace(scene, weather=weather), *_WEATHER_WORDS[weather])


_STYLE_WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "grayscale": (
        ("Make it black and white", "Turn it into a grayscale picture", "Remove all colors"),
        ("the picture is black and white now", "all colors are gone", "it became grayscale"),
    ),
    "sepia": (
        ("Give it a sepia tone", "Make it look like an old sepia photo", "Turn it sepia"),
        ("the picture has a sepia tone now", "it looks like an old photo", "it turned sepia"),
    ),
    "blur": (
        ("Blur the picture", "Make it blurry", "Put it out of focus"),
        ("the picture is blurred now", "everything is out of focus", "it became blurry"),
    ),
    "pixelate": (
        ("Pixelate the picture", "Make it look like pixel art", "Show it in large pixels"),
        ("the picture is pixelated now", "it consists of large pixels", "it became pixel art"),
    ),
    "negative": (
        ("Invert the colors", "Turn it into a negative", "Make it look like a photo negative"),
        ("the colors are inverted now", "it became a negative", "every color is its opposite"),
    ),
    "sketch": (
        ("Turn it into a pencil sketch", "Make it a line drawing", "Draw it with a pencil"),
        ("it is a pencil sketch now", "only pencil lines are left", "it became a line drawing"),
    ),
}


def _style(rng: random.Random, scene: Scene) -> _Change | None:
    style = rng.choice([s for s in STYLES if s != "none"])
    return _Change(replace(scene, style=style), *_STYLE_WORDS[style])


def _text(rng: random.Random, scene: Scene) -> _Change | None:
    if scene.sign is None:
        return _add_sign(rng, scene)
    return rng.choice((_change_sign, _change_sign, _remove_sign))(rng, scene)


def _add_sign(rng: random.Random, scene: Scene) -> _Change | None:
    sign = Sign(rng.choice(WORDS), rng.choice(list(SIGN_PLACES)))
    if any(t.place in places_under(sign) for t in scene.things):
        return None
    return _Change(
        replace(scene, sign=sign),
        (
            f'Add a sign that says "{sign.word}" {sign.place}',
            f'Write "{sign.word}" on a sign {sign.place}',
            f'Put up a sign reading "{sign.word}" {sign.place}',
        ),
        (
            f'a sign that says "{sign.word}" has been added {sign.place}',
            f'there is now a sign reading "{sign.word}" {sign.place}',
            f'"{sign.word}" is written on a new sign {sign.place}',
        ),
    )


def _change_sign(rng: random.Random, scene: Scene) -> _Change | None:
    assert scene.sign is not None  # noqa: S101 - the caller has looked
    old, word = scene.sign.word, rng.choice([w for w in WORDS if w != scene.sign.word])
    return _Change(
        replace(scene, sign=replace(scene.sign, word=word)),
        (
            f'Change the text of the sign to "{word}"',
            f'Replace "{old}" with "{word}"',
            f'Make the sign say "{word}"',
        ),
        (
            f'the sign says "{word}" now',
            f'the word "{old}" was replaced with "{word}"',
            f'the text changed from "{old}" to "{word}"',
        ),
    )


def _remove_sign(rng: random.Random, scene: Scene) -> _Change | None:
    assert scene.sign is not None  # noqa: S101 - the caller has looked
    word = scene.sign.word
    return _Change(
        replace(scene, sign=None),
        ("Remove the sign", f'Take down the sign that says "{word}"', f'Delete the text "{word}"'),
        ("the sign is gone", f'the sign that said "{word}" was removed', "there is no sign now"),
    )


_CHANGES: dict[str, Callable[[random.Random, Scene], _Change | None]] = {
    "add": _add,
    "remove": _remove,
    "local": _local,
    "color": _color,
    "background": _background,
    "global": _global,
    "style": _style,
    "text": _text,
}
