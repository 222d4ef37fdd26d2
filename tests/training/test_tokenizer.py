"""The tokenizer that is made for a text encoder from nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("transformers")

from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import CLIPTokenizer

from syned.training.tokenizer import train_clip_tokenizer

TEXTS = ["Add a large red star at the top", "Remove the small blue moon", "Make it night"] * 5
TOKENIZER = train_clip_tokenizer(TEXTS, merges=200, max_tokens=16)


def test_words_it_has_seen_are_single_tokens() -> None:
    assert TOKENIZER.tokenize("Remove the star") == ["remove</w>", "the</w>", "star</w>"]


def test_a_sequence_starts_ends_and_is_padded_as_clip_does() -> None:
    ids = TOKENIZER("Make it night", padding="max_length", max_length=16).input_ids
    assert ids[0] == TOKENIZER.bos_token_id
    assert ids[4:] == [TOKENIZER.eos_token_id] * 12


def test_it_is_the_same_after_saving(tmp_path: Path) -> None:
    TOKENIZER.save_pretrained(tmp_path)
    again = CLIPTokenizer.from_pretrained(tmp_path)
    assert again(TEXTS[0]).input_ids == TOKENIZER(TEXTS[0]).input_ids
    assert again.model_max_length == 16


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C"]), max_size=40))
def test_any_text_has_tokens_of_the_vocabulary(text: str) -> None:
    ids = TOKENIZER(text).input_ids
    assert all(0 <= i < len(TOKENIZER) for i in ids)
    assert TOKENIZER.eos_token_id not in ids[1:-1]
