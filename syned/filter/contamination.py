"""Find the edits of a run whose pictures or texts are in an evaluation set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from syned.filter.evaluation_sets import KnownSet
from syned.filter.nearest import Nearest, known_texts
from syned.filter.scored import Scored
from syned.run.directory import Run


@dataclass(frozen=True, slots=True)
class Sameness:
    """When a picture counts as one of an evaluation set."""

    distance: int | None
    """Bits of 64; None asks the embedding alone."""
    similarity: float | None
    """Cosine; None asks the hash alone."""

    def same(self, near: Nearest) -> NDArray[np.bool_]:
        """Which pictures are, shape (n,)."""
        found = np.zeros(len(near.distance), bool)
        if self.distance is not None:
            found |= near.distance <= self.distance
        if self.similarity is not None:
            found |= near.similarity >= self.similarity
        return found


def contaminations(
    run: Run, scored: Scored, sets: Sequence[KnownSet], sameness: Sameness
) -> dict[str, dict[str, NDArray[np.bool_]]]:
    """Set -> "images" and "captions" -> which edits are known from it, shape (n,).

    An edit is known by its source image or its edited image; or by any of the texts that would be
    published with it: its instruction, its difference captions, their paraphrases.

    Args:
        run: whose paraphrases are read.
        scored: its edits, with their captions.
        sets: what it was compared with.
        sameness: when a picture counts.
    """
    if not sets:
        return {}
    texts = _Texts(run, scored.table)
    position = scored.source_position
    return {
        each.name: {
            "images": sameness.same(each.edits) | sameness.same(each.images)[position],
            "captions": texts.known(each.texts),
        }
        for each in sets
    }


class _Texts:
    """The texts of edits, each told apart once however many edits share it."""

    def __init__(self, run: Run, table: pa.Table) -> None:
        captions = table["captions"].combine_chunks()
        self._instructions = table["instruction"].combine_chunks().dictionary_encode()
        self._captions = captions.flatten().dictionary_encode()
        self._row_of_caption = pc.list_parent_indices(captions).to_numpy()
        self._paraphrases = _paraphrases(run)

    def known(self, texts: frozenset[str]) -> NDArray[np.bool_]:
        """Which edits have a text, or a paraphrase of one, that is in the folded set."""
        found = self._flags(self._instructions, texts)
        found[self._row_of_caption[self._flags(self._captions, texts)]] = True
        return found

    def _flags(self, column: pa.DictionaryArray, texts: frozenset[str]) -> NDArray[np.bool_]:
        words = column.dictionary.to_pylist()
        known = known_texts(words, texts) if texts else np.zeros(len(words), bool)
        for position, text in enumerate(words if texts else ()):
            known[position] |= known_texts(self._paraphrases.get(text, ()), texts).any()
        return known[column.indices.to_numpy()] if len(words) else np.zeros(len(column), bool)


def _paraphrases(run: Run) -> dict[str, list[str]]:
    """Text -> its accepted paraphrases, as far as captions/ is made."""
    rows = (
        row
        for shard in run.captions.recorded()
        for row in run.captions.read(shard, ["text", "paraphrases"]).to_pylist()
    )
    return {row["text"]: row["paraphrases"] for row in rows}
