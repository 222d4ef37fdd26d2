"""An edit as a Python object: its texts and numbers, and its images when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from PIL import Image

from syned.errors import RunError
from syned.run.directory import Run
from syned.run.rows import Place, RowReader
from syned.sources.png import decode


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit: what was asked for, what came of it, and what was measured on it.

    `source_image`, `edited_image` and `true_image` are read when they are asked for, and not kept.
    So a list of many edits holds texts and numbers only.
    """

    edit_id: str
    """The id of the edit, 32 hexadecimal digits: the same in all files of the run."""
    source_id: str
    """The id of the source image. Edits of one source image share it."""
    variant_index: int
    """The number of the variant: 0 for the first edit of a source image and an instruction, then 1,
    and so on."""
    instruction: str
    """What was asked for."""
    captions: tuple[str, ...]
    """What the edit changes, in the words of the source; empty if it says nothing."""
    paraphrases: Mapping[str, tuple[str, ...]] = field(hash=False)
    """The instruction and each caption that has paraphrases, with those, the best one first."""
    status: Literal["done", "failed"]
    reason: str
    """Why the edit failed, such as `flat_image`; empty if it is done."""
    kept: bool | None
    """Whether the filter kept the edit; None if it was not filtered."""
    drop_reason: str
    """Why the filter dropped the edit, such as `nothing_changed`; empty otherwise."""
    right: bool | None
    """Whether the edit is near the true result; None where that is not known."""
    scores: Mapping[str, float | None] = field(hash=False)
    """What was measured, by name, as in docs/columns.md; None where nothing was. Similarities are
    in [-1, 1]; `changed_fraction`, `patch_change` and `variant_disagreement` begin at 0."""
    task: str
    """The kind of edit, as the source names it; empty if it does not."""
    split: str
    """The split, as the source names it."""
    key: str
    """Where the row comes from in its source, such as `photos/cat.jpg#0`."""
    input_caption: str
    """The caption of the source image; empty if the source has none."""
    output_caption: str
    """The caption of the image that was asked for; empty if the source has none."""
    seed: int
    """The seed of the edit's noise, from 0 to 2^63 - 1."""
    _images: Images = field(repr=False, compare=False)
    _place: Place = field(repr=False, compare=False)
    _source_place: Place = field(repr=False, compare=False)

    @property
    def source_image(self) -> Image.Image | None:
        """The image before the edit, RGB, as the editor was given it; None if it was unreadable.

        Raises:
            RunError: the run has changed meanwhile, or is damaged.
        """
        if self._source_place[0] < 0:
            return None
        return self._images.source(self._source_place, self.source_id)

    @property
    def edited_image(self) -> Image.Image | None:
        """The image after the edit, RGB, of the same size; None for a failed edit.

        Raises:
            RunError: the run has changed meanwhile, or is damaged.
        """
        return self._images.edited(self._place, self.edit_id)

    @property
    def true_image(self) -> Image.Image | None:
        """The only right result, RGB, of the same size; None where the source does not know it.

        Raises:
            RunError: the run has changed meanwhile, or is damaged.
        """
        return self._images.true(self._place, self.edit_id)


class Images:
    """The images of a run by their place; neighbours are read together, and stay for a while."""

    def __init__(self, run: Run) -> None:
        self._source = RowReader(run.images, ["source_id", "image"], groups_kept=2)
        self._edited = RowReader(run.edits, ["edit_id", "edited_image"])
        self._true = RowReader(run.requests, ["edit_id", "true_image"])

    def source(self, place: Place, source_id: str) -> Image.Image | None:
        return _image_of(self._source.row(*place), source_id)

    def edited(self, place: Place, edit_id: str) -> Image.Image | None:
        return _image_of(self._edited.row(*place), edit_id)

    def true(self, place: Place, edit_id: str) -> Image.Image | None:
        return _image_of(self._true.row(*place), edit_id)


def _image_of(row: Mapping[str, Any], wanted: str) -> Image.Image | None:
    """The image in a row of an id and an image."""
    found, image = row.values()
    if found != wanted:
        raise RunError(
            f"the run has changed meanwhile: {found!r} is where {wanted!r} was; open it again"
        )
    return None if image is None else Image.fromarray(decode(image["bytes"]))
