"""Load an editor by its name: a hub id, a folder, a bundled one, or the fake."""

from __future__ import annotations

import difflib
from typing import Any

from syned.errors import ConfigError, EngineError
from syned.models.base import Editor
from syned.models.checkpoints import Checkpoint, find_checkpoint
from syned.models.devices import choose_device, choose_dtype, quiet_libraries
from syned.models.fake import FakeEditor


def editor_identity(name: str) -> dict[str, str]:
    """What an editor is, wherever it lies: its `name` and its `revision`. Loads no weights.

    Args:
        name: hub id with an optional "@revision", folder, "bundled:NAME" or "fake".

    Raises:
        ConfigError: no editor of this name comes with Syned.
        EngineError: there is no such folder, or the hub does not know it or cannot be reached.
    """
    if name == "fake":
        return {"name": "fake", "revision": "1"}
    checkpoint = _find(name)
    return {"name": checkpoint.name, "revision": checkpoint.revision}


def load_editor(
    name: str, *, scheduler: str | None, device: str, dtype: str, batch_size: int
) -> Editor:
    """Load an editor onto a device.

    Args:
        name: as for `editor_identity`.
        scheduler: class name of a diffusers scheduler; None for the checkpoint's own.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        dtype: "auto" (bfloat16 on CUDA, float32 elsewhere), "float32", "bfloat16" or "float16".
        batch_size: the usual batch.

    Raises:
        ConfigError: no such scheduler, or the device is not there.
        EngineError: the checkpoint cannot be loaded, or is not an InstructPix2Pix.
    """
    if name == "fake":
        return FakeEditor()
    try:
        quiet_libraries()
        import torch
        from diffusers import StableDiffusionInstructPix2PixPipeline

        from syned.models.editors.instruct_pix2pix import InstructPix2PixEditor
    except ImportError as error:
        raise EngineError(
            f"editing images needs torch and diffusers, which cannot be imported ({error}): "
            'pip install "torch==2.13.*" and then pip install "syned[models]"'
        ) from error
    chosen = choose_device(device)
    checkpoint = _find(name)
    try:
        pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(
            checkpoint.location,
            revision=checkpoint.hub_revision,
            dtype=choose_dtype(dtype, chosen),
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise EngineError(
            f"editor {name!r} cannot be loaded: {error}; an InstructPix2Pix checkpoint is a folder "
            "with model_index.json and the folders it names"
        ) from error
    _check_channels(name, pipeline)
    if scheduler is not None:
        pipeline.scheduler = make_scheduler(scheduler, pipeline.scheduler.config)
    pipeline.to(chosen)
    if chosen.type == "cuda":
        pipeline.unet.to(memory_format=torch.channels_last)
        pipeline.vae.to(memory_format=torch.channels_last)
    return InstructPix2PixEditor(pipeline, batch_size=batch_size)


def make_scheduler(name: str, config: Any) -> Any:
    """A diffusers scheduler by its class name, with a checkpoint's noise schedule.

    Raises:
        ConfigError: diffusers has no scheduler of that name.
    """
    import diffusers

    known = [n for n in dir(diffusers) if n.endswith("Scheduler") and not n.startswith("Flax")]
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, cutoff=0.3)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(f"generate.scheduler is {name!r}, which diffusers does not have{hint}")
    return getattr(diffusers, name).from_config(config)


def _find(name: str) -> Checkpoint:
    return find_checkpoint(
        name,
        what="editor",
        marker="model_index.json",
        hint="an InstructPix2Pix checkpoint folder has one beside unet/, vae/, text_encoder/",
        instead="give a folder with --editor FOLDER, or use --editor bundled:shapes",
        bundled_kind="editor",
    )


def _check_channels(name: str, pipeline: Any) -> None:
    """Refuse a Stable Diffusion checkpoint: it loads as well, and fails at its first edit."""
    seen, latents = pipeline.unet.config.in_channels, pipeline.vae.config.latent_channels
    if seen != 2 * latents:
        raise EngineError(
            f"editor {name!r} has a UNet with {seen} input channels; an InstructPix2Pix has "
            f"{2 * latents} (noise and source image); make one with `syned train-editor`"
        )
