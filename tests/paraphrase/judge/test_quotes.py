"""Words in quotes."""

from __future__ import annotations

import pytest

from syned.paraphrase.judge.quotes import loses_a_quote, quoted, unquoted


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('Write "EXIT" and “Way out” there', ["EXIT", "Way out"]),
        ("Write 'don't run' on the man's hat", ["don't run"]),
        ("the man's dogs' bowl", []),
    ],
)
def test_apostrophes_are_no_quotes(text: str, found: list[str]) -> None:
    assert quoted(text) == found


def test_a_text_without_its_quotes() -> None:
    assert unquoted("Write 'dog' on the dog").split() == ["Write", "on", "the", "dog"]


@pytest.mark.parametrize(
    ("text", "lost"),
    [("Put “EXIT” up", False), ("Put EXIT up", False), ("Put Exit up", True), ("EXITS", True)],
)
def test_quoted_words_are_kept_letter_for_letter(text: str, lost: bool) -> None:
    assert loses_a_quote(text, 'Write "EXIT."') is lost
