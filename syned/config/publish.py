"""What a run may be told of the dataset that is published from it."""

from __future__ import annotations

import math
import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from syned.settings import Settings

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


class SplitFractions(Settings):
    """Shares of the source images; together 1."""

    train: float = Field(default=0.9, ge=0, le=1)
    validation: float = Field(default=0.05, ge=0, le=1)
    test: float = Field(default=0.05, ge=0, le=1)

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
    """instructpix2pix: the columns that diffusers' training script of this name looks for."""
    splits: Literal["source", "hash"] = "source"
    """source: the source's own where it names one; hash: by source image, whatever it says."""
    fractions: SplitFractions = SplitFractions()
    """Of the source images that are split by hash."""
    split_seed: int = Field(default=0, strict=True)
    """Another seed puts other source images into each split."""
    image_format: Literal["png", "webp", "jpeg"] = "png"
    """Of both images of a pair; png keeps every pixel."""
    quality: int = Field(default=95, ge=1, le=100, strict=True)
    """webp and jpeg."""
    max_shard_bytes: int = Field(default=500_000_000, ge=1, strict=True)
    """A file is at most so large, unless a single pair is larger."""
    unfiltered: bool = Field(default=False, strict=True)
    """Whether to publish all edits that were made, whatever `syned filter` says of them."""
    true_images: bool = Field(default=False, strict=True)
    """Whether to publish the true results in place of the edited images, where they are known."""
    title: str | None = Field(default=None, min_length=1)
    """Of the dataset; None for the run's name."""
    language: str | None = Field(default="en", min_length=1)
    """Of instructions and captions, as an ISO code; None where nobody knows."""
    citation: str | None = Field(default=None, min_length=1)
    """BibTeX of the source, for the card."""
    push_to_hub: str | None = None
    """OWNER/NAME on the hub, to upload the dataset to."""
    private: bool = Field(default=True, strict=True)
    """Whether a repository that is made on the hub is private."""

    @field_validator("push_to_hub")
    @classmethod
    def _is_repository(cls, value: str | None) -> str | None:
        if value is not None and not _REPOSITORY.fullmatch(value):
            raise ValueError(f"is {value!r}; a dataset on the hub is called OWNER/NAME")
        return value
