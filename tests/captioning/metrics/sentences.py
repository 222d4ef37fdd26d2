"""Sentences about changes, and altered copies of them, from a seed; what metrics are tested on."""

from __future__ import annotations

import random

from syned.captioning.data.pairs import PairInfo

_VERBS = "add remove paint move turn put take make change replace".split()
_THINGS = (
    "the dog", "a red ball", "the man's hat", "an old T-shirt", 'the word "EXIT"', "the café",
    "2 cars", "the U.S. flag", "a half-eaten sandwich", "the (left) window", "Mr. Smith's car",
)  # fmt: skip
_PLACES = (
    "on the left", "in the background.", "next to it!", "at 5 o'clock", "behind the house, please",
    "by St. Paul's", "etc.", "", "in the sky; again...",
)  # fmt: skip
TASKS = ("add", "remove", "local", "")
ODD = (
    "",
    " \n\t ",
    "a dog\nis gone",
    "a ||| b ||| c",
    "x \u2028 y \x85 z \x0b \x00 w",
    "caf\u00e9 \u201cna\u00efve\u201d \U0001f600",
    "\ud800 lone",
    "... !!",
    "the red " * 3000,
)
"""What captioners and files may come up with."""


def sentence(rng: random.Random) -> str:
    """An instruction with what real ones have: quotes, capitals, abbreviations, odd spaces."""
    words = f"{rng.choice(_VERBS)} {rng.choice(_THINGS)} {rng.choice(_PLACES)}"
    if rng.random() < 0.5:
        words = words.capitalize()
    return words.replace(" ", "  ", 1) if rng.random() < 0.1 else words


def altered(text: str, rng: random.Random) -> str:
    """The text with a word lost, repeated, swapped or put in another's place."""
    words = text.split()
    place = rng.randrange(len(words))
    kind = rng.randrange(5)
    if kind == 0:
        del words[place]
    elif kind == 1:
        words.insert(place, words[place])
    elif kind == 2:
        words[place], words[-1] = words[-1], words[place]
    elif kind == 3:
        words[place] = rng.choice(("thing", "blue", "people", "cars", "removed"))
    return " ".join(words)


def make_pairs(count: int, seed: int = 0) -> tuple[list[PairInfo], list[str]]:
    """Pairs with 1 to 5 references, and a prediction for each."""
    rng = random.Random(seed)
    infos, predictions = [], []
    for number in range(count):
        first = sentence(rng)
        more = [altered(first, rng) or first for _ in range(rng.randrange(5))]
        task = TASKS[number % len(TASKS)]
        infos.append(PairInfo(f"made/{number}", (first, *more), task))
        predictions.append(altered(rng.choice((first, sentence(rng))), rng) or "nothing")
    return infos, predictions
