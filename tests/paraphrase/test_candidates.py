"""From answers to paraphrases: what is kept, what is not, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from syned.models.base import Reply
from syned.models.fake import FakeTextEncoder
from syned.paraphrase.candidates import (
    Judge,
    Strictness,
    accepted,
    choose,
    finish,
    originals,
    unusable,
)
from syned.run.records import JudgedCandidate, Original

HAT = Original("1", "instruction", "Add a hat to the bear", "add")


def judge(encoder: Any = None, similarity: float = -1.0, word: float = -1.0) -> Judge:
    return Judge(encoder or FakeTextEncoder(), Strictness(similarity, word))


def replies(*answers: str, cut_off: bool = False) -> list[Reply]:
    return [Reply("k", answers, (cut_off,) * len(answers), 1)]


def row(instruction: str, captions: Sequence[str] = (), **more: str) -> dict[str, Any]:
    values = {"instruction": instruction, "captions": list(captions), "task": "", **more}
    return {"status": "planned", **values}


def test_every_text_is_paraphrased_once_however_often_it_occurs() -> None:
    rows = [
        row("Add a hat", ["a hat was added", "a hat"], task="add"),
        row("Add a hat", ["a hat"], task="local"),
        row("a hat"),
        row("", ["  "]),
        row("Add a dog", status="failed"),
    ]
    found = [(o.kind, o.text, o.task) for o in originals(rows)]
    assert found == [
        ("instruction", "Add a hat", "add"),
        ("caption", "a hat was added", "add"),
        ("caption", "a hat", "add"),
        ("instruction", "a hat", ""),
    ]
    assert len({o.text_id for o in originals(rows)}) == 4


@pytest.mark.parametrize(
    ("text", "reason"), [("x" * 601, "too_long"), ("?!\x00", "no_words"), ("給狗加一頂帽子", "")]
)
def test_texts_that_no_model_is_asked_about(text: str, reason: str) -> None:
    assert unusable(Original("1", "instruction", text)) == reason


def test_every_candidate_keeps_its_answer_and_gets_a_verdict() -> None:
    answers = ['1. "Put a hat on the bear."', "Remove the hat from the bear", "put a hat on a bear"]
    (judged,) = judge().judge([(HAT, replies(*answers))])
    assert [c.reason for c in judged] == ["", "operation_changed", "duplicate"]
    assert [c.answer for c in judged] == answers
    assert judged[0].text == "Put a hat on the bear."
    assert judged[0].similarity == pytest.approx(1, abs=0.2)
    assert judged[1].similarity is None
    assert accepted(judged) == 1


def test_a_second_round_is_judged_beside_the_first() -> None:
    both = [
        *replies("Put a hat on the bear"),
        *replies("put the hat on the bear", "Give the bear a hat"),
    ]
    (judged,) = judge().judge([(HAT, both)])
    assert [c.reason for c in judged] == ["", "duplicate", ""]


class Directions:
    """One direction a text: nothing is near anything else."""

    name = "directions"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        known = {"hat": 0, "bear": 1, "cap": 0, "dog": 2}
        return np.eye(64, dtype=np.float32)[[known.get(t, 3 + len(t) % 60) for t in texts]]


def test_meaning_counts_after_words() -> None:
    answers = [
        "Put a cap on the bear",
        "Put a cap on the dog",
        "Put a cap on the bear with the dog",
    ]
    (judged,) = judge(Directions(), word=0.5).judge([(HAT, replies(*answers))])
    assert [c.reason for c in judged] == ["", "object_lost", "object_added"]
    (judged,) = judge(Directions(), similarity=0.5).judge([(HAT, replies(answers[0] + " now"))])
    assert [c.reason for c in judged] == ["too_far"]


def candidate(text: str, similarity: float, reason: str = "") -> JudgedCandidate:
    return JudgedCandidate(text, reason, similarity)


def test_the_best_come_first_and_those_that_say_it_alike_come_last() -> None:
    candidates = (
        candidate("Add one hat to the bear", 0.95),
        candidate("Put a hat on the bear", 0.9),
        candidate("Put a hat on him", 0.85),
        candidate("Give the fellow headwear", 0.8),
        candidate("Remove it", 0.99, "operation_changed"),
    )
    assert choose("Add a hat to the bear", candidates, 2) == [3, 2]
    assert choose("Add a hat to the bear", candidates, 9) == [3, 2, 1, 0]


def test_the_row_of_a_text_says_what_became_of_every_candidate() -> None:
    candidates = (
        candidate("Put a hat on the bear", 0.9),
        candidate("Give the fellow headwear", 0.8),
        candidate("Remove it", 0.99, "operation_changed"),
    )
    made = finish(HAT, candidates, paraphrases=1, asked=1, model="m@1", prompt="p v1")
    assert (made.status, made.paraphrases) == ("done", ("Give the fellow headwear",))
    assert [c.reason for c in made.candidates] == ["beyond_best", "", "operation_changed"]
    assert (made.model, made.prompt, made.task) == ("m@1", "p v1", "add")
    short = finish(HAT, candidates, paraphrases=4, asked=3, model="m@1", prompt="p v1")
    assert (short.status, len(short.paraphrases), short.asked) == ("short", 2, 3)


def test_a_text_without_an_answer_failed_and_one_with_some_is_short() -> None:
    more: dict[str, Any] = {
        "paraphrases": 4,
        "asked": 1,
        "model": "m",
        "prompt": "p",
        "reason": "no_answer",
    }
    assert finish(HAT, (), **more).status == "failed"
    assert finish(HAT, (), **more).reason == "no_answer"
    assert finish(HAT, (candidate("Put a hat on", 0.9),), **more).reason == ""
