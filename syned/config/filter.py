"""What a run may be told of its filter: what is measured, and which edits are kept."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from syned.config.devices import checked_device
from syned.settings import Settings


class Quantile(Settings):
    """A threshold that follows from the scores: so large a share of the edits lies below it."""

    quantile: float = Field(ge=0, le=1)


Threshold = float | Quantile
"""A number, or the quantile of a score at which it lies."""


_RANGES = {
    "changed_fraction": (0, 1),
    "patch_change": (0, 1),
    "variant_disagreement": (0, 1000),
}
"""Of scores that are not cosines."""


class Thresholds(Settings):
    """Bounds of the scores, each a value, a quantile or None for no bound.

    A score that an edit does not have (no captions, no DINOv2) is never out of bounds. The numbers
    are for CLIP ViT-L/14. Those of InstructPix2Pix are from `dataset_creation/
    generate_img_dataset.py`: image 0.7, text 0.2, directional 0.2.
    """

    min_image_similarity: Threshold | None = 0.7
    max_image_similarity: Threshold | None = 0.99
    """Nearer than this, nothing has changed; Img-Diff's upper bound."""
    min_source_text_similarity: Threshold | None = 0.2
    max_source_text_similarity: Threshold | None = None
    min_edited_text_similarity: Threshold | None = 0.2
    max_edited_text_similarity: Threshold | None = None
    min_directional_similarity: Threshold | None = 0.2
    max_directional_similarity: Threshold | None = None
    min_dino_similarity: Threshold | None = None
    max_dino_similarity: Threshold | None = None
    min_changed_fraction: Threshold | None = None
    max_changed_fraction: Threshold | None = None
    min_patch_change: Threshold | None = 0.03
    """Below it even the patch that changed most looks the same to a person."""
    max_patch_change: Threshold | None = None
    min_ssim: Threshold | None = None
    max_ssim: Threshold | None = None
    max_variant_disagreement: Threshold | None = None
    """How much variants of a request may differ, in proportion to what each has changed."""

    @field_validator("*", mode="before")
    @classmethod
    def _lies_in_range(cls, value: Any, info: ValidationInfo) -> Any:
        return checked_threshold(value, str(info.field_name))


class EvaluationSet(Settings):
    """Pictures and captions that must not be among the edits that are kept."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """What it is called in counts and files."""
    kind: Literal["images", "hub", "shapes"] = "images"
    """images: every picture below a folder; hub: a dataset or a folder of Parquet files."""
    path: str | None = Field(default=None, validate_default=True)
    """images, hub: the folder."""
    captions_file: str | None = None
    """images: its captions, a .txt with one a line, or a .json or .jsonl of any known layout."""
    dataset: str | None = Field(default=None, validate_default=True)
    """hub: the dataset id."""
    subset: str | None = None
    """hub: the name of the dataset's config."""
    revision: str | None = None
    """hub: a commit, branch or tag."""
    split: str = "test"
    """hub, shapes."""
    columns: dict[str, str] = Field(default={})
    """hub: Syned's name for a column -> the dataset's."""
    limit: int | None = Field(default=None, ge=1, strict=True, validate_default=True)
    """Pictures or rows to read at most; None for all, of which `shapes` has no end."""
    captions: bool = Field(default=True, strict=True)
    """Whether captions and instructions count, or pictures only."""

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
    """A CLIP or SigLIP: hub id (`id@revision`), folder, "bundled:shapes" or "fake"."""
    dino: str | None = None
    """A DINOv2 such as facebook/dinov2-base; None for no such score."""
    batch_size: int = Field(default=64, ge=1, strict=True)
    """Images that a model sees at once."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:N or mps."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    thresholds: Thresholds = Thresholds()
    tasks: dict[str, dict[str, Threshold | None]] = Field(default={})
    """Task -> the thresholds that are other for it; null takes one away."""
    near_duplicate_distance: int | None = Field(default=2, ge=0, le=64, strict=True)
    """A variant whose perceptual hash is within so many bits of 64 of a better one's is dropped."""
    best_per_request: int | None = Field(default=4, ge=1, strict=True)
    """Variants kept of a request, by directional similarity; InstructPix2Pix's number."""
    evaluation: tuple[EvaluationSet, ...] = ()
    """Sets to keep clear of."""
    contamination_distance: int | None = Field(default=6, ge=0, le=64, strict=True)
    """Bits of 64 by which the hash of an evaluation picture may differ to count as the same."""
    contamination_similarity: float | None = Field(default=0.95, ge=-1, le=1)
    """Cosine from which an evaluation picture counts as the same; None asks the hash alone."""

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
