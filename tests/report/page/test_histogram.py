"""Histograms as shapes."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syned.report.page.histogram import HEIGHT, MOST_BINS, WIDTH, Histogram, Limit, histogram

NAN = float("nan")


def drawn(**groups: list[float]) -> Histogram:
    drawing = histogram({name: np.array(values, float) for name, values in groups.items()})
    assert drawing is not None
    return drawing


def rectangles(path: str) -> list[tuple[float, float, float]]:
    """Left, bottom and height of each bar."""
    found = re.findall(r"M([\d.]+) ([\d.]+)h[\d.]+v-([\d.]+)h-[\d.]+z", path)
    return [(float(x), float(y), float(height)) for x, y, height in found]


def test_the_highest_bar_fills_the_drawing_and_the_others_are_in_proportion() -> None:
    drawing = drawn(kept=[0.1, 0.1, 0.1, 0.1, 0.9])
    assert drawing.tallest == 4
    assert [height for _, _, height in rectangles(drawing.bars[0].path)] == [HEIGHT, HEIGHT / 4]


def test_groups_stand_on_each_other() -> None:
    drawing = drawn(kept=[0.1, 0.1, 0.9], dropped=[0.1, 0.1])
    kept, dropped = (rectangles(bars.path) for bars in drawing.bars)
    assert kept[0][1] == HEIGHT
    assert dropped == [(kept[0][0], HEIGHT / 2, HEIGHT / 2)]


def test_what_was_not_measured_is_not_counted_and_empty_groups_are_not_drawn() -> None:
    drawing = drawn(kept=[0.2, NAN, 0.4, NAN], dropped=[NAN])
    assert [(bars.name, bars.count) for bars in drawing.bars] == [("kept", 2)]
    assert drawing.bars[0].median == pytest.approx(0.3)
    assert histogram({"kept": np.array([NAN])}) is None
    assert histogram({}) is None


def test_a_limit_lies_where_its_value_does_even_beyond_all_values() -> None:
    limits = [Limit(0.0, upper=False), Limit(1.0, upper=True, task="style")]
    drawing = histogram({"kept": np.array([0.5, 0.6])}, limits)
    assert drawing is not None
    assert (drawing.low, drawing.high) == (0.0, 1.0)
    assert [mark.x for mark in drawing.marks] == [0.0, WIDTH]


def test_a_single_edit_is_to_be_seen_beside_many() -> None:
    bars = rectangles(drawn(kept=[0.1] * 10_000 + [0.9]).bars[0].path)
    assert bars[-1][2] >= 0.5


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50), st.floats(-1, 1))
def test_whatever_is_measured_lies_within_the_drawing(values: list[float], limit: float) -> None:
    drawing = histogram({"kept": np.array(values)}, [Limit(limit, upper=False)])
    assert drawing is not None
    bars = rectangles(drawing.bars[0].path)
    assert 1 <= len(bars) <= MOST_BINS
    assert drawing.low <= min(*values, limit) + 1e-9
    assert drawing.high >= max(*values, limit) - 1e-9
    assert all(0 <= x < WIDTH and 0 < y <= HEIGHT for x, y, _ in bars)
    assert 0 <= drawing.marks[0].x <= WIDTH
