"""Words in quotes, which a paraphrase keeps letter for letter."""

from __future__ import annotations

import re

_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|‘([^’]+)’|(?<!\w)\'(\S[^\']*(?:\w\'\w[^\']*)*)\'(?!\w)')


def quoted(text: str) -> list[str]:
    """What stands in quotes, in order; an apostrophe opens none."""
    return [next(filter(None, groups)).strip() for groups in _QUOTED.findall(text)]


def unquoted(text: str) -> str:
    """The text without what stands in quotes."""
    return _QUOTED.sub(" ", text)


def adds_a_quote(text: str, original: str) -> bool:
    """Whether something stands in quotes that does not stand in the original, quoted or not."""
    more = len(quoted(text)) > len(quoted(original))
    return more or any(not _stands_in(quote, original) for quote in quoted(text))


def loses_a_quote(text: str, original: str) -> bool:
    """Whether quoted words of the original are not there, letter for letter."""
    return any(not _stands_in(quote, text) for quote in quoted(original))


def _stands_in(quote: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(quote.rstrip('.,'))}(?!\w)", text) is not None
