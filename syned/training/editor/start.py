"""Load or make the pipeline that the training of an editor starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from diffusers import (
    AutoencoderKL,
    DDPMScheduler,
    StableDiffusionInstructPix2PixPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from syned.config.training import EditorTraining, NewEditor, TextEncoderSize, UNetSize
from syned.errors import ConfigError, EngineError
from syned.run.records import SourceRecord
from syned.training.editor.denoiser import start_as_copy, widen_input
from syned.training.editor.pixel_autoencoder import pixel_autoencoder
from syned.training.editor.triples import usable
from syned.training.tokenizer import train_clip_tokenizer

TOKENIZER_INSTRUCTIONS = 8000


def load_start(
    settings: EditorTraining, records: Callable[[str], Iterator[SourceRecord]]
) -> StableDiffusionInstructPix2PixPipeline:
    """The pipeline that training starts from, its UNet able to see a source image.

    Raises:
        ConfigError: neither or both of `start` and `new` are given, or the UNet does not fit.
        EngineError: the checkpoint or the autoencoder cannot be loaded.
    """
    if settings.new is not None and settings.start is None:
        texts = (r.instruction for r in islice(usable(records("train")), TOKENIZER_INSTRUCTIONS))
        return new_pipeline(settings.new, texts, image_size_px=settings.image_size_px)
    if settings.start is None or settings.new is not None:
        given = "neither start nor new" if settings.new is None else "both start and new"
        raise ConfigError(
            f"the config gives {given}; a training starts either from a checkpoint (start: ID or "
            "FOLDER) or from random weights (new: {...}), so give one of the two"
        )
    try:
        pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(settings.start)
    except (OSError, ValueError) as error:
        raise EngineError(
            f"{settings.start} cannot be loaded as a Stable Diffusion or InstructPix2Pix "
            f"checkpoint ({error}); give a hub id or a folder with a model_index.json"
        ) from error
    widen_input(pipeline.unet)
    return pipeline


def predict_from_copy(pipeline: StableDiffusionInstructPix2PixPipeline) -> None:
    """Begin as a copy of the source image, and predict the edited image instead of noise."""
    start_as_copy(pipeline.unet, pipeline.vae.config.scaling_factor)
    config = {**pipeline.scheduler.config, "prediction_type": "sample"}
    pipeline.register_modules(scheduler=DDPMScheduler.from_config(config))


def new_pipeline(
    new: NewEditor, instructions: Iterable[str], *, image_size_px: int
) -> StableDiffusionInstructPix2PixPipeline:
    """An untrained InstructPix2Pix of the sizes asked for, with a tokenizer made for the texts.

    Raises:
        EngineError: the autoencoder cannot be loaded.
    """
    autoencoder = _autoencoder(new, image_size_px)
    size = new.text_encoder
    tokenizer = train_clip_tokenizer(instructions, merges=size.merges, max_tokens=size.max_tokens)
    latent_size = image_size_px // 2 ** (len(autoencoder.config.block_out_channels) - 1)
    return StableDiffusionInstructPix2PixPipeline(
        vae=autoencoder,
        text_encoder=_new_text_encoder(size, tokenizer),
        tokenizer=tokenizer,
        unet=_new_unet(new.unet, autoencoder.config.latent_channels, latent_size, size.width),
        scheduler=_new_scheduler(velocity=new.prediction_type == "v_prediction"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _autoencoder(new: NewEditor, image_size_px: int) -> AutoencoderKL:
    if new.autoencoder is None:
        return pixel_autoencoder(scaling_factor=new.pixel_scale, sample_size_px=image_size_px)
    try:
        return AutoencoderKL.from_pretrained(new.autoencoder)
    except (OSError, ValueError) as error:
        raise EngineError(
            f"new.autoencoder is {new.autoencoder!r}, which cannot be loaded ({error}); give a hub "
            "id or a folder of an AutoencoderKL, or leave it out to work on the pixels themselves"
        ) from error


def _new_text_encoder(size: TextEncoderSize, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=size.width,
            intermediate_size=4 * size.width,
            projection_dim=size.width,
            num_hidden_layers=size.layers,
            num_attention_heads=size.heads,
            max_position_embeddings=size.max_tokens,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )


def _new_unet(
    size: UNetSize, latent_channels: int, latent_size: int, text_width: int
) -> UNet2DConditionModel:
    attending = size.attending_levels
    convolving = len(size.channels) - attending
    return UNet2DConditionModel(
        sample_size=latent_size,
        in_channels=2 * latent_channels,
        out_channels=latent_channels,
        down_block_types=("DownBlock2D",) * convolving + ("CrossAttnDownBlock2D",) * attending,
        up_block_types=("CrossAttnUpBlock2D",) * attending + ("UpBlock2D",) * convolving,
        block_out_channels=size.channels,
        layers_per_block=size.layers_per_block,
        attention_head_dim=tuple(max(1, c // size.attention_head_width) for c in size.channels),
        cross_attention_dim=text_width,
        norm_num_groups=size.norm_groups,
    )


def _new_scheduler(*, velocity: bool) -> DDPMScheduler:
    """Stable Diffusion's noise schedule, mended as in arXiv:2305.08891 for velocity."""
    return DDPMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        prediction_type="v_prediction" if velocity else "epsilon",
        rescale_betas_zero_snr=velocity,
        timestep_spacing="trailing" if velocity else "leading",
        steps_offset=0 if velocity else 1,
    )
