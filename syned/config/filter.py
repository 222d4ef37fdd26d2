"""What a run may be told of its filter: what is measured, and which edits are kept."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from syned.config.devices import checked_device
from syned.settings import Settings


class Quantile(Settings):
    """A threshold that is given as a share of the edits, in place of a number."""

    quantile: float = Field(ge=0, le=1)
    """The share of the edits, from 0 to 1, whose score lies below the threshold."""


Threshold = float | Quantile
"""A number, or the quantile of a score at which it lies."""


_RANGES = {
    "changed_fraction": (0, 1),
    "patch_change": (0, 1),
    "variant_disagreement": (0, 1000),
}
"""Of scores that are not cosines."""


class Thresholds(Settings):
    """The limits of the scores: an edit beyond one of them is dropped. None is no limit.

    A score that an edit does not have (no captions, no DINOv2) is never beyond a limit. The numbers
    are for CLIP ViT-L/14. Those of InstructPix2Pix are from `dataset_creation/
    generate_img_dataset.py`: image 0.7, text 0.2, directional 0.2.
    """

    min_image_similarity: Threshold | None = 0.7
    """The least similarity of source image and edited image by CLIP, from -1 to 1. An edit below it
    is dropped as `scene_lost`. The default is InstructPix2Pix's."""
    max_image_similarity: Threshold | None = 0.99
    """The largest similarity of source image and edited image by CLIP, from -1 to 1. An edit above
    it is dropped as `nothing_changed`. The default is Img-Diff's."""
    min_source_text_similarity: Threshold | None = 0.2
    """The least similarity of the source image and its caption by CLIP, from -1 to 1. An edit below
    it is dropped as `instruction_ignored`. The default is InstructPix2Pix's."""
    max_source_text_similarity: Threshold | None = None
    """The largest similarity of the source image and its caption by CLIP, from -1 to 1. An edit
    above it is dropped as `instruction_ignored`."""
    min_edited_text_similarity: Threshold | None = 0.2
    """The least similarity of the edited image and its caption by CLIP, from -1 to 1. An edit below
    it is dropped as `instruction_ignored`. The default is InstructPix2Pix's."""
    max_edited_text_similarity: Threshold | None = None
    """The largest similarity of the edited image and its caption by CLIP, from -1 to 1. An edit
    above it is dropped as `instruction_ignored`."""
    min_directional_similarity: Threshold | None = 0.2
    """The least similarity of the change of the image and the change of its caption by CLIP, from
    -1 to 1. An edit below it is dropped as `instruction_ignored`. The default is
    InstructPix2Pix's."""
    max_directional_similarity: Threshold | None = None
    """The largest similarity of the change of the image and the change of its caption by CLIP, from
    -1 to 1. An edit above it is dropped as `instruction_ignored`."""
    min_dino_similarity: Threshold | None = None
    """The least similarity of source image and edited image by DINOv2, from -1 to 1. An edit below
    it is dropped as `scene_lost`."""
    max_dino_similarity: Threshold | None = None
    """The largest similarity of source image and edited image by DINOv2, from -1 to 1. An edit
    above it is dropped as `nothing_changed`."""
    min_changed_fraction: Threshold | None = None
    """The least share of the pixels that changed visibly, from 0 to 1. An edit below it is dropped
    as `nothing_changed`."""
    max_changed_fraction: Threshold | None = None
    """The largest share of the pixels that changed visibly, from 0 to 1. An edit above it is
    dropped as `changed_too_much`."""
    min_patch_change: Threshold | None = 0.03
    """The least mean change of the patch that changed most, from 0 to 1; the image is cut into 8 by
    8 patches. An edit below it is dropped as `nothing_changed`. Below the default, even that patch
    looks the same to a person."""
    max_patch_change: Threshold | None = None
    """The largest mean change of the patch that changed most, from 0 to 1. An edit above it is
    dropped as `changed_too_much`."""
    min_ssim: Threshold | None = None
    """The least structural similarity of source image and edited image, from -1 to 1. An edit below
    it is dropped as `changed_too_much`."""
    max_ssim: Threshold | None = None
    """The largest structural similarity of source image and edited image, from -1 to 1. An edit
    above it is dropped as `nothing_changed`."""
    max_variant_disagreement: Threshold | None = None
    """The largest difference of an edit from the other variants of its request, from 0 to 1000,
    relative to how much the edit changed. At about 1, variants differ from one another as much as
    from the source image. An edit above it is dropped as `variants_disagree`."""

    @field_validator("*", mode="before")
    @classmethod
    def _lies_in_range(cls, value: Any, info: ValidationInfo) -> Any:
        return checked_threshold(value, str(info.field_name))


class EvaluationSet(Settings):
    """Images and captions of an evaluation set, from which no kept edit may come."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """What the set is called in counts and in files: letters, digits, `.`, `_` and `-`. Every set
    needs a name of its own."""
    kind: Literal["images", "hub", "shapes"] = "images"
    """Where the set comes from. `images` reads every image below a folder, `hub` a dataset of the
    hub or a folder of Parquet files, and `shapes` draws scenes."""
    path: str | None = Field(default=None, validate_default=True)
    """For `images`: the folder of the images, which is required. For `hub`: a folder of Parquet
    files that is read in place of a dataset of the hub."""
    captions_file: str | None = None
    """For `images`: the file of the set's captions, which is a `.txt` file with one caption on each
    line, or the `.json` or `.jsonl` file that the set is published with."""
    dataset: str | None = Field(default=None, validate_default=True)
    """For `hub`: the id of the dataset. It is required unless `path` is given."""
    subset: str | None = None
    """For `hub`: the name of the dataset's configuration, for datasets that have several."""
    revision: str | None = None
    """For `hub`: the commit, branch or tag of the dataset to read. None reads the newest one."""
    split: str = "test"
    """For `hub` and `shapes`: the split to read."""
    columns: dict[str, str] = Field(default={})
    """For `hub`: which column of the data holds what, as Syned's name for a column and the
    dataset's name for it."""
    limit: int | None = Field(default=None, ge=1, strict=True, validate_default=True)
    """The largest number of images, or rows, to read. None reads all of them; `shapes` has no end
    and needs a number."""
    captions: bool = Field(default=True, strict=True)
    """Whether captions and instructions of the set are compared as well as its images."""

    @field_validator("path", "dataset")
    @classmethod
    def _fits_kind(cls, value: str | None, info: ValidationInfo) -> str | None:
        kind, name = info.data.get("kind"), info.field_name
        if value and (kind == "shapes" or (kind == "images" and name == "dataset")):
            raise ValueError(f"is {value!r}, but an evaluation set of kind {kind} does not read it")
        if not value and kind == "images" and name == "path":
            raise ValueError("is missing; an evaluation set of kind images needs a folder")
        if not value and kind == "hub" and name == "dataset" and not info.data.get("path"):
            raise ValueError("is missing; an evaluation set of kind hub needs a dataset or a path")
        return value

    @field_validator("limit")
    @classmethod
    def _ends(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is None and info.data.get("kind") == "shapes":
            raise ValueError("is missing; the scenes of an evaluation set of kind shapes never end")
        return value


class FilterConfig(Settings):
    """Which edits are kept, and by which models they are judged."""

    encoder: str = Field(default="openai/clip-vit-large-patch14", min_length=1)
    """The CLIP or SigLIP that compares images and captions: a hub id (`OWNER/NAME` or
    `OWNER/NAME@REVISION`), a folder, `bundled:shapes` for the one that comes with Syned, or
    `fake`."""
    dino: str | None = None
    """The DINOv2 that compares the two images, such as `facebook/dinov2-base`. None leaves this
    score out."""
    batch_size: int = Field(default=64, ge=1, strict=True)
    """The number of images that a model is given at once."""
    device: str = "auto"
    """Where the models compute: `auto`, `cpu`, `cuda`, `cuda:N` for the GPU with number N, or `mps`
    for Apple's GPUs. `auto` takes CUDA, else `mps`, else the CPU, whichever the machine has."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """The precision of the models' weights. `auto` is bfloat16 on CUDA and float32 elsewhere."""
    thresholds: Thresholds = Thresholds()
    """The thresholds that hold for every task without thresholds of its own."""
    tasks: dict[str, dict[str, Threshold | None]] = Field(default={})
    """The thresholds that differ for a task: the name of the task, and under it names and values as
    in `thresholds` (`--set filter.tasks.style.min_image_similarity=0.5`). A value of None removes a
    threshold for the task."""
    near_duplicate_distance: int | None = Field(default=2, ge=0, le=64, strict=True)
    """Of two variants of a request, the worse one is dropped as `near_duplicate` if their
    perceptual hashes differ in at most this many of 64 bits. None keeps both."""
    best_per_request: int | None = Field(default=4, ge=1, strict=True)
    """The number of variants of a request that are kept, the best ones by directional similarity.
    The default is InstructPix2Pix's. None keeps all of them."""
    evaluation: tuple[EvaluationSet, ...] = ()
    """The evaluation sets that no kept edit may come from. Edits that do are dropped as
    `contaminated`."""
    contamination_distance: int | None = Field(default=6, ge=0, le=64, strict=True)
    """An image counts as the same as one of an evaluation set if their perceptual hashes differ in
    at most this many of 64 bits. None does not compare hashes."""
    contamination_similarity: float | None = Field(default=0.95, ge=-1, le=1)
    """An image counts as the same as one of an evaluation set if the cosine similarity of their
    CLIP embeddings is at least this. None does not compare embeddings."""

    @field_validator("device")
    @classmethod
    def _is_device(cls, value: str) -> str:
        return checked_device(value)

    @field_validator("tasks", mode="before")
    @classmethod
    def _names_thresholds(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        for task, table in value.items():
            for name, threshold in table.items() if isinstance(table, Mapping) else ():
                if name not in Thresholds.model_fields:
                    near = difflib.get_close_matches(str(name), Thresholds.model_fields, n=1)
                    hint = f"did you mean {near[0]}?" if near else "names are as in thresholds"
                    raise ValueError(f"has {task}.{name}, which is no threshold; {hint}")
                try:
                    checked_threshold(threshold, name)
                except ValueError as error:
                    raise ValueError(f"has {task}.{name}, which {error}") from error
        return value

    @field_validator("evaluation")
    @classmethod
    def _names_differ(cls, value: tuple[EvaluationSet, ...]) -> tuple[EvaluationSet, ...]:
        names = [each.name for each in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"has {twice[0]!r} twice; every set needs a name of its own")
        return value


def checked_threshold(value: Any, name: str) -> Any:
    """A threshold as it was, if it can be one.

    Args:
        value: a number, {quantile: share}, or None.
        name: of the threshold, which says what its score is.

    Raises:
        ValueError: it cannot; similarities lie in [-1, 1], changes and quantiles in [0, 1],
            disagreement in [0, 1000].
    """
    if value is None or isinstance(value, Quantile):
        return value
    if isinstance(value, Mapping) and set(value) == {"quantile"}:
        if _is_number(value["quantile"], 0, 1):
            return value
        raise ValueError(f"has quantile {value['quantile']!r}; a share in [0, 1] is expected")
    low, high = _RANGES.get(name[4:], (-1, 1))
    if not _is_number(value, low, high):
        expected = f"a number in [{low}, {high}] or {{quantile: share}} is expected"
        raise ValueError(f"is {value!r}; {expected}")
    return value


def _is_number(value: object, low: float, high: float) -> bool:
    """Whether it is a number in the range; the numbers that are none are in no range."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
