"""Reader of the drawn `shapes` world: scenes with the true result of what is asked of them."""

from __future__ import annotations

from dataclasses import replace
from typing import cast, get_args

from PIL import Image

from syned.captioning.data.pairs import PairInfo, Pairs
from syned.config import PairSource
from syned.errors import ConfigError
from syned.sources.shapes.draw import draw_scene
from syned.sources.shapes.edits import SceneEdit, describe, scene_edit
from syned.sources.shapes.world import Split

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
    split, seed, start = cast(Split, config.split), config.seed, config.start

    def edit_at(index: int) -> SceneEdit:
        edit = scene_edit(index, split, seed)
        return _alone(edit, after=index % 2 == 1) if config.scenes else edit

    def info(index: int) -> PairInfo:
        edit, name = edit_at(index), f"shapes/{seed}/{split}/{index}"
        return PairInfo(name, edit.captions, edit.task, split, name)

    def read(number: int) -> tuple[Image.Image, Image.Image]:
        edit = edit_at(start + number)
        return draw_scene(edit.before), draw_scene(edit.after)

    return Pairs([info(index) for index in range(start, start + (config.limit or ALL))], read)


def _alone(edit: SceneEdit, *, after: bool) -> SceneEdit:
    """One scene of an edit as an edit that changes nothing, its description for a caption.

    Args:
        edit: of which one scene is taken.
        after: the one after it; some things, such as night and sepia, come by edits only.
    """
    scene = edit.after if after else edit.before
    return replace(edit, task="", before=scene, after=scene, captions=(describe(scene),))
