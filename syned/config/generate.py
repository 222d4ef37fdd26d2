"""What a run may be told of its edits."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field, field_validator

from syned.config.devices import checked_device
from syned.settings import Settings

Scale = float | tuple[float, float]
"""A guidance scale, or the range (low, high) from which each edit draws its own."""


class GenerateConfig(Settings):
    """How many edits to make, by which editor, with which settings."""

    n: int = Field(default=256, ge=1, strict=True)
    """The number of edits that the plan holds. Raising it later adds edits and changes none of the
    earlier ones."""
    editor: str = Field(default="timbrooks/instruct-pix2pix", min_length=1)
    """The editor: a hub id (`OWNER/NAME` or `OWNER/NAME@REVISION`), a diffusers folder,
    `bundled:shapes` for the one that comes with Syned, or `fake`, which has no model and only tints
    the image."""
    scheduler: str | None = Field(default="UniPCMultistepScheduler", min_length=1)
    """The diffusers class of the scheduler that denoises. None takes the one that the checkpoint
    names."""
    steps: int = Field(default=20, ge=1, strict=True)
    """The number of denoising steps for each edit."""
    guidance_scale: Scale = 7.5
    """How strongly the edit follows the instruction. It is a number of at least 0, or a range
    `[low, high]` from which every edit draws its own number. Guidance is computed only if this is
    above 1 and `image_guidance_scale` is at least 1."""
    image_guidance_scale: Scale = 1.5
    """How strongly the edit keeps to the source image. It is a number of at least 0, or a range
    `[low, high]` from which every edit draws its own number."""
    seed: int = Field(default=0, strict=True)
    """This number is part of every edit id, and the noise of an edit follows from its id. Another
    seed makes other edits of the same requests."""
    batch_size: int = Field(default=16, ge=1, strict=True)
    """The number of edits that the editor makes at once."""
    shard_rows: int = Field(default=64, ge=1, strict=True)
    """The largest number of edits in one shard. A shard that is not finished when the process is
    killed is made again."""
    device: str = "auto"
    """Where the model computes: `auto`, `cpu`, `cuda`, `cuda:N` for the GPU with number N, or `mps`
    for Apple's GPUs. `auto` takes CUDA, else `mps`, else the CPU, whichever the machine has."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """The precision of the model's weights. `auto` is bfloat16 on CUDA and float32 elsewhere."""
    retry_failed: bool = Field(default=False, strict=True)
    """Whether edits that failed in an earlier call are made again."""

    @field_validator("guidance_scale", "image_guidance_scale", mode="before")
    @classmethod
    def _is_scale(cls, value: Any) -> object:
        pair = isinstance(value, list | tuple) and len(value) == 2
        numbers = [_finite(v) for v in value] if pair else [_finite(value)]
        if any(number is None or number < 0 for number in numbers):
            raise ValueError(f"is {value!r}; a number >= 0 or a range [low, high] is expected")
        if numbers != sorted(numbers, key=lambda number: number or 0):
            raise ValueError(f"is {value!r}; a range goes from low to high")
        return tuple(numbers) if len(numbers) == 2 else numbers[0]

    @field_validator("device")
    @classmethod
    def _is_device(cls, value: str) -> str:
        return checked_device(value)


def _finite(value: object) -> float | None:
    """A finite number, also as text, since YAML reads 1e1 as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
