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
    split: str = Field(default="train", min_length=1)
    """train, validation or test, whatever the dataset's files call them; folder: a name for all of
    its rows; hub, and emu_edit without splits_file: the dataset's own name."""
    start: int = Field(default=0, ge=0, strict=True)
    """Rows of the split to pass over."""
    limit: int | None = Field(default=None, ge=1, strict=True)
    """Rows to read at most; None for all, and for 4,000 of the endless shapes world."""
    seed: int = Field(default=0, strict=True)
    """shapes: which world; another seed has other scenes."""
    scenes: bool = Field(default=False, strict=True)
    """shapes: single scenes in place of pairs, each twice, with its description for a reference."""
    references: Literal["all", "original", "first"] = "all"
    """original: without paraphrases; first: the first one only."""
    path: str | None = Field(default=None, validate_default=True)
    """The dataset's folder, as it was published; hub: a folder of Parquet files."""
    dataset: str | None = Field(default=None, validate_default=True)
    """The dataset id on the hub, in place of a path."""
    subset: str | None = None
    """hub: the name of the dataset's config."""
    revision: str | None = None
    """A commit, branch or tag of a dataset on the hub."""
    columns: dict[str, str] = Field(default={})
    """folder, hub: Syned's name for a column -> the dataset's."""
    splits_file: str | None = None
    """emu_edit: JSON with lists of idx under "train" and "validation", which divide the dataset's
    split "validation", as the paper's authors did."""
    paraphrases_file: str | None = None
    """emu_edit: JSON with a list of paraphrases for each idx; more references."""
    changes: Literal["all", "change", "no_change"] = "all"
    """clevr_change: pairs with a change, pairs without, or both."""

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
