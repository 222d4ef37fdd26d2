"""The linear encoder against the analysis that it is made from."""

from __future__ import annotations

from itertools import repeat
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from diffusers import AutoencoderKL

from syned.training.autoencoder import (
    build_autoencoder,
    patches_of,
    principal_components,
    reconstruction_error,
    train_decoder,
    warmup_cosine,
)

CHANNELS = (16, 24, 48)


def pictures(count: int) -> torch.Tensor:
    """Smooth random images in [-1, 1], shape (count, 3, 32, 32)."""
    generator = torch.Generator().manual_seed(0)
    small = torch.rand(count, 3, 8, 8, generator=generator) * 2 - 1
    return torch.nn.functional.interpolate(small, size=32, mode="bilinear")


def build(images: torch.Tensor) -> AutoencoderKL:
    torch.manual_seed(0)
    return build_autoencoder(
        patches_of(images), channels=CHANNELS, latent_channels=8, sample_size_px=32
    )


def test_components_are_centred_scaled_and_uncorrelated() -> None:
    patches = patches_of(pictures(64))
    weights, offset = principal_components(patches, 8)
    parts = patches @ weights.T + offset
    torch.testing.assert_close(parts.mean(0), torch.zeros(8), atol=1e-3, rtol=0)
    torch.testing.assert_close(parts.T @ parts / len(parts), torch.eye(8), atol=1e-2, rtol=0)


def test_the_encoder_gives_the_components_of_each_patch(tmp_path: Path) -> None:
    images = pictures(16)
    build(images).save_pretrained(tmp_path)
    encoder = AutoencoderKL.from_pretrained(tmp_path)
    weights, offset = principal_components(patches_of(images), 8)
    expected = (patches_of(images[:2]) @ weights.T + offset).reshape(2, 64, 8).transpose(1, 2)
    with torch.no_grad():
        posterior = encoder.encode(images[:2]).latent_dist
    torch.testing.assert_close(posterior.mode().flatten(2), expected, atol=0.02, rtol=0)
    assert float(posterior.std.max()) < 1e-3


def test_training_the_decoder_lowers_the_error_and_leaves_the_encoder() -> None:
    images = pictures(16)
    autoencoder = build(images)
    before = reconstruction_error(autoencoder, [images])
    latents = autoencoder.encode(images).latent_dist.mode()
    steps: list[int] = []
    train_decoder(
        autoencoder, repeat(images), steps=30, learning_rate=3e-3, warmup_steps=2,
        latent_noise=0.01, bf16_fraction=0.5, report=lambda step, _: steps.append(step),
    )  # fmt: skip
    assert reconstruction_error(autoencoder, [images]) < 0.7 * before
    assert torch.equal(autoencoder.encode(images).latent_dist.mode(), latents)
    assert steps == list(range(1, 31))


def test_the_learning_rate_rises_and_then_falls_to_zero() -> None:
    rates = [warmup_cosine(step, 4, 20) for step in range(21)]
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[20] == pytest.approx(0)
