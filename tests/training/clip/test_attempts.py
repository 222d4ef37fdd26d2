"""Made-up attempts: of every kind, and as far from the truth as is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from syned.sources.shapes.draw import draw_scene
from syned.sources.shapes.edits import TASKS, scene_edit
from syned.training.clip import attempts
from syned.training.clip.attempts import Pixels, error_fraction, made_up_attempt, vary


def images(index: int = 3) -> tuple[Pixels, Pixels]:
    edit = scene_edit(index, "train", 0)
    before, after = (
        np.asarray(draw_scene(scene), np.float32) for scene in (edit.before, edit.after)
    )
    return before, after


def test_the_error_is_0_for_the_truth_1_for_the_source_and_linear_between() -> None:
    before, after = images()
    assert error_fraction(after, before, after) == 0
    assert error_fraction(before, before, after) == 1
    assert error_fraction(0.3 * before + 0.7 * after, before, after) == pytest.approx(0.3, abs=1e-3)


def test_an_edit_that_changes_nothing_gives_a_number() -> None:
    before, _ = images()
    assert error_fraction(before, before, before) == 0


def test_attempts_cover_all_degrees_of_right_and_wrong() -> None:
    random = np.random.default_rng(0)
    errors = []
    for index in range(200):
        before, after = images(index)
        attempt = made_up_attempt(before, after, random)
        assert attempt.shape == before.shape
        assert attempt.min() >= 0
        assert attempt.max() <= 255
        errors.append(error_fraction(attempt, before, after))
    share, _ = np.histogram(errors, [0, 0.25, 0.5, 0.75, 1.0, np.inf])
    assert share.min() > 10


@pytest.mark.parametrize(
    ("kind", "lowest", "highest"),
    [
        ("_blend", 0, 1),
        ("_partly", 0, 1.001),
        ("_smear", 0, 1.2),
        ("_nearly", 0, 1.0),  # a tint over all of it counts much where the edit is small
        ("_other_place", 1.0, 3),
        ("_flat", 1.0, 100),
    ],
)
def test_a_kind_is_as_wrong_as_its_name_says(kind: str, lowest: float, highest: float) -> None:
    random = np.random.default_rng(1)
    for index in (0, 3, 8, 11):  # things added and moved: the change is a patch
        before, after = images(index * len(TASKS) // len(TASKS))
        make: Any = getattr(attempts, kind)
        errors = [error_fraction(make(before, after, random), before, after) for _ in range(64)]
        assert np.median(errors) >= lowest
        assert np.median(errors) <= highest


def test_another_color_changes_what_the_edit_changes_and_nothing_else() -> None:
    before, after = images(0)
    make: Any = attempts._other_color
    attempt = make(before, after, np.random.default_rng(0))
    same = np.abs(after - before).max(axis=2) == 0
    inner = same.copy()
    for axis in (0, 1):
        for shift in (-1, 1):
            inner &= np.roll(same, shift, axis)
    inner &= np.roll(np.roll(same, 1, 0), 1, 1) & np.roll(np.roll(same, -1, 0), 1, 1)
    inner &= np.roll(np.roll(same, 1, 0), -1, 1) & np.roll(np.roll(same, -1, 0), -1, 1)
    assert (attempt[inner] == after[inner]).all()
    assert (attempt != after).any()


def test_an_editors_attempt_stays_near_itself() -> None:
    before, after = images()
    attempt = 0.6 * after + 0.4 * before
    random = np.random.default_rng(0)
    errors = [
        error_fraction(vary(attempt, before, after, random), before, after) for _ in range(50)
    ]
    assert min(errors) >= 0.4 * 0.7 - 1e-3
    assert max(errors) <= 1 - 0.6 * 0.7 + 1e-3
    assert sum(abs(e - 0.4) < 1e-3 for e in errors) > 5
    assert len(set(np.round(errors, 3))) > 10
