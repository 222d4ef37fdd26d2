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
    """Where images and instructions come from. `shapes` draws scenes, `folder` reads a folder of
    images, and `hub` reads a dataset of the Hugging Face hub or a folder of Parquet files."""
    split: str = Field(default="train", min_length=1)
    """The split to read. For `shapes` it is `train`, `validation` or `test`. For `hub` it is the
    dataset's own name for it. For `folder` it is the name given to rows that have no split of their
    own."""
    seed: int = Field(default=0, strict=True)
    """For `shapes`: which world is drawn. Another seed gives other scenes."""
    start: int = Field(default=0, ge=0, strict=True)
    """The first source row to read, counted from 0. The rows before it are left out."""
    limit: int | None = Field(default=None, ge=1, strict=True)
    """The largest number of source rows to read, counted from `start`. None reads all of them."""
    image_size_px: int = Field(default=512, ge=8, multiple_of=8, strict=True)
    """The length, in pixels, of the longest side of the image that the editor is given. Images are
    enlarged or reduced to it."""
    path: str | None = Field(default=None, validate_default=True)
    """For `folder`: the folder of the images, which is required. For `hub`: a folder of Parquet
    files that is read in place of a dataset of the hub."""
    instruction: str | None = None
    """For `folder`: one instruction that is applied to every image."""
    instructions_file: str | None = None
    """For `folder`: a text file with one instruction on each line. Every instruction is applied to
    every image."""
    dataset: str | None = Field(default=None, validate_default=True)
    """For `hub`: the id of the dataset, such as `osunlp/MagicBrush`. It is required unless `path`
    is given."""
    subset: str | None = None
    """For `hub`: the name of the dataset's configuration, for datasets that have several."""
    revision: str | None = None
    """For `hub`: the commit, branch or tag of the dataset to read. None reads the newest one."""
    columns: dict[str, str] = Field(default={})
    """For `folder` and `hub`: which column of the data holds what, as Syned's name for a column and
    the data's name for it (`--set source.columns.instruction=edit_text`). Syned's names are
    `source_image`, `edited_image`, `instruction`, `captions`, `task`, `idx`, `hash`, `split`,
    `input_caption` and `output_caption`. Columns that are not named here are found by the names
    that such datasets usually have."""
    licence: str | None = None
    """The licence of the data, such as `cc-by-4.0`. None takes what the source itself says, which
    is `unknown` for a folder of images."""

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
            raise ValueError(
                "is missing; source kind folder needs the folder of its images: --path FOLDER"
            )
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
            raise ValueError(
                "is missing; source kind hub needs a dataset id, or a path: --dataset OWNER/NAME"
            )
        return value
