"""The `shapes` world as pairs: drawn scenes with the true result of what is asked of them."""

from __future__ import annotations

from typing import cast, get_args

from PIL import Image

from syned.config import PairSource
from syned.errors import ConfigError
from syned.idc.pairs import PairInfo, Pairs
from syned.sources.shapes.draw import draw_scene
from syned.sources.shapes.edits import describe, scene_edit
from syned.sources.shapes.world import Scene, Split

ALL = 4000
"""Pairs without a limit; the world itself is endless."""


def read_shapes(config: PairSource) -> Pairs:
    """Pairs of the world, or its scenes alone; images are drawn when they are asked for.

    Raises:
        ConfigError: the split is not one of the world's.
    """
    if config.split not in get_args(Split):
        raise ConfigError(
            f"split is {config.split!r}; the shapes world has {', '.join(get_args(Split))}"
        )
    shown = range(config.start, config.start + (config.limit or ALL))
    read = _scenes if config.scenes else _edits
    return read(shown, cast(Split, config.split), config.seed)


def _edits(shown: range, split: Split, seed: int) -> Pairs:
    def info(index: int) -> PairInfo:
        edit = scene_edit(index, split, seed)
        name = f"shapes/{seed}/{split}/{index}"
        return PairInfo(name, edit.captions, edit.task, split, name)

    def read(number: int) -> tuple[Image.Image, Image.Image]:
        edit = scene_edit(shown[number], split, seed)
        return draw_scene(edit.before), draw_scene(edit.after)

    return Pairs([info(index) for index in shown], read)


def _scenes(shown: range, split: Split, seed: int) -> Pairs:
    """Every scene twice: one that is described says the same above and below."""

    def scene(index: int) -> Scene:
        edit = scene_edit(index, split, seed)
        # what only edits bring, such as night and sepia, is to be described as well
        return edit.after if index % 2 else edit.before

    def info(index: int) -> PairInfo:
        name = f"shapes/{seed}/{split}/{index}"
        return PairInfo(name, (describe(scene(index)),), "", split, name)

    def read(number: int) -> tuple[Image.Image, Image.Image]:
        image = draw_scene(scene(shown[number]))
        return image, image

    return Pairs([info(index) for index in shown], read)
