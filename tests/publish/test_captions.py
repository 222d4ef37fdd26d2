"""The captions of a pair: those of the source first, then their paraphrases, each once."""

from __future__ import annotations

from pathlib import Path

from syned.publish.captions import Paraphrases, captions_of, read_paraphrases
from tests.conftest import new_run
from tests.made_up_run import MadeUp, make_run

KNOWN = Paraphrases(
    {
        ("caption", "a cat is new"): ("there is a new cat", "A cat  is new", "a cat came"),
        ("caption", "a cat was added"): ("a cat came", "one cat more"),
        ("instruction", "add a cat"): ("put a cat in",),
        ("instruction", "a cat is new"): ("this is an instruction",),
    }
)


def test_captions_come_first_and_then_their_paraphrases_each_text_once() -> None:
    texts, originals = captions_of(["a cat is new", "a cat was added"], "add a cat", KNOWN)

    assert texts == [
        "a cat is new",
        "a cat was added",
        "there is a new cat",
        "a cat came",
        "one cat more",
    ]
    assert originals == 2


def test_the_instruction_stands_in_for_captions_that_are_missing_or_empty() -> None:
    assert captions_of([" "], "add a cat", KNOWN) == (["add a cat", "put a cat in"], 1)


def test_without_paraphrases_there_are_the_captions_alone() -> None:
    assert captions_of(["a", "A ", "b"], "", Paraphrases()) == (["a", "b"], 2)


def test_paraphrases_are_counted_by_model_and_prompt(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(16))

    found = read_paraphrases(run)

    assert found.of["instruction", "add the red kite number 0"] == (
        "in other words, add the red kite number 0",
        "add the red kite number 0, as it were",
    )
    assert list(found.made_by) == [("made/up-7B@0123abc", "paraphrase_made_up v1 0123456789ab")]
    assert sum(found.made_by.values()) == 2 * len(found.of)


def test_a_run_without_captions_has_no_paraphrases(tmp_path: Path) -> None:
    assert read_paraphrases(new_run(tmp_path)) == Paraphrases()
