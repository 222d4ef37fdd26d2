from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syned.markdown import LONGEST_CHARACTERS, code, escape, table

HARMLESS = set(" ,'?()/\"%;-+.&#_")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a | b",
        "`code` and *stars* and _lines_",
        "[a](http://example.com)",
        "![x](https://example.com/x.png)",
        "www.example.com",
        "$x^2$",
        "me@example.com",
        "# no heading",
        "- no list",
        "1. no list",
        "&lt;b&gt;",
    ],
)
def test_a_text_is_shown_as_it_is_and_means_nothing(text: str) -> None:
    shown = escape(text)

    assert html.unescape(shown) == text
    assert not set("<>|`*[]$@:!^") & set(shown)
    assert "_lines_" not in shown
    assert not shown.startswith(("-", "1."))
    assert "www.e" not in shown


def test_ordinary_sentences_stay_readable() -> None:
    text = "Add a cat, a dog (small) and 'one_two' more. It's 50% larger - isn't it?"

    assert escape(text) == text


def test_a_text_is_one_line_without_control_characters() -> None:
    assert escape("a\nb\r\n\tc\x1b[31m\u202ed") == "a b c&#91;31md"


def test_a_long_text_is_cut() -> None:
    assert escape("a" * 1000) == "a" * (LONGEST_CHARACTERS - 1) + "…"


@given(st.text(max_size=200))
def test_whatever_stands_in_a_text_the_cell_stays_one_cell(text: str) -> None:
    shown = escape(text)

    assert html.unescape(shown) == "".join(c for c in " ".join(text.split()) if c.isprintable())
    assert all(c.isalnum() or c in HARMLESS or ord(c) > 127 for c in shown)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("facebook/emu_edit@0a1b", "`facebook/emu_edit@0a1b`"),
        (7.5, "`7.5`"),
        ((6.0, 9.0), "`6.0` to `9.0`"),
        ("a`b|<i>", "a&#96;b&#124;&#60;i&#62;"),
    ],
)
def test_names_are_code_unless_they_could_break_out_of_it(value: object, shown: str) -> None:
    assert code(value) == shown


def test_a_table_has_a_line_a_row() -> None:
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
