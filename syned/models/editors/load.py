"""From an editor's name to an editor: a hub id, a folder, the bundled one, or the fake."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from syned.errors import ConfigError, EngineError
from syned.models.base import Editor
from syned.models.checkpoints import Checkpoint, find_checkpoint
from syned.models.fake import FakeEditor
from syned.resources import bundled

BUNDLED = "bundled:"

if TYPE_CHECKING:
    import torch


def editor_identity(name: str) -> dict[str, str]:
    """What an editor is, wherever it lies: its `name` and its `revision`. Loads no weights.

    Args:
        name: hub id with an optional "@revision", folder, "bundled:NAME" or "fake".

    Raises:
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
            f"editing images needs torch and diffusers ({error}): "
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


def quiet_libraries() -> None:
    """Keep model libraries from talking over the progress display; their errors stay.

    Called before their pipelines are imported, which is when some of them start to talk.
    """
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logging in (diffusers_logging, transformers_logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()


def choose_device(device: str) -> torch.device:
    """The device to compute on; "auto" takes CUDA, then Apple's, then the CPU.

    Raises:
        ConfigError: the device asked for is not on this machine.
    """
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if device == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise ConfigError(
            f"device {device!r} is not known; known are auto, cpu, cuda, cuda:N and mps"
        ) from error
    missing = (chosen.type == "cuda" and not cuda) or (chosen.type == "mps" and not mps)
    if missing or (chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count()):
        raise ConfigError(
            f"device {device!r} is not on this machine; take --device "
            "auto, or run `make demo` to see Syned work without a GPU"
        )
    return chosen


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """The precision of a model's weights; "auto" is bfloat16 on CUDA, float32 elsewhere."""
    import torch

    if name == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    found: torch.dtype = getattr(torch, name)
    return found


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
    if name.startswith(BUNDLED):
        folder = bundled("editor", name.removeprefix(BUNDLED))
        return replace(find_checkpoint(str(folder), **_PIPELINE), name=name)
    return find_checkpoint(name, **_PIPELINE)


_PIPELINE = {
    "what": "editor",
    "marker": "model_index.json",
    "hint": "an InstructPix2Pix checkpoint folder has one beside unet/, vae/, text_encoder/",
    "instead": "give a folder with --editor FOLDER, or use --editor bundled:shapes",
}


def _check_channels(name: str, pipeline: Any) -> None:
    """Refuse a Stable Diffusion checkpoint: it loads as well, and fails at its first edit."""
    seen, latents = pipeline.unet.config.in_channels, pipeline.vae.config.latent_channels
    if seen != 2 * latents:
        raise EngineError(
            f"editor {name!r} has a UNet with {seen} input channels; an InstructPix2Pix has "
            f"{2 * latents} (noise and source image); make one with `syned train-editor`"
        )
