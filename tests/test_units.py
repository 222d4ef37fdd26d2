"""Times, rates and sizes as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syned.units import duration, rate, size


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (7500, "2 h 5 min")],
)
def test_a_time_is_said_in_two_figures(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("per_second", "words"),
    [
        (0.04, "0.04"),
        (3.14159, "3.14"),
        (10.0, "10"),
        (99.96, "100"),
        (1299.0, "1,300"),
        (213_600.0, "214,000"),
    ],
)
def test_a_rate_is_said_in_three_figures(per_second: float, words: str) -> None:
    assert rate(per_second) == words


@given(st.floats(1e-6, 1e12))
def test_no_rate_is_said_as_a_power_of_ten(per_second: float) -> None:
    words = rate(per_second)
    assert "e" not in words
    assert float(words.replace(",", "")) == pytest.approx(per_second, rel=0.01)


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (20_000_000_000, "20 GB")],
)
def test_a_size_is_said_in_decimal_units(size_bytes: int, words: str) -> None:
    assert size(size_bytes) == words
