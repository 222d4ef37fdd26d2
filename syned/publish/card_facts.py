"""The facts that a dataset card is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from syned.config import PublishConfig


@dataclass(frozen=True, slots=True)
class SplitSize:
    """How large a split is."""

    rows: int
    num_bytes: int
    """In memory, as Arrow holds it."""
    size_bytes: int
    """On disk."""
    files: int


@dataclass(frozen=True, slots=True)
class CardFacts:
    """All that a card tells."""

    title: str
    schema: pa.Schema
    splits: Mapping[str, SplitSize]
    """In the order train, validation, test; only those that have rows."""
    from_source: int
    """Source images whose split is the source's own."""
    conflicts: int
    """Source images that were in several splits of the source."""
    options: PublishConfig
    settings: Mapping[str, Any]
    """What run.yaml holds."""
    selection: Mapping[str, Any] | None
    """How edits were selected; None where nobody selected."""
    paraphrased: Mapping[tuple[str, str], int]
    """Language model and prompt -> paraphrases."""
    examples: Sequence[Mapping[str, Any]]
    """Some rows, without their images."""

    @property
    def has_captions(self) -> bool:
        """Whether captions are among its columns; InstructPix2Pix has none."""
        return "captions" in self.schema.names

    @property
    def source(self) -> Mapping[str, str]:
        """Name, revision and licence."""
        found: Mapping[str, str] = self.settings.get("versions", {}).get("source", {})
        return found

    @property
    def source_dataset(self) -> str | None:
        """Its id on the hub; None for images that are from elsewhere."""
        dataset: str | None = self.settings["config"].get("source", {}).get("dataset")
        return dataset
