"""Read the chosen edits of a run as rows of the dataset, and encode their images."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from syned.errors import RunError
from syned.publish.captions import Paraphrases, captions_of
from syned.publish.image_files import encode
from syned.publish.selected import Place
from syned.run.directory import Run
from syned.run.published import DIGITAL_SOURCE_TYPE, PUBLISHED_SCHEMA
from syned.run.records import EDIT_SCORE_SCHEMA
from syned.run.rows import RowReader
from syned.run.threads import pool

SCORES = [name for name in EDIT_SCORE_SCHEMA.names if name in PUBLISHED_SCHEMA.names]
"""Scores that are published: not the embeddings and hashes, which serve the filter alone."""

_OF_REQUEST = [
    "edit_id", "source_id", "image_shard", "image_row", "variant_index", "instruction", "seed",
    "guidance_scale", "image_guidance_scale", "task", "idx", "hash", "input_caption",
    "output_caption", "captions",
]  # fmt: skip
_AS_REQUESTED = [
    "instruction", "task", "idx", "hash", "input_caption", "output_caption", "source_id",
    "variant_index", "seed", "guidance_scale", "image_guidance_scale",
]  # fmt: skip
"""Columns that a row takes from its request unchanged."""
_OF_EDITOR = ("seed", "guidance_scale", "image_guidance_scale", "steps", "editor")
MOST_ENCODERS = 16


@dataclass(frozen=True, slots=True)
class Origin:
    """What all rows of a run share."""

    editor: str
    editor_revision: str
    steps: int
    licence: str
    """Of the source."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """What kind of file images become."""

    image_format: str
    quality: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A row whose images are still those of the run."""

    values: dict[str, Any]
    image: bytes = field(repr=False)
    edited_image: bytes = field(repr=False)


class PairReader:
    """Reads what a run knows of an edit.

    Args:
        run: with all that the edits are made of.
        paraphrases: the run's.
        origin: what all rows share.
        true_images: whether the true result takes the place of the edited image.
    """

    def __init__(
        self, run: Run, paraphrases: Paraphrases, origin: Origin, *, true_images: bool
    ) -> None:
        self._run, self._paraphrases, self._origin = run, paraphrases, origin
        self._true_images = true_images
        of_request = [*_OF_REQUEST, "true_image"] if true_images else _OF_REQUEST
        of_edit = ["edit_id", "status"] if true_images else ["edit_id", "status", "edited_image"]
        self._requests = RowReader(run.requests, of_request)
        self._edits = RowReader(run.edits, of_edit)
        self._scores = RowReader(run.edit_scores, ["edit_id", *SCORES])
        self._images = RowReader(run.images, ["source_id", "image"], groups_kept=2)
        self._scored = set(run.edit_scores.recorded())

    def read(self, place: Place, split: str) -> Pair:
        """The pair of an edit.

        Raises:
            RunError: the run has changed since the edits were chosen, or is damaged.
        """
        request = self._requests.row(place.shard, place.row)
        edit = self._edits.row(place.shard, place.row)
        source = self._images.row(request["image_shard"], request["image_row"])
        self._check(place, request, edit, source)
        edited = request["true_image"] if self._true_images else edit["edited_image"]
        if edited is None:
            raise RunError(
                f"edit {place.edit_id} has no true result; publish.true_images needs a source that "
                "knows the true results, such as shapes"
            )
        values = self._values(request, self._scores_of(place), split)
        return Pair(values, source["image"]["bytes"], edited["bytes"])

    def _check(
        self, place: Place, request: dict[str, Any], edit: dict[str, Any], source: dict[str, Any]
    ) -> None:
        same = request["edit_id"] == edit["edit_id"] == place.edit_id
        if not same or edit["status"] != "done" or source["source_id"] != place.source_id:
            raise RunError(
                f"{self._run.edits.file(place.shard)} row {place.row} is no longer the edit "
                f"{place.edit_id} that was selected; run `syned filter` again"
            )

    def _scores_of(self, place: Place) -> dict[str, Any]:
        """Null for an edit that was not scored, and for a true result, which is another image."""
        if self._true_images or place.shard not in self._scored:
            return dict.fromkeys(SCORES)
        scores = self._scores.row(place.shard, place.row)
        if scores["edit_id"] != place.edit_id:
            raise RunError(
                f"{self._run.edit_scores.file(place.shard)} row {place.row} belongs to another "
                f"edit than {place.edit_id}; run `syned filter` again"
            )
        return {name: scores[name] for name in SCORES}

    def _values(
        self, request: dict[str, Any], scores: dict[str, Any], split: str
    ) -> dict[str, Any]:
        texts, originals = captions_of(
            request["captions"] or (), request["instruction"], self._paraphrases
        )
        values = {
            **{name: request[name] for name in _AS_REQUESTED},
            **scores,
            "id": request["edit_id"],
            "captions": texts,
            "original_captions": originals,
            "split": split,
            "editor": self._origin.editor,
            "editor_revision": self._origin.editor_revision,
            "steps": self._origin.steps,
            "licence": self._origin.licence,
            "digital_source_type": DIGITAL_SOURCE_TYPE,
        }
        if self._true_images:  # no editor took part
            nothing = dict.fromkeys((*_OF_EDITOR, "editor_revision", "digital_source_type"))
            return values | nothing
        return values


def encoded_rows(
    reader: PairReader, places: Sequence[Place], split: str, encoding: Encoding
) -> Iterator[dict[str, Any]]:
    """The rows of a split, in order: column -> value, both images as one kind of file.

    A pair or two for each of the encoding threads are in memory.
    """
    threads = min(MOST_ENCODERS, os.cpu_count() or 1)
    with pool(threads) as encoders:
        waiting: deque[Future[dict[str, Any]]] = deque()
        for place in places:
            waiting.append(encoders.submit(_row, reader.read(place, split), encoding))
            if len(waiting) > threads + 2:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _row(pair: Pair, encoding: Encoding) -> dict[str, Any]:
    name, options = pair.values["id"], (encoding.image_format, encoding.quality)
    image = encode(pair.image, *options, where=f"the source image of {name}")
    edited = encode(pair.edited_image, *options, where=f"the edited image of {name}")
    source = {"bytes": image, "path": None}
    return {
        **pair.values,
        "image": source,
        "edited_image": {"bytes": edited, "path": None},
        # the same, under the names that diffusers' training script looks for
        "input_image": source,
        "edit_prompt": pair.values["instruction"],
    }
