"""The `shapes` world as a source: an endless stream of scenes with their true edits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import cast, get_args

from syned.config import SourceConfig
from syned.errors import ConfigError
from syned.run.records import SourceRecord
from syned.sources.base import Source
from syned.sources.shapes.draw import draw_scene
from syned.sources.shapes.edits import describe, scene_edit
from syned.sources.shapes.world import Split

WORLD_VERSION = "1"
"""Goes up whenever the same index, split and seed would give another scene or another wording."""

LICENCE = "cc0-1.0"


def open_shapes(config: SourceConfig) -> Source:
    """Open a split of the world.

    Raises:
        ConfigError: the split is not one of the world's.
    """
    if config.split not in get_args(Split):
        raise ConfigError(
            f"source.split is {config.split!r}; the shapes world has {', '.join(get_args(Split))}"
        )
    split = cast(Split, config.split)

    def records(start: int) -> Iterator[SourceRecord]:
        return (shapes_record(index, split, config.seed) for index in count(start))

    return Source(
        name="shapes",
        licence=config.licence or LICENCE,
        revision=WORLD_VERSION,
        records=records,
        fingerprint={
            "kind": "shapes",
            "revision": WORLD_VERSION,
            "split": split,
            "seed": config.seed,
        },
    )


def shapes_record(index: int, split: Split, seed: int) -> SourceRecord:
    """The source row `index` of a split, with the picture that its instruction asks for."""
    edit = scene_edit(index, split, seed)
    return SourceRecord(
        key=f"shapes/{split}/{index}",
        image=draw_scene(edit.before),
        instruction=edit.instruction,
        edited_image=draw_scene(edit.after),
        true_edit=True,
        task=edit.task,
        split=split,
        idx=str(index),
        input_caption=describe(edit.before),
        output_caption=describe(edit.after),
        captions=edit.captions,
    )
