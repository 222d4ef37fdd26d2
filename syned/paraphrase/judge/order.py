"""Find swapped roles, added clauses and repetitions by the order of words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise, permutations

from syned.paraphrase.judge.protected_words import COLORS, DEGREES, DIRECTIONS, EDIT_VERBS, TEXTS
from syned.paraphrase.judge.stems import (
    ARTICLES,
    content_stem,
    folded,
    said_stem,
    singular,
    words_of,
)

_PREPOSITIONS = frozenset(
    """
    to on in onto into upon with for from at by above below behind over under beneath beside near
    inside across around through against like than as off of resemble resembles resembling become
    becomes became
    """.split()
)
"""What is edited stands before these, and where, or into what, after them."""
_SIDES = frozenset("back bottom front left right side top".split())
_JOINTS = frozenset("and then while but or so".split())
"""What a second clause begins with."""
_PICTURES = frozenset("picture pictures image images photo photos photograph snapshot".split())
_ONCE = EDIT_VERBS - frozenset("color paint light place cover print frame set have let".split())
"""Verbs of editing that are nothing else."""


def roles_swapped(text: str, original: str, counterparts: Mapping[str, str] | None = None) -> bool:
    """Whether what is edited and where have changed places: "add the bed to the suitcase".

    Args:
        text: the paraphrase.
        original: what it paraphrases.
        counterparts: stem of the paraphrase -> the stem of the original that it stands for, where
            they differ: "television" for "tv".
    """
    known = counterparts or {}
    before, after = (
        {known.get(stem, stem): part for stem, part in _parts(some).items()}
        for some in (original, text)
    )
    both = sorted(before.keys() & after.keys())
    kept = {before[stem] > 0 for stem in both if (before[stem] > 0) == (after[stem] > 0)}
    first = 1 if kept == {False, True} else 0  # both ends are in place: "a cup on the red table"
    crossed = any(
        first <= before[one] < before[other] and after[one] > after[other]
        for one, other in permutations(both, 2)
    )
    return crossed or _of_swapped(text, original) or _reordered(text, original)


def _parts(text: str) -> dict[str, int]:
    """Stem -> how many prepositions that follow a stem come before it; those said once."""
    parts: dict[str, set[int]] = {}
    part, said = 0, False
    for word in words_of(text):
        if word in _PREPOSITIONS and said:
            part, said = part + 1, False
        elif stem := said_stem(word):
            parts.setdefault(stem, set()).add(part)
            said = True
    return {stem: min(places) for stem, places in parts.items() if len(places) == 1}


def _of_swapped(text: str, original: str) -> bool:
    """Whether a thing at some side has become that side of it: "remove the back of the table"."""
    words, before = folded(text), folded(original)
    sided = {(side, thing) for side, thing in pairwise(before) if side in _SIDES}
    triples = zip(words, words[1:], words[2:], strict=False)
    return any(of == "of" and (side, thing) in sided for side, of, thing in triples)


def _reordered(text: str, original: str) -> bool:
    """Whether the same two colors come the other way round: "make the red hat blue"."""
    before, after = (
        [word for word in words_of(some) if word in COLORS or word in DEGREES]
        for some in (original, text)
    )
    from_there = "from" in words_of(original) or "from" in words_of(text)
    return Counter(before) == Counter(after) and before != after and not from_there


def clause_added(text: str, original: str) -> bool:
    """Whether a text goes on, after "and" or the like, about what the original does not name."""
    if _orders_after_comma(text) > _orders_after_comma(original):
        return True
    words, before = words_of(text), words_of(original)
    if sum(w in _JOINTS for w in words) <= sum(w in _JOINTS for w in before):
        return False
    known = {singular(word) for word in before}
    plain = [word for word in words if word not in ARTICLES]
    return any(a in _JOINTS and singular(b) not in known for a, b in pairwise(plain))


def _orders_after_comma(text: str) -> int:
    """How often a text goes on, after a comma, with a verb of editing: ", remove it"."""
    starts = [words_of(part)[:1] for part in text.split(",")[1:]]
    return sum(bool(start) and start[0] in EDIT_VERBS for start in starts)


def repeats_itself(text: str, original: str) -> bool:
    """Whether a word stands twice in a row, or what is said twice stood in the original once.

    That holds of objects, colors, verbs of editing, directions, and words for the picture or for
    text.
    """
    words, before = folded(text), folded(original)
    doubled = {a for a, b in pairwise(words) if a == b} - {a for a, b in pairwise(before) if a == b}
    said = Counter(filter(None, map(_said, words)))
    known = Counter(filter(None, map(_said, before)))
    return bool(doubled) or any(n > max(1, known[what]) for what, n in said.items())


def _said(word: str) -> str:
    """What a word says, the same for all words that say it; "" for one that may come again."""
    if word in _PICTURES:
        return "picture"
    if word in TEXTS:
        return "text"
    if word in _ONCE:
        return word
    return DIRECTIONS.get(word, "") or (word if word in COLORS else content_stem(word))
