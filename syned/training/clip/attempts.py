"""Make up right and wrong attempts at an edit, and measure how far each is from the truth.

An encoder that is to tell a finished edit from a half-done one must see both in training. Attempts
come from an editor, or are made up here: blended, smeared, in the wrong color or place, or flat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.floating[Any]]
"""An image of values in [0, 255], shape (h, w, 3)."""

VISIBLE_LEVELS = 12.0
"""A pixel has changed where a channel changed by more, of 255."""


def error_fraction(attempt: Pixels, before: Pixels, after: Pixels) -> float:
    """Mean absolute error to the true result, relative to that of the source image.

    0 is the true result, 1 is as far from it as the unedited source image. An edit counts as right
    up to `syned.run.truth.RIGHT_UP_TO`.
    """
    whole = float(np.abs(after - before).mean())
    return float(np.abs(attempt - after).mean()) / max(whole, 1e-3)


def made_up_attempt(before: Pixels, after: Pixels, random: np.random.Generator) -> Pixels:
    """An attempt at the edit that leads from `before` to `after`, of a random kind."""
    kinds = list(_KINDS)
    kind = kinds[random.choice(len(kinds), p=[_KINDS[k] for k in kinds])]
    attempt = kind(before, after, random)
    if random.random() < 0.3:
        attempt = attempt + random.normal(0, random.uniform(1, 6), attempt.shape)
    return np.clip(attempt, 0, 255)


def vary(attempt: Pixels, before: Pixels, after: Pixels, random: np.random.Generator) -> Pixels:
    """An editor's attempt, moved a little towards the true result or back to the source image."""
    goal = after if random.random() < 0.5 else before
    share = random.uniform(0, 0.3) * (random.random() < 0.6)
    return (1 - share) * attempt + share * goal


def _blend(before: Pixels, after: Pixels, random: np.random.Generator) -> Pixels:
    share = random.uniform(0, 1)
    return (1 - share) * before + share * after


def _partly(before: Pixels, after: Pixels, random: np.random.Generator) -> Pixels:
    """Done in some places and not in others."""
    coarse = Image.fromarray(random.uniform(0, 255, (4, 4)).astype(np.uint8))
    field = np.asarray(coarse.resize(before.shape[1::-1], Image.Resampling.BICUBIC), np.float32)
    share = np.clip((field / 255 - random.uniform(0.2, 0.8)) * 4 + 0.5, 0, 1)[..., None]
    return (1 - share) * before + share * after


def _smear(before: Pixels, after: Pixels, random: np.random.Generator) -> Pixels:
    """The change is soft, and sharp elsewhere."""
    soft = np.asarray(
        Image.fromarray(after.astype(np.uint8)).filter(
            ImageFilter.GaussianBlur(random.uniform(0.4, 4))
        ),
        np.float32,
    )
    share = 1 - random.uniform(0, 0.4)
    return np.where(_changed(before, after), share * soft + (1 - share) * before, after)


def _other_color(before: Pixels, after: Pixels, random: np.random.Generator) -> Pixels:
    order = random.permutation(3)
    return np.where(_changed(before, after), after[..., order], after)


def _other_place(before: Pixels, after: Pixels, random: np.random.Generator) -> Pixels:
    shift = tuple(random.integers(-20, 21, 2))
    moved = np.roll(_changed(before, after), shift, (0, 1))
    return np.where(moved, np.roll(after, shift, (0, 1)), before)


def _flat(before: Pixels, after: Pixels, random: np.random.Generator) -> Pixels:
    color = random.uniform(0, 255, 3) * (random.random() < 0.7)
    return np.broadcast_to(color, before.shape).astype(np.float32)


def _nearly(before: Pixels, after: Pixels, random: np.random.Generator) -> Pixels:
    """Right, but not exactly."""
    share = random.uniform(0.75, 1)
    return (1 - share) * before + share * after + random.normal(0, 4, 3)


def _changed(before: Pixels, after: Pixels) -> NDArray[np.bool_]:
    """Where the edit changes something, with a margin of a pixel, shape (h, w, 1)."""
    changed = np.abs(after - before).max(axis=2) > VISIBLE_LEVELS
    wide = Image.fromarray(changed.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(3))
    return np.asarray(wide)[..., None] > 0


_KINDS: dict[Callable[[Pixels, Pixels, np.random.Generator], Pixels], float] = {
    _blend: 0.35,
    _partly: 0.15,
    _smear: 0.2,
    _other_color: 0.05,
    _other_place: 0.08,
    _flat: 0.02,
    _nearly: 0.15,
}
"""What attempts are made up, and how often."""
