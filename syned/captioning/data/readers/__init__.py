"""Readers of datasets: each turns one published layout into pairs of images with references."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from syned.captioning.data.pairs import Pairs, with_references
from syned.config import PairSource

__all__ = ["open_pairs"]


def open_pairs(config: PairSource) -> Pairs:
    """Read all about the pairs that a config names, but their images.

    Nothing is left out silently: `notes` of the set says what was, and why.

    Raises:
        ConfigError: a setting does not fit what was found.
        DataError: the data cannot be reached or read, or nothing of them can be used.
    """
    pairs = _reader_of(config.kind)(config)
    if config.references == "first":
        return with_references(pairs, lambda info: info.references[:1])
    return pairs


def _reader_of(kind: str) -> Callable[[PairSource], Pairs]:
    """The reader's module, which is called as the kind is; only that one is loaded."""
    module = importlib.import_module(f"{__name__}.{kind}")
    reader: Callable[[PairSource], Pairs] = getattr(module, f"read_{kind}")
    return reader
