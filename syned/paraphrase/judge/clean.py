"""From a language model's answer to the one sentence in it.

Only what wraps the sentence is taken off: matching quotes around all of it, list numbers, and the
scaffold of chat answers. What stands inside, quoted words among it, is left as it is.
"""

from __future__ import annotations

import re
import unicodedata

_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "„": "“", "`": "`", "*": "*", "_": "_"}
_NUMBER = re.compile(r"^\s*(?:(?:\(?\d{1,2}[.):]\)?|[-*•–])\s+)+")
_SUBJECT = (
    r"(?:paraphras\w*|rewrit\w*|rephras\w*|reword\w*|variation|version|alternative|answer|output|"
    r"response|result|instruction|caption|sentence|text|description)"
)
_SCAFFOLD = re.compile(
    rf"""^\s*(?:
        (?:sure|certainly|of\ course|okay|ok)\s*[:!.,]\s*
      | here(?:'s|’s|\ is|\ are)\b[^:\n]{{0,80}}:\s*
      | (?:the|a|one|my|your|new|another|possible)?\s*(?:\w+\s+){{0,2}}{_SUBJECT}\s*\d{{0,2}}\s*:\s*
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_BOLD = re.compile(r"^(\*\*|__)([^*_]+)\1$")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def clean(answer: str) -> str:
    """The sentence of an answer, without what chat models wrap around it.

    Returns:
        The text in Unicode's composed form, with single spaces; lines stay lines.
    """
    text = tidy(answer)
    while (inner := _unwrapped(text)) != text:
        text = inner
    return text


def tidy(text: str) -> str:
    """A text without control characters and surplus white space, in Unicode's composed form."""
    text = unicodedata.normalize("NFC", text).replace("\r", "\n").replace("\t", " ")
    kept = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf"))
    return _LINES.sub("\n", _SPACES.sub(" ", kept)).strip()


def _unwrapped(text: str) -> str:
    """The text with the outermost layer taken off."""
    text = _BOLD.sub(r"\2", text)
    text = _SCAFFOLD.sub("", _NUMBER.sub("", text, count=1), count=1).strip()
    if len(text) >= 2 and _QUOTES.get(text[0]) == text[-1] and _wraps(text):
        return text[1:-1].strip()
    if (
        len(text) >= 3
        and _QUOTES.get(text[0]) == text[-2]
        and text[-1] in ".!"
        and _wraps(text[:-1])
    ):
        return text[1:-2].strip() + text[-1]
    return text


def _wraps(text: str) -> bool:
    """Whether the first quote is closed by the last, and not by one before."""
    inside = text[1:-1]
    if text[0] == "'":  # apostrophes are no quotes
        inside = re.sub(r"(?<=\w)'(?=\w)", "", inside)
    return text[0] not in inside and text[-1] not in inside
