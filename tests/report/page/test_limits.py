"""What the filter's thresholds demand."""

from __future__ import annotations

from syned.report.page.histogram import Limit
from syned.report.page.limits import all_limits, fails, limits_of
from tests.report.page.made_up import THRESHOLDS

NOTED = {"thresholds": THRESHOLDS}


def test_a_task_without_thresholds_of_its_own_has_the_common_ones() -> None:
    limits = limits_of(NOTED, "add")
    assert limits == limits_of(NOTED)
    assert limits["image_similarity"] == [Limit(0.7, upper=False), Limit(0.99, upper=True)]
    assert limits["patch_change"] == [Limit(0.03, upper=False)]
    assert limits["ssim"] == []


def test_a_task_replaces_a_common_threshold_or_takes_it_away() -> None:
    assert limits_of(NOTED, "style")["image_similarity"] == [
        Limit(0.55, upper=False, task="style"),
        Limit(0.99, upper=True),
    ]
    assert limits_of(NOTED, "global")["image_similarity"] == [Limit(0.7, upper=False)]


def test_a_task_that_repeats_a_common_threshold_is_not_shown_apart() -> None:
    noted = {"thresholds": {"all": {"min_ssim": 0.5}, "tasks": {"add": {"min_ssim": 0.5}}}}
    assert all_limits(noted, ["add"])["ssim"] == [Limit(0.5, upper=False)]


def test_all_limits_are_the_common_ones_and_those_that_differ() -> None:
    assert all_limits(NOTED, ["add", "style"])["image_similarity"] == [
        Limit(0.7, upper=False),
        Limit(0.99, upper=True),
        Limit(0.55, upper=False, task="style"),
    ]


def test_nothing_noted_demands_nothing() -> None:
    assert not any(limits_of(None).values())
    assert not any(limits_of({"thresholds": {"all": {"unknown": 1, "min_ssim": None}}}).values())


def test_a_score_fails_beyond_its_limits_and_not_at_them() -> None:
    limits = limits_of(NOTED)["image_similarity"]
    assert [fails(value, limits) for value in (0.69, 0.7, 0.99, 1.0)] == [True, False, False, True]
