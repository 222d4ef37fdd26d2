"""The audit finds what the judge must never let through."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.benchmarks import audit


@pytest.mark.parametrize(
    ("original", "paraphrase", "name"),
    [
        ("Add a hat", '"Put a hat there"', "quotes_inside_only"),
        ("Add a hat", 'Put a "hat there', "quotes_paired"),
        ("Add a hat", "1. Put a hat there", "numbering"),
        ("Add a hat", "- Put a hat there", "numbering"),
        ("Add a hat", "Sure, put a hat there", "scaffold"),
        ("Add a hat", "<INSTRUCT> Put a hat there", "scaffold"),
        ("Add a hat", "I'm sorry, no hats", "refusal"),
        ("Add a hat", "Put a hat there\nor here", "line_break"),
        ("Add a hat", "Put a hat there. It is a nice hat", "second_sentence"),
        ("Add a hat", "Put a hat on the", "unfinished"),
        ("Add a hat", " Put a hat there", "white_space"),
        ("Add a hat", "add the HAT.", "said_before"),
        ("Write 'EXIT' on it", "Put the word Exit on it", "quoted_words_kept"),
        ("Add a red hat", "Put a hat there", "color_kept"),
        ("Add a hat", "Put two hats there", "number_kept"),
        ("Make it 1920", "Set it in 1930", "digits_kept"),
        ("Show a hat", "Show no hat", "negation_kept"),
        ("Add it on the left", "Put it on the right", "direction_kept"),
        ("Make it bigger", "Make it smaller", "opposite_kept"),
    ],
)
def test_every_kind_of_mistake_is_found(original: str, paraphrase: str, name: str) -> None:
    row = {"text": original, "paraphrases": [paraphrase]}
    assert name in [mistake.name for mistake in audit.audit(row)]


@pytest.mark.parametrize(
    ("original", "paraphrase"),
    [
        ("Write 'EXIT' on the two grey doors", 'Put the word "EXIT" on the 2 gray doors.'),
        ("Take the dog away", "Remove the dog from the picture."),
    ],
)
def test_nothing_is_found_where_nothing_is_wrong(original: str, paraphrase: str) -> None:
    assert list(audit.audit({"text": original, "paraphrases": [paraphrase]})) == []


def run_of(folder: Path, paraphrase: str) -> Path:
    candidates = [{"text": "Add a dog", "reason": "object_lost"}]
    row = {"text": "Add a hat", "paraphrases": [paraphrase], "candidates": candidates}
    (folder / "captions").mkdir()
    pq.write_table(pa.Table.from_pylist([row]), folder / "captions" / "00000.parquet")
    return folder


@pytest.mark.parametrize(("paraphrase", "status"), [("Put a hat there", 0), ("1. Hat", 1)])
def test_a_mistake_ends_it_with_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paraphrase: str, status: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["audit", str(run_of(tmp_path, paraphrase))])
    assert audit.main() == status


def test_a_sample_shows_both_sides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(tmp_path, "Put a hat there")
    monkeypatch.setattr(sys, "argv", ["audit", str(run), "--sample", "5"])
    assert audit.main() == 0
    said = capsys.readouterr().out
    assert "'Put a hat there'" in said
    assert "'Add a dog' object_lost" in said
