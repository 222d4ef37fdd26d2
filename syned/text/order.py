"""What the order of words tells of a paraphrase: who does what to whom, and what is said twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from syned.text.stems import ARTICLES, content_stem, folded, said_stem, singular, words_of
from syned.text.words import COLORS, DEGREES, DIRECTIONS, EDIT_VERBS

_PREPOSITIONS = frozenset(
    """
    to on in onto into upon with for from at by above below behind over under beneath beside near
    inside across around through against like than
    """.split()
)
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
    head, tail = _parts(original)
    new_head, new_tail = ({known.get(stem, stem) for stem in part} for part in _parts(text))
    crossed = (
        (tail - head) & (new_head - new_tail)
        and (head - tail) & (new_tail - new_head)
        and not (head & new_head and tail & new_tail)
    )
    return bool(crossed) or _reordered(text, original)


def _parts(text: str) -> tuple[set[str], set[str]]:
    """Stems before and after the first preposition that follows one."""
    head: set[str] = set()
    tail: set[str] = set()
    past = False
    for word in words_of(text):
        if word in _PREPOSITIONS and head:
            past = True
        elif stem := said_stem(word):
            (tail if past else head).add(stem)
    return head, tail


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
    words, before = words_of(text), words_of(original)
    if sum(w in _JOINTS for w in words) <= sum(w in _JOINTS for w in before):
        return False
    known = {singular(word) for word in before}
    plain = [word for word in words if word not in ARTICLES]
    return any(a in _JOINTS and singular(b) not in known for a, b in pairwise(plain))


def repeats_itself(text: str, original: str) -> bool:
    """Whether a word stands twice in a row, or what is said twice stood in the original once.

    That holds of objects, verbs of editing, directions and words for the picture itself.
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
    if word in _ONCE:
        return word
    return DIRECTIONS.get(word, "") or content_stem(word)
