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
    """Edits to plan; raising it later only adds edits."""
    editor: str = Field(default="timbrooks/instruct-pix2pix", min_length=1)
    """A hub id (`id@revision`), a diffusers folder, "bundled:shapes" or "fake"."""
    scheduler: str | None = Field(default="UniPCMultistepScheduler", min_length=1)
    """A diffusers class name; None for the checkpoint's own."""
    steps: int = Field(default=20, ge=1, strict=True)
    """Denoising steps."""
    guidance_scale: Scale = 7.5
    """How much the instruction counts; a number >= 0, or a range to draw from."""
    image_guidance_scale: Scale = 1.5
    """How much the source image counts; a number >= 0, or a range to draw from."""
    seed: int = Field(default=0, strict=True)
    """Enters every edit id, and by it the seed of every edit."""
    batch_size: int = Field(default=16, ge=1, strict=True)
    """Edits that the editor makes at once."""
    shard_rows: int = Field(default=64, ge=1, strict=True)
    """Edits in a shard at most; what a kill can cost."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:N or mps."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    retry_failed: bool = Field(default=False, strict=True)
    """Whether to make failed edits again."""

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
