"""What a training config may say; every default lives here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from syned.config import SourceConfig
from syned.settings import Settings


class UNetSize(Settings):
    """A UNet that starts from nothing: every level convolves, the deepest also attend."""

    channels: tuple[int, ...] = (16, 32, 80, 128, 160)
    """One width a level; each level halves the size of the one before."""
    attending_levels: int = Field(default=2, ge=1)
    """How many of the deepest levels see the instruction."""
    layers_per_block: int = Field(default=1, ge=1)
    attention_head_width: int = Field(default=32, ge=1)
    norm_groups: int = Field(default=4, ge=1)


class TextEncoderSize(Settings):
    """A CLIP text encoder that starts from nothing."""

    width: int = Field(default=128, ge=8)
    layers: int = Field(default=3, ge=1)
    heads: int = Field(default=4, ge=1)
    max_tokens: int = Field(default=32, ge=4)
    merges: int = Field(default=600, ge=1)
    """Byte pairs that the tokenizer learns from the instructions."""


class NewEditor(Settings):
    """An editor that starts from nothing, or from nothing but an autoencoder."""

    autoencoder: str | None = None
    """Hub id or folder of an AutoencoderKL; None works on the pixels themselves."""
    pixel_scale: float = Field(default=2.0, gt=0)
    """Without an autoencoder: 1 / deviation of the training pixels, which lie in [-1, 1]."""
    unet: UNetSize = UNetSize()
    text_encoder: TextEncoderSize = TextEncoderSize()
    prediction_type: Literal["epsilon", "v_prediction"] = "v_prediction"
    """v_prediction comes with zero terminal SNR and trailing timesteps (arXiv:2305.08891)."""


class LoraSettings(Settings):
    """Train low-rank additions to the UNet's attention instead of the UNet; merged at the end."""

    rank: int = Field(default=16, ge=1)
    alpha: int = Field(default=32, ge=1)


class EditorTraining(Settings):
    """`syned train-editor`: where to start, on what, for how long."""

    output: str
    """Folder of the finished pipeline; checkpoints and pictures lie in `<output>.training/`."""
    start: str | None = None
    """An InstructPix2Pix or Stable Diffusion checkpoint (hub id or folder); None needs `new`."""
    new: NewEditor | None = None
    source: SourceConfig
    triples: int = Field(default=20000, ge=1)
    """Triples read from the source at most; their latents are kept in memory."""
    image_size_px: int = Field(default=256, ge=16, multiple_of=8)
    steps: int = Field(default=15000, ge=1)
    """Optimiser steps."""
    batch_size: int = Field(default=4, ge=1)
    """Triples a step and process, before accumulation."""
    gradient_accumulation: int = Field(default=4, ge=1)
    learning_rate: float = Field(default=5e-5, gt=0)
    warmup_steps: int = Field(default=0, ge=0)
    schedule: Literal["constant", "cosine"] = "constant"
    max_grad_norm: float = Field(default=1.0, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    start_as_copy: bool = False
    """Predict the edited image instead of noise, beginning as a copy of the source image."""
    timestep_power: float = Field(default=1.0, ge=1)
    """1 draws all noise levels alike; more favours high noise, where the instruction decides."""
    conditioning_dropout: float = Field(default=0.05, ge=0, le=1 / 3)
    change_weight: float = Field(default=1.0, ge=1)
    """How much more the changed part of a picture counts in the loss than the rest."""
    relative_loss: bool = False
    """Whether a triple's loss is relative to how much its edit changes."""
    absolute_loss: float = Field(default=0.0, ge=0)
    """Weight of the absolute error beside the squared one, which leaves ghosts of what might be."""
    ema_decay: float | None = Field(default=0.9999, gt=0, lt=1)
    """None trains without a moving average."""
    mixed_precision: Literal["no", "bf16", "fp16"] = "no"
    gradient_checkpointing: bool = False
    train_text_encoder: bool = False
    lora: LoraSettings | None = None
    save_dtype: Literal["float32", "float16"] = "float32"
    seed: int = 42
    report_every: int = Field(default=50, ge=1)
    checkpoint_every: int = Field(default=500, ge=1)
    validate_every: int = Field(default=1000, ge=1)
    validation_triples: int = Field(default=16, ge=0)
    """Edits drawn at every validation; 0 for none."""
    validation_split: str = "validation"
    validation_steps: int = Field(default=20, ge=1)
    validation_guidance_scale: float = 1.5
    validation_image_guidance_scale: float = 1.0


class ImageTowerSize(Settings):
    """A CLIP image encoder that starts from nothing."""

    width: int = Field(default=128, ge=8)
    layers: int = Field(default=5, ge=1)
    heads: int = Field(default=4, ge=1)
    patch_px: int = Field(default=8, ge=1)


class ClipLossWeights(Settings):
    """How much each part of a CLIP's loss counts."""

    contrast: float = Field(default=1.0, ge=0)
    """Which caption belongs to which image."""
    image_facts: float = Field(default=2.0, ge=0)
    """What an image shows, question by question."""
    text_facts: float = Field(default=0.6, ge=0)
    """What a caption says, question by question."""
    attempt_text: float = Field(default=3.0, ge=0)
    """Whether an attempt at an edit matches the caption of its result."""
    attempt_direction: float = Field(default=1.0, ge=0)
    """Whether an attempt changes the image as the caption changes."""
    attempt_error: float = Field(default=3.0, ge=0)
    """How far an attempt is from the true result."""


class ClipTraining(Settings):
    """`syned train-clip`: a CLIP from nothing, for a source whose true edits are known."""

    output: str
    """Folder of the finished CLIP; checkpoint and log lie in `<output>.training/`."""
    source: SourceConfig
    attempts: tuple[str, ...] = ()
    """Runs of the training split whose edits are looked at beside made-up ones."""
    attempts_fraction: float = Field(default=0.6, ge=0, le=1)
    """Share of the requests of a batch that come from those runs, if there are any."""
    image_size_px: int = Field(default=64, ge=8)
    image_tower: ImageTowerSize = ImageTowerSize()
    text_tower: TextEncoderSize = TextEncoderSize(layers=2, max_tokens=64)
    embedding_width: int = Field(default=256, ge=8)
    losses: ClipLossWeights = ClipLossWeights()
    steps: int = Field(default=4000, ge=1)
    """Optimiser steps."""
    batch_size: int = Field(default=24, ge=2)
    """Requests a step; each is three images and two captions."""
    learning_rate: float = Field(default=1e-3, gt=0)
    warmup_steps: int = Field(default=100, ge=0)
    weight_decay: float = Field(default=0.02, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    save_dtype: Literal["float32", "float16"] = "float32"
    device: str = "auto"
    seed: int = 0
    report_every: int = Field(default=50, ge=1)
    checkpoint_every: int = Field(default=250, ge=1)
    validate_every: int = Field(default=1000, ge=1)
    validation_split: str = "validation"
    validation_requests: int = Field(default=256, ge=2)
    """Requests whose images and captions have to find each other."""
    validation_attempts: tuple[str, ...] = ()
    """Runs of the validation split whose edits are to be told right from wrong."""
