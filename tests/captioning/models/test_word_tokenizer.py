"""A tokenizer of whole words."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from syned.captioning.models.word_tokenizer import (
    END,
    START,
    UNKNOWN,
    as_sentence,
    caption_ids,
    train_byte_tokenizer,
    train_word_tokenizer,
)

CAPTIONS = ["The red square is gone.", "the RED circle is gone", "a sign that says SWIM"]


def test_words_are_those_of_the_captions_in_lower_case() -> None:
    tokenizer = train_word_tokenizer(CAPTIONS, words=100)
    tokens = tokenizer.tokenize("the RED square is gone.")
    assert tokens == ["the", "red", "square", "is", "gone", "."]
    assert tokenizer.tokenize("purple") == [UNKNOWN]


def test_only_the_most_frequent_words_are_kept() -> None:
    tokenizer = train_word_tokenizer(CAPTIONS, words=4)
    assert tokenizer.tokenize("red gone sign")[:2] == ["red", "gone"]
    assert tokenizer.tokenize("sign") == [UNKNOWN]


def test_a_text_opens_with_the_start_token() -> None:
    tokenizer = train_word_tokenizer(CAPTIONS, words=100)
    ids = tokenizer("red square")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == [START, "red", "square"]


def test_every_caption_ends_with_the_end_also_when_it_is_cut_off() -> None:
    tokenizer = train_word_tokenizer(CAPTIONS, words=100)
    end = tokenizer.convert_tokens_to_ids(END)
    short, long = caption_ids(tokenizer, ["red", CAPTIONS[0]], end=end, most=4)
    assert tokenizer.convert_ids_to_tokens(short) == ["red", END]
    assert tokenizer.convert_ids_to_tokens(long) == ["the", "red", "square", END]


def test_byte_pairs_know_the_words_of_the_captions_and_can_write_any_other() -> None:
    tokenizer = train_byte_tokenizer([f" {caption}" for caption in CAPTIONS] * 2, pieces=200)
    assert tokenizer.tokenize(" red square") == ["Ġred", "Ġsquare"]
    ids = tokenizer(" a ☂ was PLACED")["input_ids"]
    assert ids[0] == tokenizer.convert_tokens_to_ids("</s>") == 2
    assert tokenizer.decode(ids, skip_special_tokens=True) == " a ☂ was PLACED"
    few = train_byte_tokenizer([f" {caption}" for caption in CAPTIONS] * 2, pieces=16)
    assert len(few) <= 16 + 256 + 4 + 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("the red square is gone .", "the red square is gone."),
        ('it says " swim " now', 'it says "swim" now'),
        ("the man ' s t - shirt , left", "the man's t-shirt, left"),
        ("it isn ' t there", "it isn't there"),
        (" plain words ", "plain words"),
    ],
)
def test_marks_stand_where_people_put_them(words: str, sentence: str) -> None:
    assert as_sentence(words) == sentence
