"""What scores and outcomes are called."""

from __future__ import annotations

import pytest

from syned.filter.select import REASONS as DROP_REASONS
from syned.paraphrase.judge.verdict import REASONS as REJECT_REASONS
from syned.report.page.labels import meaning, number, percent, rejection, score, words


@pytest.mark.parametrize(
    ("part", "whole", "decimals", "text"),
    [
        (3, 4, 0, "75%"),
        (0, 4, 0, "0%"),
        (4, 4, 0, "100%"),
        (1, 1000, 0, "<1%"),
        (999, 1000, 0, ">99%"),
        (973, 1000, 1, "97.3%"),
        (9999, 10000, 1, ">99.9%"),
        (1, 10000, 1, "<0.1%"),
        (0, 0, 0, "-"),
    ],
)
def test_a_share_is_not_rounded_to_none_or_all(
    part: int, whole: int, decimals: int, text: str
) -> None:
    assert percent(part, whole, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.7, "0.7"), (1.0, "1.0"), (0.12345, "0.123"), (-0.5, "-0.5")]
)
def test_a_threshold_has_as_few_decimals_as_it_needs(value: float, text: str) -> None:
    assert number(value) == text


def test_scores_stand_below_each_other() -> None:
    assert (score(0.5), score(-0.12345)) == ("0.500", "-0.123")


def test_a_reason_is_said_in_words_and_an_unknown_one_has_no_meaning() -> None:
    assert words("scene_lost") == "scene lost"
    assert meaning("made_up") == rejection("made_up") == ""


@pytest.mark.parametrize("reason", ["kept", *DROP_REASONS])
def test_every_outcome_of_the_filter_has_a_meaning(reason: str) -> None:
    assert meaning(reason)


@pytest.mark.parametrize("reason", REJECT_REASONS)
def test_every_reason_of_the_judge_has_a_meaning(reason: str) -> None:
    assert rejection(reason)
