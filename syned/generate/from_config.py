"""Open the editor that a config names, and list the settings that shape its edits."""

from __future__ import annotations

from collections.abc import Mapping

from syned.config import RunConfig
from syned.models.base import Editor


def open_editor(config: RunConfig) -> Editor:
    """Load the config's editor."""
    from syned.models.editors.load import load_editor

    options = config.generate
    return load_editor(
        options.editor,
        scheduler=options.scheduler,
        device=options.device,
        dtype=options.dtype,
        batch_size=options.batch_size,
    )


def identity_of_editor(config: RunConfig) -> dict[str, str]:
    """Name and revision of the config's editor, without loading it."""
    from syned.models.editors.load import editor_identity

    return editor_identity(config.generate.editor)


def edit_settings(config: RunConfig, identity: Mapping[str, str]) -> dict[str, object]:
    """What shapes an edit besides its source image and instruction; part of every edit id."""
    options = config.generate
    return {
        "source.image_size_px": config.source.image_size_px,
        **{f"editor.{key}": value for key, value in identity.items()},
        "generate.scheduler": options.scheduler,
        "generate.steps": options.steps,
        "generate.guidance_scale": options.guidance_scale,
        "generate.image_guidance_scale": options.image_guidance_scale,
        "generate.seed": options.seed,
    }
