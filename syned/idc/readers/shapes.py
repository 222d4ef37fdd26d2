"""The `shapes` world as pairs: drawn scenes with the true result of what is asked of them."""

from __future__ import annotations

from typing import cast, get_args

from PIL import Image

from syned.config import PairSource
from syned.errors import ConfigError
from syned.idc.pairs import PairInfo, Pairs
from syned.sources.shapes.draw import draw_scene
from syned.sources.shapes.edits import scene_edit
from syned.sources.shapes.world import Split

ALL = 4000
"""Pairs without a limit; the world itself is endless."""


def read_shapes(config: PairSource) -> Pairs:
    """Pairs of the world; their images are drawn when they are asked for.

    Raises:
        ConfigError: the split is not one of the world's.
    """
    if config.split not in get_args(Split):
        raise ConfigError(
            f"split is {config.split!r}; the shapes world has {', '.join(get_args(Split))}"
        )
    split, seed, start = cast(Split, config.split), config.seed, config.start
    scope = f"shapes/{seed}/{split}"

    def info(index: int) -> PairInfo:
        edit = scene_edit(index, split, seed)
        name = f"{scope}/{index}"
        return PairInfo(name, edit.captions, edit.task, split, name)

    def read(index: int) -> tuple[Image.Image, Image.Image]:
        edit = scene_edit(start + index, split, seed)
        return draw_scene(edit.before), draw_scene(edit.after)

    return Pairs([info(index) for index in range(start, start + (config.limit or ALL))], read)
