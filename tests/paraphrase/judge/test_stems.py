"""From a text to the words and stems that are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syned.paraphrase.judge.protected_words import OPERATIONS
from syned.paraphrase.judge.stems import (
    ARTICLES,
    OPERATIONS_OF,
    content_stem,
    content_words,
    folded,
    said_stem,
    singular,
    words_of,
)


def test_words_are_found_whatever_is_between_them() -> None:
    assert words_of("The Dog's “bone”, (3 pm)—isn’t_it?!") == [
        "the",
        "dog's",
        "bone",
        "3",
        "pm",
        "isn't",
        "it",
    ]


def test_british_and_american_spellings_are_one_word() -> None:
    assert words_of("a golden, grey COLOUR") == words_of("a gold, gray color")


def test_folding_keeps_words_only() -> None:
    assert folded("The Dog's “bone”!") == ("dog's", "bone")
    assert folded("Add a hat, to an ox.") == folded("add the hat to ox")


def test_content_words_are_stems_without_what_is_judged_by_itself() -> None:
    text = "Add two red berries to the dog's boxes on the left, no larger boxes"
    assert content_words(text) == ["berry", "dog", "box"]


@pytest.mark.parametrize(
    ("word", "content", "said"),
    [
        ("hats", "hat", "hat"),
        ("dog's", "dog", "dog"),
        ("red", "", "red"),
        ("larger", "", "larger"),
        ("two", "", ""),
        ("left", "", ""),
        ("not", "", ""),
        ("add", "", ""),
        ("picture", "", ""),
        ("x", "", ""),
    ],
)
def test_a_stem_is_that_of_a_word_that_says_something(word: str, content: str, said: str) -> None:
    assert (content_stem(word), said_stem(word)) == (content, said)


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("berries", "berry"),
        ("churches", "church"),
        ("bushes", "bush"),
        ("glasses", "glass"),
        ("foxes", "fox"),
        ("hats", "hat"),
        ("shoes", "shoe"),
        ("ties", "tie"),
        ("bus", "bus"),
        ("grass", "grass"),
        ("iris", "iris"),
        ("gas", "gas"),
    ],
)
def test_a_plural_loses_its_ending_and_another_word_keeps_it(plural: str, one: str) -> None:
    assert singular(plural) == one


def test_a_word_may_stand_for_several_operations() -> None:
    assert OPERATIONS_OF["insert"] == ["add"]
    assert OPERATIONS_OF["paint"] == ["add", "change"]
    assert set(OPERATIONS_OF) == {word for words in OPERATIONS.values() for word in words.split()}


@given(st.text(max_size=100))
def test_the_words_of_words_are_the_same_words(text: str) -> None:
    words = words_of(text)
    assert words_of(" ".join(words)) == words


@given(st.text(st.characters(max_codepoint=127), max_size=100))
def test_case_and_spaces_do_not_count(text: str) -> None:
    assert words_of(text.upper()) == words_of(text.lower()) == words_of(f"  {text}\n")


@given(st.text(max_size=100))
def test_what_is_left_of_a_text_holds_no_article_and_no_word_twice(text: str) -> None:
    assert not ARTICLES & set(folded(text))
    stems = content_words(text)
    assert len(stems) == len(set(stems))
    assert "" not in stems


@given(st.text("aeiousyhcx", min_size=1, max_size=8))
def test_a_singular_has_no_singular_of_its_own(word: str) -> None:
    assert singular(singular(word)) == singular(word)


@given(st.text("bdgklmnprt", min_size=3, max_size=8))
def test_a_regular_plural_and_its_singular_are_one(word: str) -> None:
    assert singular(f"{word}s") == singular(word) == word
