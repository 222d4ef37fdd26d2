"""Where source images, instructions and captions come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from syned.config import SourceConfig
from syned.run.records import SourceRecord
from syned.sources.base import Source

__all__ = ["Source", "open_source"]


def open_source(config: SourceConfig, *, edited_images: bool = True) -> Source:
    """Open the source that a config names; its first row is not read yet.

    Args:
        config: what to open.
        edited_images: whether records carry the edited images that came with the source. Who only
            makes new ones saves their download and decoding; `shapes` always gives its truth.

    Raises:
        ConfigError: a setting does not fit what was found.
        DataError: the data cannot be reached or read.
    """
    if config.kind == "shapes":
        from syned.sources.shapes.source import open_shapes

        source = open_shapes(config)
    elif config.kind == "folder":
        from syned.sources.folder import open_folder

        source = open_folder(config, edited_images=edited_images)
    else:
        from syned.sources.hub import open_hub

        source = open_hub(config, edited_images=edited_images)
    # A plan made before there was `start` says nothing of it.
    begun = {"start": config.start} if config.start else {}
    return replace(
        source,
        records=_part(source.records, config.start, config.limit),
        fingerprint={**source.fingerprint, **begun},
    )


def _part(
    records: Callable[[int], Iterator[SourceRecord]], first: int, limit: int | None
) -> Callable[[int], Iterator[SourceRecord]]:
    """Of a stream, the `limit` rows from source row `first` on; they count from 0 again."""
    if limit is None:
        return lambda start: records(first + start)
    return lambda start: islice(records(first + start), max(0, limit - start))
