"""The two training commands: a config file in, a folder out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from syned.config import SourceConfig, load_settings
from syned.errors import DataError
from syned.records import SourceRecord
from syned.sources import open_source
from syned.training.autoencoder import (
    build_autoencoder,
    patches_of,
    reconstruction_error,
    train_decoder,
)
from syned.training.editor import train_editor, work_folder
from syned.training.settings import AutoencoderTraining, EditorTraining
from syned.training.triples import square_pixels

Say = Callable[[str], None]

PATCH_IMAGES = 2000
"""Pictures that the principal components are taken from."""

HELD_OUT_IMAGES = 256

_FREE = {"report_every", "checkpoint_every", "bf16_fraction"}
"""Settings that a training may change when it goes on."""


def run_editor_training(config: Path, overrides: Sequence[str], say: Say) -> Path:
    """Train an editor as a config says; returns the folder of the finished pipeline."""
    settings = load_settings(EditorTraining, config, overrides)
    return train_editor(settings, lambda split: _records(settings.source, split), say=say)


def run_autoencoder_training(config: Path, overrides: Sequence[str], say: Say) -> Path:
    """Make an autoencoder as a config says; returns its folder.

    `<output>.training/` keeps the losses, ending with the error on pictures of the test split that
    were never trained on, and the state to go on from after a stop.
    """
    settings = load_settings(AutoencoderTraining, config, overrides)
    torch.manual_seed(settings.seed)
    output, started = Path(settings.output), time.monotonic()
    work = work_folder(settings, free=_FREE)
    state_file = work / "state.pt"
    say(f"reading {settings.images} pictures")
    images = _pictures(settings, "train", settings.images)  # (n, 3, h, w), bytes
    autoencoder = _first_autoencoder(settings, images)
    state = torch.load(state_file) if state_file.exists() else None
    if state is not None:
        say(f"going on from step {state['step']}")
    log = work / "log.jsonl"
    recent: list[float] = []

    def report(step: int, losses: dict[str, float]) -> None:
        recent.append(losses["mean_absolute_error"])
        if step % settings.report_every == 0 or step == settings.steps:
            error = sum(recent) / len(recent)
            recent.clear()
            _note(log, started, step=step, mean_absolute_error=round(error, 5))
            say(f"step {step} of {settings.steps}, mean absolute error {error:.4f}")

    train_decoder(
        autoencoder,
        _batches(images, settings.batch_size),
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup_steps,
        latent_noise=settings.latent_noise,
        bf16_fraction=settings.bf16_fraction,
        report=report,
        state=state,
        keep=lambda state: _replace(state_file, state),
        keep_every=settings.checkpoint_every,
    )
    autoencoder.save_pretrained(output)
    held_out = torch.split(
        _floats(_pictures(settings, "test", HELD_OUT_IMAGES)), settings.batch_size
    )
    error = reconstruction_error(autoencoder, list(held_out))
    _note(log, started, step=settings.steps, test_mean_absolute_error=round(error, 5))
    say(f"mean absolute error on the test split: {error:.4f} of the range from -1 to 1")
    return output


def _first_autoencoder(settings: AutoencoderTraining, images: Tensor) -> AutoencoderKL:
    if settings.start is not None:
        return AutoencoderKL.from_pretrained(settings.start)
    return build_autoencoder(
        patches_of(_floats(images[:PATCH_IMAGES])),
        channels=settings.channels,
        latent_channels=settings.latent_channels,
        sample_size_px=settings.source.image_size_px,
    )


def _records(source: SourceConfig, split: str) -> Iterator[SourceRecord]:
    return open_source(source.model_copy(update={"split": split})).records(0)


def _pictures(settings: AutoencoderTraining, split: str, count: int) -> Tensor:
    """Source images and edited images of a split as bytes, shape (n, 3, h, w)."""
    size = settings.source.image_size_px
    pictures = (
        picture
        for record in _records(settings.source, split)
        for picture in (record.image, record.edited_image)
        if picture is not None
    )
    pixels = [
        ((square_pixels(p, size) + 1) * 127.5).round().byte() for p in islice(pictures, count)
    ]
    if not pixels:
        raise DataError(f"the source gives no picture for its {split} split; name another source")
    return torch.stack(pixels)


def _floats(pixels: Tensor) -> Tensor:
    return pixels.float() / 127.5 - 1


def _batches(pixels: Tensor, batch_size: int) -> Iterator[Tensor]:
    while True:
        yield _floats(pixels[torch.randint(0, len(pixels), (batch_size,))])


def _replace(file: Path, state: dict[str, Any]) -> None:
    """Write a file anew; a stop in the middle leaves the old one."""
    unfinished = file.with_suffix(".tmp")
    torch.save(state, unfinished)
    unfinished.replace(file)


def _note(log: Path, started: float, **values: float) -> None:
    with log.open("a") as file:
        file.write(json.dumps({**values, "seconds": round(time.monotonic() - started, 1)}) + "\n")
