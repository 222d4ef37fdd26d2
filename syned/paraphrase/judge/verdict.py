"""Decide by the words of a paraphrase whether it still asks for the same edit.

Language models, small ones above all, answer beside the point in ways that a similarity of whole
sentences does not see: "remove the suitcase" is near "add a suitcase". Each check here is about one
of them and gives it a name. They err on the strict side: a paraphrase can be asked for again, a
wrong one in the data cannot be taken back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from syned.paraphrase.judge.order import clause_added, repeats_itself, roles_swapped
from syned.paraphrase.judge.protected_words import (
    COLORS,
    DEGREES,
    DIRECTIONS,
    EDIT_VERBS,
    IMPERATIVES,
    NEGATIONS,
    NUMBERS,
    PHRASES,
    REFUSALS,
    SCAFFOLD,
    TASK_OPERATIONS,
    TEXTS,
    WORD,
)
from syned.paraphrase.judge.quotes import adds_a_quote, loses_a_quote, quoted
from syned.paraphrase.judge.stems import OPERATIONS_OF, folded, words_of

REASONS = (
    "empty", "refusal", "several_lines", "several_sentences", "too_long", "cut_off", "scaffold",
    "stray_quotes", "not_an_instruction", "not_a_caption", "same", "duplicate",
    "protected_word_lost", "protected_word_added", "operation_changed", "taken_as_there",
    "clause_added", "repeats_itself", "roles_swapped", "object_lost", "object_added", "too_far",
)  # fmt: skip
"""Why a candidate is rejected, in the order in which it is judged; the last three need a model."""

_UNFINISHED = re.compile(
    r"(?:[,;:(\-–]|\b(?:a|an|the|of|to|in|on|at|by|for|from|with|into|and|or|but|that|is|its|"
    r"he|she|they|his|her|their|so|as|who|which|where|while|than)|\.\.|…)$",
    re.IGNORECASE,
)
_REMOVED_TO = re.compile(r"\bto (?:the |an? )?(\w+)", re.IGNORECASE)
_TWO_SENTENCES = re.compile(r"[.!?]\s+[A-Z].*\w")
_SWITCHED = re.compile(
    r"\b(?:turn|switch|power)(?:s|ed)?\b(?:\s+\S+){0,4}?\s+(on|off)\b", re.IGNORECASE
)
_GAVE_WAY = re.compile(r"\bwhere\b(?:\s+\S+){1,6}?\s+(?:was|were|stood|had been|used to)\b", re.I)
_GONE = re.compile(
    r"\b(?:where|was|were|had|been|replac\w+|instead|place of|turned|became|becomes?|former\w*|"
    r"previous\w*|once|used to|swap\w*|substitut\w+|gave way)\b",
    re.IGNORECASE,
)
_BY = re.compile(r"^(.*?)\bby (?:the|an?|his|her|its|their)\b", re.IGNORECASE)
_NO_PLACE = re.compile(
    r"\b(?:replace|swap|substitute|exchange)\b|\b(?:\w+ed|drawn|taken|made|done|written|shown)\s$",
    re.IGNORECASE,
)
"""What comes before a "by" that names no place: "surrounded by a fence"."""
_WRITTEN = frozenset(
    "write writes writing written spell spelling print printed inscribe inscription read reads "
    "reading say says saying label labels caption title message".split()
)
_OF_COLOR = frozenset("color colors colored coloring coloured hue hues tint tinted shade".split())
_ANY_MORE = re.compile(r"\bany ?more\b", re.IGNORECASE)  # no degree
_DECLARATIVE = frozenset(
    "the a an this that these those there it its he she they we i you his her their what how why "
    "which who is are was were does if while as".split()
)
_PERSONAL = frozenset("i i'm i'd i'll we you your you're my me our".split())


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a language model answered, cleaned."""

    text: str
    cut_off: bool = False
    """Whether it was still writing when its tokens ran out."""


def verdict(
    candidate: Candidate,
    original: str,
    *,
    task: str = "",
    taken: Collection[str] = (),
    imperative: bool = True,
) -> str:
    """Why a candidate does not paraphrase the original, by its words; "" when nothing is wrong.

    Args:
        candidate: from `clean`.
        original: the text that was to be paraphrased.
        task: Emu Edit's name for the kind of edit, where it is known.
        taken: candidates that came before this one.
        imperative: whether the original is an instruction; a difference caption is not.

    Returns:
        The first of `REASONS` that holds.
    """
    text = candidate.text
    if reason := _form(candidate, original):
        return reason
    if imperative and not is_instruction(text, original):
        return "not_an_instruction"
    if not imperative and not is_caption(text, original):
        return "not_a_caption"
    if folded(text) == folded(original):
        return "same"
    if folded(text) in {folded(other) for other in taken}:
        return "duplicate"
    kept, wanted = protected(text), protected(original)
    if loses_a_quote(text, original) or wanted - kept or _text_lost(text, original):
        return "protected_word_lost"
    if kept - wanted or adds_a_quote(text, original) or _color_added(text, original):
        return "protected_word_added"
    if operation_changed(text, original, task):
        return "operation_changed"
    if _taken_as_there(text, original):
        return "taken_as_there"
    if clause_added(text, original):
        return "clause_added"
    if repeats_itself(text, original):
        return "repeats_itself"
    return "roles_swapped" if roles_swapped(text, original) else ""


def _form(candidate: Candidate, original: str) -> str:
    """What is wrong with the looks of a candidate."""
    text = candidate.text
    if not WORD.search(text):
        return "empty"
    if REFUSALS.search(text) and not REFUSALS.search(original):
        return "refusal"
    if "\n" in text:
        return "several_lines"
    if _TWO_SENTENCES.search(text) and not _TWO_SENTENCES.search(original):
        return "several_sentences"
    if len(WORD.findall(text)) > 2 * len(WORD.findall(original)) + 6:
        return "too_long"
    if candidate.cut_off or _unfinished(text, original):
        return "cut_off"
    if SCAFFOLD.search(text) and not SCAFFOLD.search(original):
        return "scaffold"
    if text.count('"') % 2 or text.count("“") != text.count("”"):
        return "stray_quotes"
    return ""


def _unfinished(text: str, original: str) -> bool:
    if _UNFINISHED.search(original) or _SWITCHED.search(text):  # "turn the lights on"
        return False
    return _UNFINISHED.search(text) is not None


def is_instruction(text: str, original: str) -> bool:
    """Whether a text tells someone to do something, if the original does.

    A heuristic: it begins with a verb of editing or as the original does, does not end in a
    question mark, and speaks of no "you" or "me" that the original does not speak of.
    """
    words, of_original = words_of(text), words_of(original)
    if not of_original or of_original[0] in _DECLARATIVE:
        return True
    personal = (set(words) & _PERSONAL) - set(of_original)
    asks = text.rstrip().endswith("?") and not original.rstrip().endswith("?")
    first = words[0]
    edits = first in EDIT_VERBS or first in OPERATIONS_OF or first == of_original[0]
    if first == "take" != of_original[0]:  # away, out or off, and not "take a bath"
        edits = "remove" in operations(text)
    return edits and not personal and not asks


def is_caption(text: str, original: str) -> bool:
    """Whether a text tells what has changed, and not someone to change it."""
    first, of_original = words_of(text)[0], words_of(original)
    return first not in IMPERATIVES or of_original[:1] == [first]


def protected(text: str) -> Counter[str]:
    """Words that must neither go nor come: numbers, colors, directions, degrees, negations."""
    found = {f"switched:{match[1].lower()}" for match in _SWITCHED.finditer(text)}
    words = words_of(_ANY_MORE.sub("", text))
    for word in words:
        plain = word.removesuffix("'s")
        singular = plain.removesuffix("s")
        if plain in COLORS or singular in COLORS:
            found.add(f"color:{plain if plain in COLORS else singular}")
        if plain in NUMBERS or plain.isdigit():
            found.add(f"number:{NUMBERS.get(plain, plain)}")
        elif any(c.isdigit() for c in plain):
            found.add(f"number:{plain}")
        if plain in DIRECTIONS:
            found.add(f"place:{DIRECTIONS[plain]}")
        if plain in DEGREES:
            found.add(f"degree:{DEGREES[plain]}")
    if set(words) & NEGATIONS:
        found.add("negation")
    if any(not _NO_PLACE.search(before) for before in _BY.findall(text)):
        found.add("place:beside")
    return Counter(found)


def _color_added(text: str, original: str) -> bool:
    """Whether a text speaks of color, any color, and the original of none."""
    return _speaks_of_color(text) and not _speaks_of_color(original)


def _speaks_of_color(text: str) -> bool:
    words = words_of(text)
    return any(word in COLORS or word in _OF_COLOR for word in words)


def _text_lost(text: str, original: str) -> bool:
    """Whether the original speaks of what is written somewhere and a text no longer does."""
    words = set(words_of(text))
    speaks = bool(words & TEXTS) or bool(words & _WRITTEN) or bool(quoted(text))
    return not speaks and bool(TEXTS & set(words_of(original)))


def _taken_as_there(text: str, original: str) -> bool:
    """Whether what is to be added is spoken of as if it were there: "put the hat on the man"."""
    ours, theirs = words_of(text), words_of(original)
    if operations(original) != {"add"} or ours[1:2] != ["the"] or len(ours) < 3:
        return False
    return ours[2] in theirs and ("the", ours[2]) not in pairwise(theirs)


def operations(text: str) -> set[str]:
    """Operations that a text names in no uncertain words: "add", "remove", "change"."""
    plain = f" {' '.join(words_of(text))} "
    found = {name for name, phrases in PHRASES.items() if any(f" {p} " in plain for p in phrases)}
    if re.search(r" (?:take|crop|cut|wipe|edit)s? (?:\S+ ){1,5}?(?:away|out|off) ", plain):
        found.add("remove")
    for word in plain.split():
        meanings = OPERATIONS_OF.get(word, [])
        if len(meanings) == 1:
            found.add(meanings[0])
    return found


def operation_changed(text: str, original: str, task: str) -> bool:
    """Whether a text asks for another kind of edit than the original, or for one more."""
    if _second_edits(text) > _second_edits(original):
        return True
    if _GAVE_WAY.search(original) and not _GONE.search(text):
        return True  # "a star where the moon was" is no star on the moon
    named, after = operations(original), operations(text)
    if not named and not after:  # "there is no dog any more"
        return False
    if "remove" in after - named and set(words_of(text)) & NEGATIONS:
        return True  # "no dog has been removed"
    before = named or set(TASK_OPERATIONS.get(task, ()))
    if "add" not in named and (_adds_a_color(text) or _adds_what_is_there(text, original)):
        return True
    if after == {"remove"} and _removed_to(text) > _removed_to(original):
        return True  # "remove the cup to the table"
    removal_changed = ("remove" in before) != ("remove" in after)
    not_named = named == {"add"} and not after  # "make the man's head a hat"
    return removal_changed or not_named or bool(before and not after <= before)


def _adds_a_color(text: str) -> bool:
    """Whether a text begins "add green to", "add a navy blue to"."""
    match folded(text):
        case (verb, color, "to", *_) | (verb, _, color, "to", *_):
            return OPERATIONS_OF.get(verb) == ["add"] and color in COLORS
    return False


def _adds_what_is_there(text: str, original: str) -> bool:
    """Whether a text begins "add the wall" or "create the wall" and the wall is there already."""
    match words_of(text):
        case [verb, "the", thing, *_]:
            makes = verb == "create" or OPERATIONS_OF.get(verb) == ["add"]
            words = words_of(original)
            return makes and words[0] != verb and ("the", thing) in pairwise(words)
    return False


def _removed_to(text: str) -> int:
    """How often a text says "to the table", "to the left" aside."""
    places = (word.lower() for word in _REMOVED_TO.findall(text))
    return sum(place not in DIRECTIONS and place not in EDIT_VERBS for place in places)


def _second_edits(text: str) -> int:
    """How often a text goes on with "and" and another edit."""
    words = words_of(text)
    return sum(a == "and" and b in EDIT_VERBS for a, b in pairwise(words))
