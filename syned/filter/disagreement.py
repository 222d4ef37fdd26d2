"""Measure how much the variants of a request differ from one another.

An editor that knows what is asked of it draws the same each time, whatever noise it starts from.
One that is unsure draws something else each time. So variants that differ much, beside what each of
them changed, are likely to be wrong, and no truth is needed to see it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

COMPARED_VARIANTS = 8
"""With how many variants of its request an edit is compared at most."""
_LEAST_CHANGE = 0.001
"""In [0, 1]: keeps the proportion finite for an edit that changed nothing."""


def variant_disagreement(
    request: NDArray[np.int64],
    thumbnails: NDArray[np.uint8],
    source_thumbnails: NDArray[np.uint8],
) -> NDArray[np.float64]:
    """Mean difference from the other variants, in proportion to what an edit changed.

    Shape notation:
        - n: edits
        - t: numbers of a thumbnail

    Args:
        request: equal for the variants of one request, shape (n,).
        thumbnails: of the edited images, shape (n, t).
        source_thumbnails: of their source images, shape (n, t).

    Returns:
        0 for variants that are the same, about 1 for such as differ as much from one another as
        from the source image; NaN for an edit without another variant; shape (n,).
    """
    found = np.full(len(request), np.nan)
    order = np.argsort(request, kind="stable")
    begins = np.flatnonzero(np.diff(request[order], prepend=-1))
    for first, end in zip(begins, [*begins[1:], len(order)], strict=True):
        rows = order[first:end]
        if len(rows) < 2:
            continue
        others = rows[:COMPARED_VARIANTS]
        apart = thumbnails[rows, None].astype(np.int16) - thumbnails[others]  # (v, o, t)
        among = np.arange(len(rows)) < len(others)  # an edit is no other variant of itself
        found[rows] = np.abs(apart).mean(axis=2).sum(axis=1) / (len(others) - among)
    change = np.abs(thumbnails.astype(np.int16) - source_thumbnails).mean(axis=1)
    disagreement: NDArray[np.float64] = found / (change + 255 * _LEAST_CHANGE)
    return disagreement
