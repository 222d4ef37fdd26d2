from __future__ import annotations

import pytest

from syned.units import duration, size


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (7500, "2 h 5 min")],
)
def test_a_time_is_said_in_two_figures(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (20_000_000_000, "20 GB")],
)
def test_a_size_is_said_in_decimal_units(size_bytes: int, words: str) -> None:
    assert size(size_bytes) == words
