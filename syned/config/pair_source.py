"""What a run may be told of learning from its data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from syned.settings import Settings

PAIR_KINDS_OF = {
    "path": (
        "emu_edit",
        "magicbrush",
        "spot_the_diff",
        "clevr_change",
        "clevr_dc",
        "image_editing_request",
        "folder",
        "hub",
        "published",
    ),
    "dataset": ("emu_edit", "magicbrush", "hub", "published"),
    "subset": ("hub",),
    "revision": ("emu_edit", "magicbrush", "hub", "published"),
    "columns": ("folder", "hub"),
    "splits_file": ("emu_edit",),
    "paraphrases_file": ("emu_edit",),
    "changes": ("clevr_change",),
    "scenes": ("shapes",),
}
"""Settings that only some kinds of pairs read."""

NEEDS_PATH = ("spot_the_diff", "clevr_change", "clevr_dc", "image_editing_request", "folder")
NEEDS_DATA = ("hub", "published")
"""Kinds that need a path or a dataset id."""


class PairSource(Settings):
    """Where pairs with references come from, and which of them."""

    kind: Literal[
        "shapes",
        "published",
        "emu_edit",
        "magicbrush",
        "spot_the_diff",
        "clevr_change",
        "clevr_dc",
        "image_editing_request",
        "folder",
        "hub",
    ]
    """The layout of the data. `shapes` draws scenes, `published` is a dataset that Syned has
    published, `folder` is any folder of images with a table of pairs, `hub` is any dataset of the
    hub with columns of known names, and the others are datasets as their authors published them."""
    split: str = Field(default="train", min_length=1)
    """The split to read: `train`, `validation` or `test`, whatever the dataset's files call it. For
    `folder` it is also the split of rows that name none. For `hub`, and for `emu_edit` without
    `splits_file`, it is the dataset's own name."""
    start: int = Field(default=0, ge=0, strict=True)
    """The number of rows of the split to pass over before the first one is read."""
    limit: int | None = Field(default=None, ge=1, strict=True)
    """The largest number of rows to read. None reads all of them, and 4,000 of the endless `shapes`
    world."""
    seed: int = Field(default=0, strict=True)
    """For `shapes`: which world is drawn. Another seed gives other scenes."""
    scenes: bool = Field(default=False, strict=True)
    """For `shapes`: whether single scenes are read in place of pairs. Each scene stands for both
    images, and its description is the reference."""
    references: Literal["all", "original", "first"] = "all"
    """Which references of a pair are used: all of them, `original` for those that are no
    paraphrases, or `first` for the first one only."""
    path: str | None = Field(default=None, validate_default=True)
    """The folder of the dataset, as its authors published it; for `hub`, a folder of Parquet files.
    The kinds `spot_the_diff`, `clevr_change`, `clevr_dc`, `image_editing_request` and `folder` need
    it."""
    dataset: str | None = Field(default=None, validate_default=True)
    """The id of the dataset on the hub, for `emu_edit`, `magicbrush`, `hub` and `published`. The
    last two need it unless `path` is given; for the first two it goes before the id that Syned
    knows."""
    subset: str | None = None
    """For `hub`: the name of the dataset's configuration, for datasets that have several."""
    revision: str | None = None
    """The commit, branch or tag of a dataset of the hub. None reads the newest one."""
    columns: dict[str, str] = Field(default={})
    """For `folder` and `hub`: which column of the data holds what, as Syned's name for a column and
    the data's name for it."""
    splits_file: str | None = None
    """For `emu_edit`: a JSON file with lists of `idx` under `train` and `validation`. They divide
    the dataset's split `validation`, as the paper's authors did."""
    paraphrases_file: str | None = None
    """For `emu_edit`: a JSON file with a list of paraphrases for each `idx`. They are added to the
    references."""
    changes: Literal["all", "change", "no_change"] = "all"
    """For `clevr_change`: whether to read pairs with a change, pairs without one, or both."""

    @field_validator(*PAIR_KINDS_OF)
    @classmethod
    def _fits_kind(cls, value: object, info: ValidationInfo) -> object:
        kind, name = info.data.get("kind"), info.field_name or ""
        given = value and value != cls.model_fields[name].default
        if given and kind is not None and kind not in PAIR_KINDS_OF[name]:
            kinds = " or ".join(PAIR_KINDS_OF[name])
            raise ValueError(f"is {value!r}, but pairs of kind {kind} do not read it; use {kinds}")
        return value

    @field_validator("path")
    @classmethod
    def _has_path(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not value and info.data.get("kind") in NEEDS_PATH:
            raise ValueError(f"is missing; pairs of kind {info.data['kind']} lie in a folder")
        return value

    @field_validator("dataset")
    @classmethod
    def _has_data(cls, value: str | None, info: ValidationInfo) -> str | None:
        kind, path = info.data.get("kind"), info.data.get("path")
        if not value and not path and kind in NEEDS_DATA:
            raise ValueError(f"is missing; pairs of kind {kind} need a dataset id, or a path")
        return value
