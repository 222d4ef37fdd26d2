"""What is taken off an answer, and what is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syned.paraphrase.judge.clean import clean, tidy


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ('"Add a suitcase to the bed."', "Add a suitcase to the bed."),
        ("“Add a suitcase to the bed.”", "Add a suitcase to the bed."),
        ("'Make the sky pink'", "Make the sky pink"),
        ("1. Place a hat on the dog.", "Place a hat on the dog."),
        ("2) Place a hat on the dog.", "Place a hat on the dog."),
        ("- Place a hat on the dog.", "Place a hat on the dog."),
        ('3. "Place a hat on the dog."', "Place a hat on the dog."),
        ("Paraphrase: Place a hat on the dog.", "Place a hat on the dog."),
        ("Sure! Place a hat on the dog.", "Place a hat on the dog."),
        ('Sure, here is a paraphrase: "Place a hat."', "Place a hat."),
        ("Here's one variation: Place a hat on the dog.", "Place a hat on the dog."),
        ("Rewritten instruction: Place a hat.", "Place a hat."),
        ("Variation 1: Place a hat.", "Place a hat."),
        ("**Place a hat.**", "Place a hat."),
        ("  Place\ta   hat.  ", "Place a hat."),
        ('"Place a hat".', "Place a hat."),
    ],
)
def test_what_wraps_a_sentence_is_taken_off(answer: str, sentence: str) -> None:
    assert clean(answer) == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        'Add the word "SWIM" to the surfboard.',
        '"SWIM" should be written on the board, and "STOP" on the sign: "STOP"',
        '"SWIM" on the board and "RUN"',
        "Give the dog's owner the cats' toys",
        "'Tis the season, write 'peace'",
        "Change 2 of the apples to 3 oranges",
        "Add 10 balloons: red ones.",
        "Write 7. on the shirt",
    ],
)
def test_quotes_numbers_and_colons_inside_a_sentence_stay(sentence: str) -> None:
    assert clean(sentence) == sentence


def test_lines_stay_apart_and_control_characters_go() -> None:
    assert (
        clean("Place a hat.\r\n\n  Place a cap.\x00\x1b[31m\u200b")
        == "Place a hat.\nPlace a cap.[31m"
    )


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(max_size=200))
def test_a_tidy_text_has_no_control_characters_and_no_outer_space(text: str) -> None:
    plain = tidy(text)
    assert plain == plain.strip()
    assert all(c.isprintable() or c in "\n" or c.isspace() or ord(c) > 127 for c in plain)
