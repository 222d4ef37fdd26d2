"""What a run may be told of its source."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from syned.settings import Settings

KINDS_OF = {
    "path": ("folder", "hub"),
    "instruction": ("folder",),
    "instructions_file": ("folder",),
    "dataset": ("hub",),
    "subset": ("hub",),
    "revision": ("hub",),
    "columns": ("folder", "hub"),
}
"""Settings that only some kinds of source read."""


class SourceConfig(Settings):
    """What to edit: where images and instructions come from."""

    kind: Literal["shapes", "folder", "hub"] = "shapes"
    split: str = Field(default="train", min_length=1)
    """shapes: train, validation or test; hub: the name of the dataset's split."""
    seed: int = Field(default=0, strict=True)
    """shapes: which world; another seed has other scenes."""
    start: int = Field(default=0, ge=0, strict=True)
    """The first source row to read; those before it are left to others."""
    limit: int | None = Field(default=None, ge=1, strict=True)
    """Source rows to read at most, from `start` on; None for all."""
    image_size_px: int = Field(default=512, ge=8, multiple_of=8, strict=True)
    """Longest side of the image that the editor is given, a multiple of 8."""
    path: str | None = Field(default=None, validate_default=True)
    """folder: where the images are; hub: a folder of Parquet files in place of a dataset id."""
    instruction: str | None = None
    """folder: one instruction for every image."""
    instructions_file: str | None = None
    """folder: a text file, one instruction a line, every one applied to every image."""
    dataset: str | None = Field(default=None, validate_default=True)
    """hub: the dataset id."""
    subset: str | None = None
    """hub: the name of the dataset's config."""
    revision: str | None = None
    """hub: a commit, branch or tag."""
    columns: dict[str, str] = Field(default={})
    """Syned's name for a column -> the dataset's; goes before the names that Syned knows."""
    licence: str | None = None
    """What the data may be used for, where the source does not say: "cc-by-4.0"."""

    @field_validator(*KINDS_OF)
    @classmethod
    def _fits_kind(cls, value: object, info: ValidationInfo) -> object:
        kind, name = info.data.get("kind"), info.field_name or ""
        if value and kind is not None and kind not in KINDS_OF[name]:
            kinds = " or ".join(KINDS_OF[name])
            raise ValueError(f"is {value!r}, but source kind {kind} does not read it; use {kinds}")
        return value

    @field_validator("path")
    @classmethod
    def _folder_has_path(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not value and info.data.get("kind") == "folder":
            raise ValueError("is missing; source kind folder needs the folder of its images")
        return value

    @field_validator("instructions_file")
    @classmethod
    def _one_way_to_instruct(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("instruction") is not None:
            raise ValueError(f"is {value!r} although instruction is set too; give one of the two")
        return value

    @field_validator("dataset")
    @classmethod
    def _hub_has_data(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not value and info.data.get("kind") == "hub" and not info.data.get("path"):
            raise ValueError("is missing; source kind hub needs a dataset id, or a path")
        return value
