"""What a run may be told of the dataset that is published from it."""

from __future__ import annotations

import math
import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from syned.settings import Settings

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


class SplitFractions(Settings):
    """The share of the source images that goes to each split. They add up to 1."""

    train: float = Field(default=0.9, ge=0, le=1)
    """The share of the source images that goes to the split `train`."""
    validation: float = Field(default=0.05, ge=0, le=1)
    """The share of the source images that goes to the split `validation`."""
    test: float = Field(default=0.05, ge=0, le=1)
    """The share of the source images that goes to the split `test`."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        total = self.train + self.validation + self.test
        if not math.isclose(total, 1, abs_tol=1e-6):
            raise ValueError(
                f"is {self.train:g} + {self.validation:g} + {self.test:g} = {total:g}; "
                "together they are 1"
            )
        return self


class PublishConfig(Settings):
    """Which edits become rows of the dataset, in which splits, files and encoding."""

    format: Literal["syned", "instructpix2pix"] = "syned"
    """Which columns the dataset has. `syned` writes all of them; `instructpix2pix` writes those
    that diffusers' script `train_instruct_pix2pix.py` looks for."""
    splits: Literal["source", "hash"] = "source"
    """How source images are divided into splits. `source` takes the split that the source names and
    divides the other images by a hash of their pixels; `hash` divides all of them by the hash."""
    fractions: SplitFractions = SplitFractions()
    """The shares of the source images that are divided by the hash. They add up to 1."""
    split_seed: int = Field(default=0, strict=True)
    """The seed of the hash. Another seed puts other source images into each split."""
    image_format: Literal["png", "webp", "jpeg"] = "png"
    """The file format of both images of a pair. `png` keeps every pixel as it is."""
    quality: int = Field(default=95, ge=1, le=100, strict=True)
    """The quality of `webp` and `jpeg` images, on the scale of these formats. A higher one gives
    larger files."""
    max_shard_bytes: int = Field(default=500_000_000, ge=1, strict=True)
    """The largest size of one Parquet file, in bytes. Only a single pair that is larger than this
    goes beyond it."""
    unfiltered: bool = Field(default=False, strict=True)
    """Whether all edits that were made are published, without regard to the thresholds of `syned
    filter`. Edits that it found in an evaluation set stay out."""
    true_images: bool = Field(default=False, strict=True)
    """Whether the true results are published in place of the edited images, one pair for each
    request. Only a source that knows them has some, such as `shapes`."""
    title: str | None = Field(default=None, min_length=1)
    """The title of the dataset on its card. None takes the name of the run."""
    language: str | None = Field(default="en", min_length=1)
    """The language of instructions and captions, as an ISO code. None leaves it out of the card."""
    citation: str | None = Field(default=None, min_length=1)
    """BibTeX entries of the source, which the card quotes."""
    push_to_hub: str | None = None
    """The repository on the hub to which the dataset is uploaded, as `OWNER/NAME`. None uploads
    nothing."""
    private: bool = Field(default=True, strict=True)
    """Whether a repository that is made on the hub is private. A repository that exists stays as it
    is."""

    @field_validator("push_to_hub")
    @classmethod
    def _is_repository(cls, value: str | None) -> str | None:
        if value is not None and not _REPOSITORY.fullmatch(value):
            raise ValueError(f"is {value!r}; a dataset on the hub is called OWNER/NAME")
        return value
