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
    """The rank of the added matrices. The adapters that the paper's authors released have 8, 16 or
    32."""
    alpha: int | None = Field(default=None, ge=1, strict=True)
    """The added matrices are multiplied by `alpha` divided by `rank`. None is twice the rank, as in
    the released adapters."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    """The dropout in front of the added matrices while training."""
    parts: tuple[Part, ...] = Field(
        default=("vision_encoder", "qformer", "language_model"), min_length=1
    )
    """Which parts of BLIP-2 get the added matrices."""


class NewBlip2(Settings):
    """The sizes of a small BLIP-2 that starts from random weights."""

    image_size_px: int = Field(default=128, ge=16, strict=True)
    """The side, in pixels, of the square to which the stacked pair is resized."""
    patch_size_px: int = Field(default=16, ge=2, strict=True)
    """The side of an image patch in pixels. It divides `image_size_px`."""
    width: int = Field(default=128, ge=16, strict=True)
    """The hidden width of all three parts."""
    heads: int = Field(default=4, ge=1, strict=True)
    """The number of attention heads in each layer. It divides `width`."""
    vision_layers: int = Field(default=3, ge=1, strict=True)
    """The number of layers of the vision encoder."""
    qformer_layers: int = Field(default=2, ge=1, strict=True)
    """The number of layers of the Q-Former."""
    text_layers: int = Field(default=3, ge=1, strict=True)
    """The number of layers of the language model."""
    query_tokens: int = Field(default=16, ge=1, strict=True)
    """The number of query tokens, which is the number of image features that the language model is
    given."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """The dropout of Q-Former and language model while training. The default is 0, since a small
    model that starts from nothing rather learns too little than too much."""
    pieces: int = Field(default=8000, ge=16, strict=True)
    """The largest number of words and parts of words that the tokenizer learns from the training
    captions."""

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
    """Says that this captioner is BLIP2IDC."""
    model: str = Field(default="Salesforce/blip2-opt-2.7b", min_length=1)
    """The BLIP-2 that training starts from: a hub id (`OWNER/NAME` or `OWNER/NAME@REVISION`) or a
    folder. It is not read when `new` is given."""
    new: NewBlip2 | None = None
    """The sizes of a small BLIP-2 that starts from random weights, in place of `model`. `{}` takes
    the default sizes, and None loads `model`."""
    trainable: Literal["lora", "all"] | None = Field(default=None, validate_default=True)
    """Which weights are trained: `lora` trains low-rank additions, `all` trains every weight. None
    is `lora` for a model that exists and `all` for a new one."""
    lora: LoraConfig = LoraConfig()
    """The low-rank additions, which `trainable: all` does not use."""
    stack: Literal["vertical", "horizontal"] = "vertical"
    """How the two images become one. `vertical` puts the source image on top, `horizontal` puts it
    on the left."""
    prompt: str = "Describe the differences between the two images:"
    """The text that the model is given before it writes a caption. It may be empty."""
    max_caption_tokens: int = Field(default=60, ge=2, strict=True)
    """The largest number of tokens of a caption. Longer ones are cut off, in training and in what
    the model writes."""
    beams: int = Field(default=1, ge=1, strict=True)
    """The number of beams of the beam search that writes captions. 1 takes the most likely token
    each time."""
    batch_size: int = Field(default=32, ge=1, strict=True)
    """The number of pairs that are captioned at once."""

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
    """The two-stream model: each image is encoded apart, and a decoder writes the difference."""

    kind: Literal["two_stream"] = "two_stream"
    """Says that this captioner is the two-stream model."""
    encoder: str = Field(default="openai/clip-vit-base-patch32", min_length=1)
    """The image encoder, whose weights are not trained: a CLIP, SigLIP or DINO as a hub id
    (`OWNER/NAME` or `OWNER/NAME@REVISION`) or a folder, or `bundled:shapes`."""
    width: int = Field(default=256, ge=8, strict=True)
    """The hidden width of fusion and decoder."""
    heads: int = Field(default=4, ge=1, strict=True)
    """The number of attention heads in each layer. It divides `width`."""
    fusion_layers: int = Field(default=2, ge=1, strict=True)
    """The number of layers of the transformer that joins the features of both images."""
    decoder_layers: int = Field(default=2, ge=1, strict=True)
    """The number of layers of the transformer that writes the caption."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    """The dropout of fusion and decoder while training."""
    words: int = Field(default=8000, ge=16, strict=True)
    """The number of words that the decoder can write, which are the most frequent ones of the
    training captions."""
    max_caption_tokens: int = Field(default=60, ge=2, strict=True)
    """The largest number of words of a caption. Longer ones are cut off, in training and in what
    the model writes."""
    beams: int = Field(default=1, ge=1, strict=True)
    """The number of beams of the beam search that writes captions. 1 takes the most likely word
    each time."""
    batch_size: int = Field(default=64, ge=1, strict=True)
    """The number of pairs that are captioned, or images that are encoded, at once."""

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
    """Where settings that are not given come from. `paper` takes those that the paper's authors
    published: 100 epochs, batches of 16, a constant learning rate of 1e-4 without warm-up, no
    gradient clipping, patience 10 and a light blur."""
    steps: int | None = Field(default=None, ge=1, strict=True)
    """The number of optimizer steps in all. None trains for `epochs`; a number goes before
    `epochs`."""
    epochs: float = Field(default=10.0, gt=0)
    """The number of passes over the training pairs of the largest arm; the other arms get as many
    steps. It is not read when `steps` is given."""
    batch_size: int = Field(default=32, ge=1, strict=True)
    """The number of pairs in one batch of one process. With `gradient_accumulation`, several
    batches make one optimizer step."""
    gradient_accumulation: int = Field(default=1, ge=1, strict=True)
    """The number of batches whose gradients make one optimizer step."""
    learning_rate: float = Field(default=1e-4, gt=0)
    """The highest learning rate of AdamW."""
    warmup_fraction: float = Field(default=0.05, ge=0, lt=1)
    """The share of the steps in which the learning rate rises from 0 to `learning_rate`."""
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    """How the learning rate goes on after that: it stays `constant`, or falls to 0 in a straight
    line or along a cosine."""
    weight_decay: float = Field(default=0.01, ge=0)
    """The weight decay of AdamW."""
    max_grad_norm: float | None = Field(default=1.0, gt=0)
    """Gradients with a larger norm are scaled down to it. None does not clip gradients."""
    eval_every: int | None = Field(default=None, ge=1, strict=True)
    """The number of steps between two measurements of the validation loss. None measures it 20
    times in a training of `syned train-eval`."""
    patience: int | None = Field(default=3, ge=1, strict=True)
    """Training ends when so many measurements in a row have not lowered the validation loss. None
    goes on to the last step."""
    save_every: int = Field(default=200, ge=1, strict=True)
    """The number of steps between two checkpoints. The steps since the last one are lost when the
    process is killed."""
    mixed_precision: Literal["auto", "no", "bf16"] = "auto"
    """The precision of the computation. `auto` is bf16 on CUDA and none elsewhere. The weights that
    are trained are float32 in any case."""
    gradient_checkpointing: bool = Field(default=False, strict=True)
    """For `blip2idc`: whether activations are computed twice to save memory, which takes about a
    third longer."""
    blur_sigma: tuple[float, float] | None = None
    """For `blip2idc`: the range `[low, high]`, in pixels, from which the standard deviation of a
    3x3 Gaussian blur of the training images is drawn. None does not blur."""
    device: str = "auto"
    """Where the model computes: `auto`, `cpu`, `cuda`, `cuda:N` for the GPU with number N, or `mps`
    for Apple's GPUs. `auto` takes CUDA, else `mps`, else the CPU, whichever the machine has."""

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
