"""The limits that the filter's thresholds set to each score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from syned.report.page.histogram import Limit
from syned.report.page.labels import SCORES

_LOWER, _UPPER = "min_", "max_"

Limits = dict[str, list[Limit]]
"""Score -> its limits."""


def limits_of(selection: Mapping[str, Any] | None, task: str = "") -> Limits:
    """The limits that hold for a task: its own thresholds in the place of the common ones.

    Args:
        selection: what the filter noted: "thresholds", with names such as "min_ssim".
        task: "" for the common ones alone.
    """
    thresholds = (selection or {}).get("thresholds") or {}
    common = thresholds.get("all") or {}
    own = (thresholds.get("tasks") or {}).get(task) or {}
    found: Limits = {name: [] for name in SCORES}
    for name, value in {**common, **own}.items():
        score = name.removeprefix(_LOWER).removeprefix(_UPPER)
        if score in found and isinstance(value, int | float):
            differs = name in own and own[name] != common.get(name)
            limit = Limit(float(value), name.startswith(_UPPER), task if differs else "")
            found[score].append(limit)
    return found


def all_limits(selection: Mapping[str, Any] | None, tasks: Sequence[str]) -> Limits:
    """The common limits, then those in which a task differs from them."""
    found = limits_of(selection)
    for task in tasks:
        for score, limits in limits_of(selection, task).items():
            found[score] += [limit for limit in limits if limit.task]
    return found


def fails(value: float, limits: Sequence[Limit]) -> bool:
    """Whether a score lies beyond one of its limits."""
    return any(value > x.value if x.upper else value < x.value for x in limits)
