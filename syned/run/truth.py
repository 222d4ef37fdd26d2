"""When an edit counts as right, where its true result is known. The one place that says so."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Errors = NDArray[np.floating[Any]]

RIGHT_UP_TO = 0.5
"""The largest error of a right edit, as a fraction of the source image's."""
RIGHT = "right: at most half as far from the true result as the source image is"
"""The same in words."""


@overload
def is_right(true_error: float, source_error: float) -> bool: ...
@overload
def is_right(true_error: Errors, source_error: Errors) -> NDArray[np.bool_]: ...
def is_right(true_error: Any, source_error: Any) -> Any:
    """Whether edits are right: a bool, or one for each element of an array.

    Args:
        true_error: mean absolute differences of edited images from their true results, in [0, 1].
        source_error: the same of their unedited source images.
    """
    return true_error <= RIGHT_UP_TO * source_error
