"""The autoencoder that keeps every pixel, as it comes back from disk."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from diffusers import AutoencoderKL

from syned.training.editor.pixel_autoencoder import pixel_autoencoder


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_latents_are_the_image_and_come_back_as_it(tmp_path: Path, dtype: torch.dtype) -> None:
    made = pixel_autoencoder(scaling_factor=2.0, sample_size_px=64)
    made.to(dtype).save_pretrained(tmp_path)
    autoencoder = AutoencoderKL.from_pretrained(tmp_path)
    levels = torch.randint(0, 256, (2, 3, 24, 40), generator=torch.Generator().manual_seed(0))
    levels[1] = 255  # a flat picture has no deviation of its own to divide by
    images = levels / 127.5 - 1
    with torch.no_grad():
        latents = autoencoder.encode(images).latent_dist
        restored = autoencoder.decode(latents.mode()).sample
    torch.testing.assert_close(latents.mode(), images, atol=1e-3, rtol=0)
    assert float(latents.std.max()) < 1e-3
    assert torch.equal(((restored + 1) * 127.5).round().long(), levels)
    assert autoencoder.config.scaling_factor == 2.0
