"""What the report says of captions."""

from __future__ import annotations

from pathlib import Path

from syned.report.page.paraphrases import EXAMPLES, caption_examples, paraphrases_of
from tests.conftest import new_run
from tests.report.page.made_up import make_run


def test_paraphrases_are_found_by_kind_and_text(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    wanted = {
        ("instruction", "add star number 3"),
        ("caption", "there is a star now, number 3"),
        ("caption", "add star number 3"),
        ("instruction", "unknown"),
    }
    found = paraphrases_of(run, wanted)
    assert set(found) == {
        ("instruction", "add star number 3"),
        ("caption", "there is a star now, number 3"),
    }
    assert found["instruction", "add star number 3"] == [
        "please add star number 3",
        "add star number 3, if you can",
    ]


def test_examples_are_spread_over_the_texts_and_each_reason_has_one(tmp_path: Path) -> None:
    examples = caption_examples(make_run(tmp_path))
    texts = [text.text for text in examples.texts]
    assert len(set(texts)) == EXAMPLES
    assert texts[-1].endswith(("14", "15"))
    assert [(one.reason, one.text) for one in examples.rejected] == [
        ("refusal", "I am sorry, I cannot"),
        ("same", "add star number 0"),
    ]


def test_a_run_without_captions_has_neither(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    assert paraphrases_of(run, {("caption", "a")}) == {}
    assert caption_examples(run).texts == []
