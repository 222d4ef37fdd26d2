"""What a caption of the `shapes` world says, as answers to twenty questions.

Twenty small questions about a picture teach an encoder from nothing far sooner than the one
question which of some captions is its own. They are asked in training only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from torch import Tensor

from syned.sources.shapes.edits import STYLE_CAPTIONS, WEATHER_CAPTIONS
from syned.sources.shapes.world import BACKGROUNDS, COLORS, PLACES, RADII_PX, SHAPES, WORDS

_SIGN = re.compile(r'a sign that says "(\w+)" at the (top|bottom)')
_SIGN_PLACES = ("top", "bottom")
_THING = {
    place: re.compile(
        rf"a ({'|'.join(RADII_PX)}) ({'|'.join(COLORS)}) ({'|'.join(SHAPES)}) {place}"
    )
    for place in PLACES
}
_THING_WORDS = (tuple(RADII_PX), tuple(COLORS), SHAPES)

CLASSES: tuple[int, ...] = (
    *(1 + len(words) for _ in PLACES for words in _THING_WORDS),
    1 + len(WORDS),
    1 + len(_SIGN_PLACES),
    len(BACKGROUNDS),
    len(WEATHER_CAPTIONS),
    len(STYLE_CAPTIONS),
)
"""How many answers each question has; where something may be missing, 0 says that it is."""


def facts_of(caption: str) -> list[int]:
    """The answers that a caption gives, one for each of `CLASSES`."""
    facts: list[int] = []
    for thing in _THING.values():
        facts += _answers(thing.search(caption), _THING_WORDS)
    facts += _answers(_SIGN.search(caption), (WORDS, _SIGN_PLACES))
    facts.append(_named(caption, [f" on {background}" for background in BACKGROUNDS]))
    facts.append(_named(caption, list(WEATHER_CAPTIONS.values())))
    facts.append(_named(caption, list(STYLE_CAPTIONS.values())))
    return facts


def facts_loss(logits: Tensor, facts: Tensor) -> Tensor:
    """Mean cross entropy of the answers, each relative to that of guessing.

    Args:
        logits: of all answers to all questions, shape (n, sum of CLASSES).
        facts: the right answers, shape (n, questions).
    """
    losses = [
        torch.nn.functional.cross_entropy(part, facts[:, i])
        for i, part in enumerate(torch.split(logits, list(CLASSES), dim=1))
    ]
    return torch.stack(losses).mean()


def _answers(match: re.Match[str] | None, words: Sequence[Sequence[str]]) -> list[int]:
    if match is None:
        return [0] * len(words)
    return [1 + list(known).index(word) for known, word in zip(words, match.groups(), strict=True)]


def _named(caption: str, phrases: Sequence[str]) -> int:
    """Which phrase a caption has; 0 if none, which is where the empty one stands."""
    return next((i for i, phrase in enumerate(phrases) if phrase and phrase in caption), 0)
