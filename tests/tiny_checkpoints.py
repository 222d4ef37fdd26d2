"""Small random checkpoints in exactly the on-disk layout of the published ones."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    EulerAncestralDiscreteScheduler,
    StableDiffusionInstructPix2PixPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from transformers import (
    BitImageProcessorPil,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
    Dinov2Config,
    Dinov2Model,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
)

from syned.training.tokenizer import train_clip_tokenizer

INSTRUCTIONS = ["add a small red star", "make it night", "remove the blue moon"]


def write_instruct_pix2pix(
    folder: Path, *, in_channels: int = 8, blocked: bool = False, seed: int = 0
) -> Path:
    """A folder as timbrooks/instruct-pix2pix has it: every component, small widths.

    Args:
        folder: where to; made.
        in_channels: 8 for InstructPix2Pix, 4 for Stable Diffusion.
        blocked: whether the safety checker blacks out everything, else nothing.
        seed: of the weights.
    """
    torch.manual_seed(seed)
    tokenizer = train_clip_tokenizer(INSTRUCTIONS * 4, merges=60, max_tokens=77)
    StableDiffusionInstructPix2PixPipeline(
        vae=_autoencoder(),
        text_encoder=_text_encoder(tokenizer),
        tokenizer=tokenizer,
        unet=tiny_unet(in_channels),
        scheduler=EulerAncestralDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
        safety_checker=_safety_checker(blocked),
        feature_extractor=_image_processor(),
    ).save_pretrained(folder)
    _write_published_tokenizer(folder / "tokenizer")
    return folder


def write_clip(folder: Path, *, seed: int = 0) -> Path:
    """A folder as openai/clip-vit-large-patch14 has it: small widths, images of 32 px."""
    torch.manual_seed(seed)
    tokenizer = train_clip_tokenizer(INSTRUCTIONS * 4, merges=60, max_tokens=16)
    text = _text_config(tokenizer, 16)
    CLIPModel(
        CLIPConfig(
            text_config=text.to_dict(), vision_config=_vision_config().to_dict(), projection_dim=16
        )
    ).save_pretrained(folder)
    _image_processor().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _write_published_tokenizer(folder)
    return folder


def write_siglip(folder: Path) -> Path:
    """A folder as google/siglip2-base-patch16-224 has it; the tokenizer is a single file."""
    torch.manual_seed(0)
    tokenizer = train_clip_tokenizer(INSTRUCTIONS * 4, merges=60, max_tokens=16)
    sizes = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    SiglipModel(
        SiglipConfig(
            text_config={**sizes, "vocab_size": len(tokenizer), "max_position_embeddings": 16},
            vision_config={**sizes, "image_size": 32, "patch_size": 8},
        )
    ).save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_dinov2(folder: Path) -> Path:
    """A folder as facebook/dinov2-base has it."""
    torch.manual_seed(0)
    Dinov2Model(
        Dinov2Config(
            hidden_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=14
        )
    ).save_pretrained(folder)
    BitImageProcessorPil(
        size={"shortest_edge": 32},
        crop_size={"height": 28, "width": 28},
        image_mean=[0.485, 0.456, 0.406],
        image_std=[0.229, 0.224, 0.225],
    ).save_pretrained(folder)
    return folder


def _autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=64,
    )


def tiny_unet(in_channels: int) -> UNet2DConditionModel:
    """A random UNet of 4 latent channels, as small as a UNet with attention can be."""
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=in_channels,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        cross_attention_dim=16,
        attention_head_dim=2,
        norm_num_groups=8,
    )


def _text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    return CLIPTextModel(_text_config(tokenizer, 77))


def _text_config(tokenizer: CLIPTokenizer, max_tokens: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        projection_dim=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=max_tokens,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )


def _vision_config() -> CLIPVisionConfig:
    return CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        projection_dim=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
    )


def _image_processor() -> CLIPImageProcessorPil:
    return CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})


def _safety_checker(blocked: bool) -> StableDiffusionSafetyChecker:
    checker = StableDiffusionSafetyChecker(
        CLIPConfig(vision_config=_vision_config().to_dict(), projection_dim=16)
    )
    threshold = -2.0 if blocked else 2.0  # a cosine is above it always, or never
    with torch.no_grad():
        checker.concept_embeds.normal_()
        checker.special_care_embeds.normal_()
        checker.concept_embeds_weights.fill_(threshold)
        checker.special_care_embeds_weights.fill_(2.0)
    return checker


def _write_published_tokenizer(folder: Path) -> None:
    """vocab.json and merges.txt instead of tokenizer.json, as checkpoints of 2022 have them."""
    path = folder / "tokenizer.json"
    model = json.loads(path.read_text())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n")
    path.unlink()
