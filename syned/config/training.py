"""What a training config may say; every default lives here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from syned.config import SourceConfig
from syned.settings import Settings


class UNetSize(Settings):
    """The sizes of a UNet that starts from random weights."""

    channels: tuple[int, ...] = (16, 32, 80, 128, 160)
    """The number of channels at each level. Every level has half the height and width of the one
    before."""
    attending_levels: int = Field(default=2, ge=1)
    """The number of levels, counted from the deepest, that attend to the instruction."""
    layers_per_block: int = Field(default=1, ge=1)
    """The number of residual layers in a block of a level."""
    attention_head_width: int = Field(default=32, ge=1)
    """The number of channels of one attention head."""
    norm_groups: int = Field(default=4, ge=1)
    """The number of groups of the group normalisation. It divides every number of channels."""


class TextEncoderSize(Settings):
    """The sizes of a CLIP text encoder that starts from random weights."""

    width: int = Field(default=128, ge=8)
    """The hidden width, which is also the width of a token's embedding."""
    layers: int = Field(default=3, ge=1)
    """The number of transformer layers."""
    heads: int = Field(default=4, ge=1)
    """The number of attention heads in each layer. It divides `width`."""
    max_tokens: int = Field(default=32, ge=4)
    """The largest number of tokens of a text, with its start and its end. The rest of a longer text
    is ignored."""
    merges: int = Field(default=600, ge=1)
    """The largest number of byte pairs that the tokenizer learns from the texts of the source."""


class NewEditor(Settings):
    """The sizes of an editor whose UNet and text encoder start from random weights."""

    autoencoder: str | None = None
    """The AutoencoderKL whose latents are denoised: a hub id or a folder. None works on the pixels
    themselves."""
    pixel_scale: float = Field(default=2.0, gt=0)
    """Without an autoencoder: the number by which pixels are multiplied before noise is added. It
    should be 1 divided by the standard deviation of the training pixels, which lie from -1 to 1."""
    unet: UNetSize = UNetSize()
    """The sizes of the UNet."""
    text_encoder: TextEncoderSize = TextEncoderSize()
    """The sizes of the text encoder."""
    prediction_type: Literal["epsilon", "v_prediction"] = "v_prediction"
    """What the UNet predicts: the noise (`epsilon`) or the velocity (`v_prediction`). The second
    comes with zero terminal SNR and trailing timesteps (arXiv:2305.08891)."""


class LoraSettings(Settings):
    """Low-rank additions to the UNet's attention, which are trained in place of the UNet."""

    rank: int = Field(default=16, ge=1)
    """The rank of the added matrices."""
    alpha: int = Field(default=32, ge=1)
    """The added matrices are multiplied by `alpha` divided by `rank`."""


class EditorTraining(Settings):
    """`syned train-editor`: where to start, on what, for how long."""

    output: str
    """The folder of the finished pipeline. Checkpoints, log and validation pictures go to the
    folder of the same name with `.training` at its end."""
    start: str | None = None
    """The checkpoint that training starts from: an InstructPix2Pix or a Stable Diffusion, as a hub
    id or a folder. None needs `new`."""
    new: NewEditor | None = None
    """The sizes of an editor that starts from random weights. None needs `start`; one of the two is
    given."""
    source: SourceConfig
    """Where the triples come from: a source with edited images, such as `shapes` or MagicBrush.
    Training always reads the split `train` of it."""
    triples: int = Field(default=20000, ge=1)
    """The largest number of triples that are read from the source. Their latents are kept in
    memory."""
    image_size_px: int = Field(default=256, ge=16, multiple_of=8)
    """The side of the training images in pixels. The middle square of every image is resized to
    it."""
    steps: int = Field(default=15000, ge=1)
    """The number of optimizer steps."""
    batch_size: int = Field(default=4, ge=1)
    """The number of triples in one batch of one process. With `gradient_accumulation`, several
    batches make one optimizer step."""
    gradient_accumulation: int = Field(default=4, ge=1)
    """The number of batches whose gradients make one optimizer step."""
    learning_rate: float = Field(default=5e-5, gt=0)
    """The highest learning rate of AdamW."""
    warmup_steps: int = Field(default=0, ge=0)
    """The number of steps in which the learning rate rises to `learning_rate`."""
    schedule: Literal["constant", "cosine"] = "constant"
    """How the learning rate goes on after that: it stays `constant`, or falls to 0 along a
    `cosine`."""
    max_grad_norm: float = Field(default=1.0, gt=0)
    """Gradients with a larger norm are scaled down to it."""
    weight_decay: float = Field(default=0.01, ge=0)
    """The weight decay of AdamW."""
    start_as_copy: bool = False
    """Whether the UNet predicts the edited image instead of noise, and begins by copying the source
    image. Only the changes are then left to learn."""
    timestep_power: float = Field(default=1.0, ge=1)
    """How noise levels are drawn. 1 draws all levels alike; a larger number draws high noise more
    often, where the instruction decides what is seen."""
    conditioning_dropout: float = Field(default=0.05, ge=0, le=1 / 3)
    """The probability of hiding the instruction alone from a triple, of hiding the source image
    alone, and of hiding both. Guidance needs it; without guidance it may be 0."""
    change_weight: float = Field(default=1.0, ge=1)
    """How many times as much the changed part of an image counts in the loss as the rest. 1 counts
    both alike."""
    relative_loss: bool = False
    """Whether the loss of a triple is divided by how much its edit changes, so that small and large
    edits count alike."""
    absolute_loss: float = Field(default=0.0, ge=0)
    """The weight of the absolute error beside the squared error. The squared error alone leaves
    faint traces of everything that the result might be."""
    ema_decay: float | None = Field(default=0.9999, gt=0, lt=1)
    """The decay of the exponential moving average of the weights, which is what is saved. None
    saves the weights of the last step."""
    mixed_precision: Literal["no", "bf16", "fp16"] = "no"
    """The precision of the computation: `no` is float32."""
    gradient_checkpointing: bool = False
    """Whether activations of the UNet are computed twice to save memory."""
    train_text_encoder: bool = False
    """Whether the text encoder is trained as well as the UNet."""
    lora: LoraSettings | None = None
    """Trains low-rank additions to the UNet's attention instead of all of its weights; they are
    merged into it at the end. `{}` takes the default sizes. None trains all of the UNet."""
    save_dtype: Literal["float32", "float16"] = "float32"
    """The precision in which the finished pipeline is saved."""
    seed: int = 42
    """The seed of everything random: first weights, order of the triples and noise."""
    report_every: int = Field(default=50, ge=1)
    """The number of steps between two lines of the log."""
    checkpoint_every: int = Field(default=500, ge=1)
    """The number of steps between two checkpoints. The steps since the last one are lost when the
    process is killed."""
    validate_every: int = Field(default=1000, ge=1)
    """The number of steps between two validations, each of which draws a picture and measures
    errors."""
    validation_triples: int = Field(default=16, ge=0)
    """The number of edits that are made at every validation. 0 does not validate."""
    validation_split: str = "validation"
    """The split of the source that validation triples are read from."""
    validation_steps: int = Field(default=20, ge=1)
    """The number of denoising steps of a validation edit."""
    validation_guidance_scale: float = 1.5
    """How strongly a validation edit follows the instruction. 1 is no guidance."""
    validation_image_guidance_scale: float = 1.0
    """How strongly a validation edit keeps to the source image."""


class ImageTowerSize(Settings):
    """The sizes of a CLIP image encoder that starts from random weights."""

    width: int = Field(default=128, ge=8)
    """The hidden width."""
    layers: int = Field(default=5, ge=1)
    """The number of transformer layers."""
    heads: int = Field(default=4, ge=1)
    """The number of attention heads in each layer. It divides `width`."""
    patch_px: int = Field(default=8, ge=1)
    """The side of an image patch in pixels. It divides `image_size_px`."""


class ClipLossWeights(Settings):
    """How much each part of a CLIP's loss counts."""

    contrast: float = Field(default=1.0, ge=0)
    """The weight of the contrastive loss: which caption belongs to which image."""
    image_facts: float = Field(default=2.0, ge=0)
    """The weight of answering questions about what an image shows."""
    text_facts: float = Field(default=0.6, ge=0)
    """The weight of answering the same questions about what a caption says."""
    attempt_text: float = Field(default=3.0, ge=0)
    """The weight of telling right from wrong edits by their similarity to the caption of the
    result."""
    attempt_direction: float = Field(default=1.0, ge=0)
    """The weight of telling right from wrong edits by whether the image changes as the caption
    does."""
    attempt_error: float = Field(default=3.0, ge=0)
    """The weight of guessing how far an edit is from the true result."""


class ClipTraining(Settings):
    """`syned train-clip`: a CLIP from nothing, for a source whose true edits are known."""

    output: str
    """The folder of the finished CLIP. Checkpoint and log go to the folder of the same name with
    `.training` at its end."""
    source: SourceConfig
    """Where images and captions come from: a source that knows the true result of every edit and
    the captions of both images, such as `shapes`. Training always reads the split `train` of it."""
    attempts: tuple[str, ...] = ()
    """Run directories whose edits are looked at beside made-up ones, to learn right from wrong
    edits. They should be runs of the split `train`."""
    attempts_fraction: float = Field(default=0.6, ge=0, le=1)
    """The share of a batch that comes from these runs, if there are any."""
    image_size_px: int = Field(default=64, ge=8)
    """The side, in pixels, of the square images that the CLIP reads."""
    image_tower: ImageTowerSize = ImageTowerSize()
    """The sizes of the image encoder."""
    text_tower: TextEncoderSize = TextEncoderSize(layers=2, max_tokens=64)
    """The sizes of the text encoder."""
    embedding_width: int = Field(default=256, ge=8)
    """The number of values of an embedding."""
    losses: ClipLossWeights = ClipLossWeights()
    """How much each part of the loss counts."""
    steps: int = Field(default=4000, ge=1)
    """The number of optimizer steps."""
    batch_size: int = Field(default=24, ge=2)
    """The number of requests in a batch. Each gives three images and two captions."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """The highest learning rate of AdamW, which falls to 0 along a cosine."""
    warmup_steps: int = Field(default=100, ge=0)
    """The number of steps in which the learning rate rises to `learning_rate`."""
    weight_decay: float = Field(default=0.02, ge=0)
    """The weight decay of AdamW, which holds for matrices only."""
    max_grad_norm: float = Field(default=1.0, gt=0)
    """Gradients with a larger norm are scaled down to it."""
    save_dtype: Literal["float32", "float16"] = "float32"
    """The precision in which the CLIP is saved."""
    device: str = "auto"
    """Where the model computes: `auto`, `cpu`, `cuda`, `cuda:N` for the GPU with number N, or `mps`
    for Apple's GPUs. `auto` takes CUDA, else `mps`, else the CPU, whichever the machine has."""
    seed: int = 0
    """The seed of everything random: first weights, made-up attempts and the order of the runs'
    edits."""
    report_every: int = Field(default=50, ge=1)
    """The number of steps between two lines of the log."""
    checkpoint_every: int = Field(default=250, ge=1)
    """The number of steps between two checkpoints. The steps since the last one are lost when the
    process is killed."""
    validate_every: int = Field(default=1000, ge=1)
    """The number of steps between two validations, each of which also saves the CLIP."""
    validation_split: str = "validation"
    """The split of the source that is validated on."""
    validation_requests: int = Field(default=256, ge=2)
    """The number of requests whose images and captions have to find each other in a validation."""
    validation_attempts: tuple[str, ...] = ()
    """Run directories of the validation split, whose edits are to be told right from wrong in a
    validation."""
