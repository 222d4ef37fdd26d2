"""The lists of words: that every entry can be found in a text, and what the patterns find."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from syned.config import SourceConfig
from syned.paraphrase.judge.protected_words import (
    COLORS,
    DEGREES,
    DIRECTIONS,
    EDIT_VERBS,
    NEGATIONS,
    NUMBERS,
    OPERATIONS,
    PHRASES,
    REFUSALS,
    SCAFFOLD,
    STOP_WORDS,
    TASK_OPERATIONS,
    TEXTS,
    WORD,
)
from syned.paraphrase.judge.stems import said_stem, words_of
from syned.sources import open_source

LISTS: dict[str, Collection[str]] = {
    "colors": COLORS,
    "degrees": DEGREES,
    "directions": DIRECTIONS,
    "edit verbs": EDIT_VERBS,
    "negations": NEGATIONS,
    "numbers": NUMBERS,
    "stop words": STOP_WORDS,
    "texts": TEXTS,
    "add": OPERATIONS["add"].split(),
    "remove": OPERATIONS["remove"].split(),
    "change": OPERATIONS["change"].split(),
}


@pytest.mark.parametrize("name", LISTS)
def test_every_entry_is_one_word_in_lower_case(name: str) -> None:
    """Texts are compared word by word in lower case, so any other entry is never found."""
    assert [w for w in LISTS[name] if not WORD.fullmatch(w) or w != w.lower()] == []


def test_every_phrase_is_as_it_stands_among_the_words_of_a_text() -> None:
    phrases = [phrase for some in PHRASES.values() for phrase in some]
    assert [phrase for phrase in phrases if " ".join(words_of(phrase)) != phrase] == []


def test_phrases_and_tasks_stand_for_known_operations() -> None:
    named = {name for names in TASK_OPERATIONS.values() for name in names}
    assert {*PHRASES, *named} <= set(OPERATIONS)


def test_a_color_is_judged_as_a_color_alone() -> None:
    assert not COLORS & DEGREES.keys()
    assert [color for color in COLORS if not said_stem(color)] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don't", ["don't"]),
        ("the dog’s bone", ["the", "dog’s", "bone"]),
        ("'quoted' words", ["quoted", "words"]),
        ("snake_case", ["snake", "case"]),
        ("café 42nd", ["café", "42nd"]),
        ("給狗加一頂帽子", ["給狗加一頂帽子"]),
        ("?!… — _", []),
    ],
)
def test_a_word_holds_letters_digits_and_an_apostrophe(text: str, words: list[str]) -> None:
    assert WORD.findall(text) == words


@pytest.mark.parametrize(
    "answer",
    [
        "I'm just an AI, it is not within my programming to edit images.",
        "I’m sorry, but no",
        "I cannot do this",
        "I can’t edit images",
        "As an AI language model, I have no eyes",
        "It is unable to assist with this",
        "This is not appropriate",
        "How can I help you today?",
        "Please provide the image",
        "Let me know if more is wanted",
        "Could you please clarify the instruction?",
    ],
)
def test_an_assistant_that_talks_of_itself_or_to_its_user_refuses(answer: str) -> None:
    assert REFUSALS.search(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "0 <INSTRUCT> Put a hat on the man",
        "<|im_start|>",
        "Put a hat on him |>",
        "[/INST] Put a hat on the man",
        "Paraphrase the hat of the man",
        "Rephrased: put a hat on him",
        "Rewrite the instruction as a poem",
        "The original sentence asks for a hat",
        "It has the same meaning",
        "In other words, put a hat on him",
        "assistant: put a hat on him",
        "### Put a hat on him",
        "```put a hat on him```",
        "See https://example.org",
    ],
)
def test_the_prompts_own_words_are_scaffold(answer: str) -> None:
    assert SCAFFOLD.search(answer)


def test_no_instruction_and_no_caption_of_the_shapes_world_is_refused_or_scaffold() -> None:
    source = open_source(SourceConfig(kind="shapes", limit=80), edited_images=False)
    records = list(source.records(0))
    texts = {text for record in records for text in (record.instruction, *record.captions)}
    assert len(texts) > 80
    assert [text for text in texts if REFUSALS.search(text) or SCAFFOLD.search(text)] == []
