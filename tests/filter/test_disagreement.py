"""How much the variants of a request disagree."""

from __future__ import annotations

import numpy as np
import pytest

from syned.filter.disagreement import COMPARED_VARIANTS, variant_disagreement


def disagreement(request: list[int], edited: list[int], source: list[int]) -> list[float]:
    """Of edits that are one gray each."""
    pictures = [np.array([[gray] * 4 for gray in grays], np.uint8) for grays in (edited, source)]
    found: list[float] = variant_disagreement(np.array(request), *pictures).tolist()
    return found


def test_variants_that_are_the_same_agree_and_a_lone_one_has_nobody_to_agree_with() -> None:
    found = disagreement([0, 1, 0], [100, 100, 100], [0, 0, 0])
    assert found[0] == found[2] == 0.0
    assert np.isnan(found[1])


def test_disagreement_is_in_proportion_to_what_changed() -> None:
    found = disagreement([0, 0, 0], [100, 110, 130], [0, 0, 0])
    expected = [(10 + 30) / 2 / 100.255, (10 + 20) / 2 / 110.255, (30 + 20) / 2 / 130.255]
    assert found == pytest.approx(expected)


def test_an_edit_that_changed_nothing_has_a_finite_disagreement() -> None:
    assert disagreement([0, 0], [50, 60], [50, 50])[0] == pytest.approx(10 / 0.255)


def test_order_and_other_requests_change_nothing() -> None:
    one = disagreement([0, 0, 0], [100, 110, 130], [0, 0, 0])
    mixed = disagreement([5, 0, 5, 0, 5], [100, 7, 110, 9, 130], [0, 1, 0, 1, 0])
    assert [mixed[0], mixed[2], mixed[4]] == one


def test_of_very_many_variants_some_are_compared_and_none_with_itself() -> None:
    count = COMPARED_VARIANTS + 2
    edited = [100] * COMPARED_VARIANTS + [164, 100]
    found = disagreement([0] * count, edited, [0] * count)
    assert found[0] == 0.0
    assert found[COMPARED_VARIANTS] == pytest.approx(64 / 164.255)
    assert found[COMPARED_VARIANTS + 1] == 0.0
