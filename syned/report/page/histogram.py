"""Histograms as SVG shapes: groups of edits stacked on each other, thresholds marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 88
"""Of the drawing, in its own units; a browser stretches it."""
MOST_BINS = 32


@dataclass(frozen=True, slots=True)
class Limit:
    """A value that decides about an edit."""

    value: float
    upper: bool
    """Whether it is the most that a kept edit has, rather than the least."""
    task: str = ""
    """"" for a limit of every task that has none of its own."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A limit in the drawing."""

    x: float
    limit: Limit


@dataclass(frozen=True, slots=True)
class Bars:
    """One group of values in the drawing."""

    name: str
    count: int
    median: float
    path: str
    """What SVG calls path data."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """All that is drawn."""

    low: float
    high: float
    tallest: int
    """Values in the highest bar."""
    bars: tuple[Bars, ...]
    """Groups that have values, the lowest first."""
    marks: tuple[Mark, ...]


def histogram(
    groups: Mapping[str, NDArray[np.float64]], limits: Sequence[Limit] = ()
) -> Histogram | None:
    """Count values into bins and stack the groups on each other.

    Args:
        groups: name -> values; what is not finite is left out. The first group lies at the bottom.
        limits: all of them lie within the drawing, whatever the values are.

    Returns:
        None when there is no value.
    """
    finite = {name: values[np.isfinite(values)] for name, values in groups.items()}
    values = np.concatenate([np.empty(0), *finite.values()])
    if not values.size:
        return None
    shown = np.concatenate([values, [limit.value for limit in limits]])
    edges = _edges(float(shown.min()), float(shown.max()))
    within = {name: of_group.clip(edges[0], edges[-1]) for name, of_group in finite.items()}
    counts = {name: np.histogram(of_group, edges)[0] for name, of_group in within.items()}
    total = np.sum(list(counts.values()), axis=0)
    tallest = int(total.max())
    below = np.zeros_like(total)
    bars = []
    for name, of_group in counts.items():
        if finite[name].size:
            path = _path(of_group, below, tallest)
            median = float(np.median(finite[name]))
            bars.append(Bars(name, int(finite[name].size), median, path))
        below = below + of_group
    low, high = float(edges[0]), float(edges[-1])
    marks = (Mark(round((x.value - low) / (high - low) * WIDTH, 1), x) for x in limits)
    return Histogram(low, high, tallest, tuple(bars), tuple(marks))


def _edges(low: float, high: float) -> NDArray[np.float64]:
    """Edges of at most MOST_BINS bins whose width is 1, 2 or 5 times a power of ten."""
    if high - low < 1e-9:
        low, high = low - 0.05, high + 0.05
    step = _round_up((high - low) / (MOST_BINS - 2))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return np.round(np.arange(first, last + 1) * step, 12)


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value)


def _path(counts: NDArray[np.int64], below: NDArray[np.int64], tallest: int) -> str:
    """A rectangle for each bin that holds something, as SVG path data."""
    width = WIDTH / len(counts)
    parts = []
    for position, (count, under) in enumerate(zip(counts.tolist(), below.tolist(), strict=True)):
        if count:
            y = HEIGHT * (1 - under / tallest)
            height = max(0.7, HEIGHT * count / tallest)  # a single edit is to be seen too
            x, gap = position * width, min(1.0, width / 4)
            parts.append(f"M{x:.1f} {y:.1f}h{width - gap:.1f}v{-height:.1f}h{gap - width:.1f}z")
    return "".join(parts)
