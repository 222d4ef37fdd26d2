"""When an edit counts as right."""

from __future__ import annotations

import numpy as np
import pytest

from syned.run.truth import is_right


@pytest.mark.parametrize(
    ("true_error", "source_error", "right"),
    [
        (0.0, 0.5, True),
        (0.25, 0.5, True),
        (0.2501, 0.5, False),
        (0.5, 0.5, False),
        (0.0, 0.0, True),
        (0.01, 0.0, False),
    ],
)
def test_an_edit_is_right_at_half_the_distance_of_its_source_image_or_less(
    true_error: float, source_error: float, right: bool
) -> None:
    assert is_right(true_error, source_error) is right


def test_edits_in_an_array_are_judged_one_by_one() -> None:
    right = is_right(np.array([0.25, 0.26, 0.1]), np.array([0.5, 0.5, 0.1]))
    assert right.tolist() == [True, False, False]


def test_an_unknown_error_in_an_array_is_not_right() -> None:
    assert not is_right(np.array([np.nan]), np.array([0.5])).any()
