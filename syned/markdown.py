"""Text of unknown origin in Markdown: shown as it is, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

LONGEST_CHARACTERS = 300

_MEANS_SOMETHING = re.compile(
    r"[\\`*{}\[\]<>#|~$&:@!^=]|(?<![^\W_])_|_(?![^\W_])|\.(?=\S)|^[-+\d](?=\S*[\s.)])|^[-+]"
)
"""What Markdown, HTML or a formula could begin with. A full stop within a word makes links, and an
underscore does something at the edge of a word only."""

_PLAIN = re.compile(r"[\w.+-][\w ./@:+,=-]*")


def escape(text: str) -> str:
    """A text as one line of Markdown that shows it, whatever stands in it.

    Characters that could mean something become numeric references, which CommonMark (section 2.5)
    never takes for structure. White space is one space; what cannot be printed is left out.
    """
    line = " ".join(text.split())
    line = "".join(character for character in line if character.isprintable())
    if len(line) > LONGEST_CHARACTERS:
        line = f"{line[: LONGEST_CHARACTERS - 1]}…"
    return _MEANS_SOMETHING.sub(lambda found: "".join(f"&#{ord(c)};" for c in found[0]), line)


def code(value: object) -> str:
    """A name, a number or a range as a code span; what does not look like one is escaped."""
    if isinstance(value, list | tuple) and value:
        return " to ".join(code(each) for each in value)
    text = str(value)
    return f"`{text}`" if _PLAIN.fullmatch(text) else escape(text)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
