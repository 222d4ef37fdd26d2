"""Thresholds found by the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from syned.errors import DataError
from syned.stages.calibrate import cross_checked, find_thresholds, measure
from syned.stages.select import Columns
from tests.stages.test_select import columns

RNG = np.random.default_rng(0)


def sample(count: int = 400, **given: Any) -> tuple[Columns, Any]:
    """Edits of two tasks: right where their direction is large, or for style their ssim small."""
    task = np.arange(count) % 2
    direction, ssim = RNG.uniform(0, 1, count), RNG.uniform(0, 1, count)
    right = np.where(task == 0, direction > 0.4, ssim < 0.7).astype(np.int8)
    of = columns(
        count,
        tasks=("add", "style"),
        task=task,
        directional_similarity=direction,
        ssim=ssim,
        **given,
    )
    return of, right


def test_each_task_gets_the_bound_that_tells_its_right_edits_from_its_wrong_ones() -> None:
    of, right = sample()
    found = find_thresholds(of, right, precision=0.99)
    assert set(found.tasks["add"]) == {"min_directional_similarity"}
    assert found.tasks["add"]["min_directional_similarity"] == pytest.approx(0.4, abs=0.02)
    assert found.tasks["style"]["max_ssim"] == pytest.approx(0.7, abs=0.02)
    assert found.precision == found.recall == 1.0
    assert found == measure(of, right, found.tasks)


def test_more_precision_costs_recall() -> None:
    of, right = sample()
    noisy = np.where(RNG.random(len(right)) < 0.1, 1 - right, right).astype(np.int8)
    loose, strict = (find_thresholds(of, noisy, precision=p) for p in (0.8, 0.92))
    assert loose.precision >= 0.8
    assert strict.precision >= 0.92
    assert strict.recall < loose.recall


def test_a_task_of_which_nothing_is_right_is_not_kept() -> None:
    of, right = sample()
    right = np.where(of.task == 1, 0, right).astype(np.int8)
    found = find_thresholds(of, right, precision=0.95)
    assert found.precision >= 0.95
    assert found.kept <= (of.task == 0).sum()


def test_failed_flat_and_unjudged_edits_do_not_count() -> None:
    of, _ = sample(4, failed=[True, False, False, False], flat=[False, True, False, False])
    told = measure(of, np.array([1, 1, -1, 1], np.int8), {"add": {}, "style": {}})
    assert (told.kept, told.judged, told.right) == (1, 3, 3)


def test_thresholds_are_checked_on_requests_that_they_were_not_found_on() -> None:
    of, right = sample()
    checked = cross_checked(of, right, precision=0.97)
    assert checked.judged == 400
    assert checked.precision > 0.9
    random = RNG.integers(0, 2, 400).astype(np.int8)
    fitted = find_thresholds(of, random, precision=0.6)
    assert cross_checked(of, random, precision=0.6).precision < fitted.precision


def test_what_cannot_be_found_is_said() -> None:
    of, right = sample()
    with pytest.raises(DataError, match=r"known to be right"):
        find_thresholds(of, np.zeros(len(right), np.int8), precision=0.9)
    random = RNG.integers(0, 2, 400).astype(np.int8)
    with pytest.raises(DataError, match=r"ask for less with --precision"):
        find_thresholds(of, random, precision=1.0)
