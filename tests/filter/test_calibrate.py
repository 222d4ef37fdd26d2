"""Thresholds found by the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from syned.errors import DataError
from syned.filter.calibrate import find_thresholds
from syned.filter.select import Columns
from tests.filter.test_select import columns

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
        patch_change=[0.5] * count,
        **given,
    )
    return of, right


def test_each_task_gets_the_bound_that_tells_its_right_edits_from_its_wrong_ones() -> None:
    of, right = sample()
    found = find_thresholds(of, right, precision=0.97)
    assert found.tasks["add"]["min_directional_similarity"] == pytest.approx(0.4, abs=0.03)
    assert found.tasks["style"]["max_ssim"] == pytest.approx(0.7, abs=0.03)
    assert found.held_out.precision >= 0.97
    assert found.held_out.recall > 0.95
    assert found.found_on.recall > 0.95


def test_a_bound_that_goes_for_all_tasks_is_found_on_all_of_them() -> None:
    count = 60
    task = np.arange(count) % 12
    ssim = RNG.uniform(0, 1, count)
    right = (ssim > 0.4).astype(np.int8)
    of = columns(
        count, tasks=tuple("abcdefghijkl"), task=task, ssim=ssim, patch_change=[0.5] * count
    )
    found = find_thresholds(of, right, precision=0.97)
    assert len({tuple(bounds.items()) for bounds in found.tasks.values()}) == 1
    assert found.tasks["a"]["min_ssim"] == pytest.approx(0.4, abs=0.05)


def test_more_precision_costs_recall() -> None:
    of, right = sample()
    noisy = np.where(RNG.random(len(right)) < 0.1, 1 - right, right).astype(np.int8)
    loose, strict = (find_thresholds(of, noisy, precision=p) for p in (0.75, 0.9))
    assert loose.held_out.precision >= 0.75
    assert strict.held_out.precision >= 0.9
    assert strict.held_out.recall < loose.held_out.recall


def test_a_task_of_which_nothing_is_right_is_not_kept() -> None:
    of, right = sample()
    right = np.where(of.task == 1, 0, right).astype(np.int8)
    found = find_thresholds(of, right, precision=0.95)
    assert found.found_on.precision >= 0.95
    assert found.tasks["style"]["min_patch_change"] == 1.0


def test_failed_flat_and_unjudged_edits_do_not_count() -> None:
    of, right = sample()
    unknown = np.arange(400) % 3 == 0
    judged = np.where(unknown, -1, right).astype(np.int8)
    found = find_thresholds(of, judged, precision=0.95)
    assert found.held_out.right == found.found_on.right == ((right == 1) & ~unknown).sum()
    same = replace(of, failed=unknown, flat=np.arange(400) % 3 == 1)
    left = (right == 1) & (np.arange(400) % 3 == 2)
    assert find_thresholds(same, right, precision=0.95).found_on.right == left.sum()


def test_what_holds_by_accident_is_not_believed() -> None:
    of, _ = sample()
    random = RNG.integers(0, 2, 400).astype(np.int8)
    with pytest.raises(DataError, match=r"ask for less with --precision"):
        find_thresholds(of, random, precision=0.9)


def test_a_run_without_a_right_edit_is_refused() -> None:
    of, right = sample()
    with pytest.raises(DataError, match=r"known to be right"):
        find_thresholds(of, np.zeros(len(right), np.int8), precision=0.9)
