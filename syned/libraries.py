"""Libraries that only some stages need, and that may not be installed."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from syned.errors import EngineError

TO_CAPTION = ("torch", "transformers", "peft")
"""What a captioner is made of."""
TO_TRAIN_MODELS = ("torch", "diffusers", "transformers")
"""What an editor or a CLIP is trained with."""
TO_TRAIN_EVAL = (*TO_CAPTION, "matplotlib", "pycocoevalcap")
"""What captioners are trained, scored and compared with."""
TO_MEASURE = ("imagehash", "skimage")
"""What edits are measured with, beside the encoders."""


def need_libraries(libraries: Iterable[str], *, what: str, extra: str) -> None:
    """Make sure that libraries are installed, before anything takes long.

    Args:
        libraries: names as in `import`.
        what: what needs them, as the first words of the error: "`syned caption`".
        extra: of the package that brings them: "models".

    Raises:
        EngineError: one is not; all of them are named.
    """
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        raise EngineError(
            f"{what} needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} "
            f'not installed: pip install "syned[{extra}]"'
        )
