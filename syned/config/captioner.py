"""What a captioner may be told: which model, and how it is trained."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from syned.config.devices import checked_device
from syned.settings import Settings

Part = Literal["vision_encoder", "qformer", "language_model"]


class LoraConfig(Settings):
    """Low-rank additions to query, key and value, as in BLIP2IDC's released adapters."""

    rank: int = Field(default=16, ge=1, strict=True)
    """The released adapters have 8, 16 or 32."""
    alpha: int | None = Field(default=None, ge=1, strict=True)
    """None for twice the rank, as released."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    parts: tuple[Part, ...] = Field(
        default=("vision_encoder", "qformer", "language_model"), min_length=1
    )
    """Which parts of BLIP-2 are adapted."""


class NewBlip2(Settings):
    """A small BLIP-2 that starts from nothing."""

    image_size_px: int = Field(default=128, ge=16, strict=True)
    """The stacked pair is brought to a square of this size."""
    patch_size_px: int = Field(default=16, ge=2, strict=True)
    width: int = Field(default=128, ge=16, strict=True)
    """Of all three parts."""
    heads: int = Field(default=4, ge=1, strict=True)
    vision_layers: int = Field(default=3, ge=1, strict=True)
    qformer_layers: int = Field(default=2, ge=1, strict=True)
    text_layers: int = Field(default=3, ge=1, strict=True)
    query_tokens: int = Field(default=16, ge=1, strict=True)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Of Q-Former and language model; what starts from nothing learns too little, not too much."""
    pieces: int = Field(default=8000, ge=16, strict=True)
    """Words and parts of words that the tokenizer learns from the training captions at most."""

    @field_validator("patch_size_px")
    @classmethod
    def _tiles_the_image(cls, value: int, info: ValidationInfo) -> int:
        size = info.data.get("image_size_px")
        if size is not None and size % value:
            raise ValueError(f"is {value}, which does not divide image_size_px {size}")
        return value

    @field_validator("heads")
    @classmethod
    def _divides_the_width(cls, value: int, info: ValidationInfo) -> int:
        width = info.data.get("width")
        if width is not None and width % value:
            raise ValueError(f"is {value}, which does not divide width {width}")
        return value


class Blip2idcConfig(Settings):
    """BLIP2IDC: a BLIP-2 that sees both images stacked into one."""

    kind: Literal["blip2idc"] = "blip2idc"
    model: str = Field(default="Salesforce/blip2-opt-2.7b", min_length=1)
    """A hub id (`id@revision`) or a folder; not read when `new` is given."""
    new: NewBlip2 | None = None
    """A small BLIP-2 from nothing in place of `model`."""
    trainable: Literal["lora", "all"] | None = Field(default=None, validate_default=True)
    """None: low-rank additions to a model that exists, all weights of a new one."""
    lora: LoraConfig = LoraConfig()
    stack: Literal["vertical", "horizontal"] = "vertical"
    """The source image goes first: on top, or left."""
    prompt: str = "Describe the differences between the two images:"
    max_caption_tokens: int = Field(default=60, ge=2, strict=True)
    """Longer captions are cut off, in training and in what is written."""
    beams: int = Field(default=1, ge=1, strict=True)
    """1 takes the likeliest token each time."""
    batch_size: int = Field(default=32, ge=1, strict=True)
    """Pairs captioned at once."""

    @field_validator("trainable")
    @classmethod
    def _new_is_trained_whole(cls, value: str | None, info: ValidationInfo) -> str:
        new = info.data.get("new") is not None
        if new and value == "lora":
            raise ValueError("is 'lora', but a new model has nothing to add to; use all")
        return value or ("all" if new else "lora")

    @property
    def starts_from(self) -> str | None:
        """The checkpoint that training starts from; None for a new model."""
        return None if self.new is not None else self.model


class TwoStreamConfig(Settings):
    """The classic pipeline: each image encoded apart, the difference fused, a text decoder."""

    kind: Literal["two_stream"] = "two_stream"
    encoder: str = Field(default="openai/clip-vit-base-patch32", min_length=1)
    """CLIP, SigLIP or DINO (hub id `id@revision` or folder), frozen; or "bundled:shapes"."""
    width: int = Field(default=256, ge=8, strict=True)
    heads: int = Field(default=4, ge=1, strict=True)
    fusion_layers: int = Field(default=2, ge=1, strict=True)
    decoder_layers: int = Field(default=2, ge=1, strict=True)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    words: int = Field(default=8000, ge=16, strict=True)
    """Most frequent words of the training captions that the decoder can write."""
    max_caption_tokens: int = Field(default=60, ge=2, strict=True)
    """Longer captions are cut off, in training and in what is written."""
    beams: int = Field(default=1, ge=1, strict=True)
    """1 takes the likeliest word each time."""
    batch_size: int = Field(default=64, ge=1, strict=True)
    """Pairs captioned, or images encoded, at once."""

    @field_validator("heads")
    @classmethod
    def _divides_the_width(cls, value: int, info: ValidationInfo) -> int:
        width = info.data.get("width")
        if width is not None and width % value:
            raise ValueError(f"is {value}, which does not divide width {width}")
        return value

    @property
    def starts_from(self) -> str:
        """The checkpoint that it stands on."""
        return self.encoder


CaptionerConfig = Annotated[Blip2idcConfig | TwoStreamConfig, Field(discriminator="kind")]

_PAPER: dict[str, Any] = {
    "epochs": 100.0,
    "batch_size": 16,
    "learning_rate": 1e-4,
    "warmup_fraction": 0.0,
    "schedule": "constant",
    "max_grad_norm": None,
    "patience": 10,
    "blur_sigma": (0.1, 0.5),
}
"""As published (gautierevn/BLIP2IDC, train_BLIP2IDC.py), without what is broken there: no padding
in the loss, no half-precision weights, no blur at test, no row dropped."""


class TrainingConfig(Settings):
    """How a captioner is trained."""

    recipe: Literal["default", "paper"] = "default"
    """paper: the published settings for all that are not given here."""
    steps: int | None = Field(default=None, ge=1, strict=True)
    """Optimizer steps in all; goes before `epochs`."""
    epochs: float = Field(default=10.0, gt=0)
    """Passes over the training pairs; not read when `steps` is given."""
    batch_size: int = Field(default=32, ge=1, strict=True)
    """Pairs a step and process, before accumulation."""
    gradient_accumulation: int = Field(default=1, ge=1, strict=True)
    learning_rate: float = Field(default=1e-4, gt=0)
    warmup_fraction: float = Field(default=0.05, ge=0, lt=1)
    """Share of the steps in which the learning rate rises."""
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    """How it goes on."""
    weight_decay: float = Field(default=0.01, ge=0)
    max_grad_norm: float | None = Field(default=1.0, gt=0)
    """None does not clip gradients."""
    eval_every: int | None = Field(default=None, ge=1, strict=True)
    """Steps between two looks at the validation loss; None for once an epoch."""
    patience: int | None = Field(default=3, ge=1, strict=True)
    """Training ends after so many looks without a better loss; None goes on to the last step."""
    save_every: int = Field(default=200, ge=1, strict=True)
    """Steps between two checkpoints; what a kill can cost."""
    mixed_precision: Literal["auto", "no", "bf16"] = "auto"
    """auto: bf16 on CUDA. Weights that are trained are float32 in any case."""
    gradient_checkpointing: bool = Field(default=False, strict=True)
    """blip2idc: less memory, about a third slower."""
    blur_sigma: tuple[float, float] | None = None
    """blip2idc: range of a 3x3 Gaussian blur of the training pictures, in pixels; None for none."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:N or mps."""

    @model_validator(mode="before")
    @classmethod
    def _recipe_fills_in(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("recipe") == "paper":
            return {**_PAPER, **values}
        return values

    @field_validator("blur_sigma")
    @classmethod
    def _is_range(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not 0 < value[0] <= value[1]:
            raise ValueError(f"is {list(value)}; a range from low to high, above 0, is expected")
        return value

    @field_validator("device")
    @classmethod
    def _is_device(cls, value: str) -> str:
        return checked_device(value)
