"""Split a text into words, so that spellings and plurals of a word count as the same."""

from __future__ import annotations

from syned.paraphrase.judge.protected_words import (
    COLORS,
    DEGREES,
    DIRECTIONS,
    NEGATIONS,
    NUMBERS,
    OPERATIONS,
    STOP_WORDS,
    WORD,
)

ARTICLES = frozenset({"a", "an", "the"})
_SPELLINGS = {"grey": "gray", "golden": "gold", "colour": "color", "blonde": "blond"}

OPERATIONS_OF = {
    word: [name for name, words in OPERATIONS.items() if word in words.split()]
    for words in OPERATIONS.values()
    for word in words.split()
}
"""Word -> the operations that it may stand for."""


def words_of(text: str) -> list[str]:
    """The words in lower case, British and American spellings alike."""
    found = [word.replace("’", "'").casefold() for word in WORD.findall(text)]
    return [_SPELLINGS.get(word, word) for word in found]


def folded(text: str) -> tuple[str, ...]:
    """What is left when case, punctuation and articles do not count."""
    return tuple(word for word in words_of(text) if word not in ARTICLES)


def content_words(text: str) -> list[str]:
    """Stems of the words that name what an edit is about, each once, in order.

    Protected words and words for operations are judged by themselves and left out.
    """
    stems = [content_stem(word) for word in words_of(text)]
    return list(dict.fromkeys(stem for stem in stems if stem))


def content_stem(word: str) -> str:
    """A content word without its plural or possessive ending; "" for any other word."""
    plain = _plain(word)
    return "" if plain in COLORS or plain in DEGREES else said_stem(word)


def said_stem(word: str) -> str:
    """The same, with words for colors and for what has an opposite among them."""
    plain = _plain(word)
    judged = (STOP_WORDS, NUMBERS, DIRECTIONS, NEGATIONS, OPERATIONS_OF)
    return "" if any(plain in words for words in judged) or len(plain) < 2 else singular(plain)


def _plain(word: str) -> str:
    return word.removesuffix("'s").removesuffix("'")


def singular(word: str) -> str:
    """A word without the ending of a plural."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
