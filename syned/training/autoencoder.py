"""Make an AutoencoderKL for a small world: a linear encoder by analysis, a decoder by training.

An edit can be no sharper than its autoencoder, and on little hardware most of the training would go
into an encoder. A linear one needs none: the leading principal components of 4 x 4 patches keep
nearly all there is in flat drawings, are centred and scaled (a denoiser learns slowly otherwise),
and are known before the first step, so that the denoiser can be trained beside the decoder. The
result is an ordinary AutoencoderKL folder.

Run: syned train-autoencoder configs/train_shapes_autoencoder.yaml
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from diffusers import AutoencoderKL
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn
from torch.nn import functional

Report = Callable[[int, dict[str, float]], None]

NORM_GROUPS = 8
_ANCHOR = 100.0
"""A constant far above any feature: group normalisation then divides by it alone."""


def build_autoencoder(
    patches: Tensor, *, channels: tuple[int, int, int], latent_channels: int, sample_size_px: int
) -> AutoencoderKL:
    """A new AutoencoderKL with 4 x 4 patches per latent, its encoder done, its decoder untrained.

    Args:
        patches: 4 x 4 patches of typical images, from `patches_of`, shape (n, 48).
        channels: width at full, half and quarter size; at least 13, 2 x latent_channels + 2 and
            6 x latent_channels, the last a multiple of 8.
        latent_channels: principal components kept, an even multiple of 8 at most 48.
        sample_size_px: side of the training images, only recorded.
    """
    autoencoder = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=channels,
        layers_per_block=1,
        latent_channels=latent_channels,
        norm_num_groups=NORM_GROUPS,
        sample_size=sample_size_px,
        scaling_factor=1.0,
        mid_block_add_attention=False,
    )
    with torch.no_grad():
        for module in autoencoder.modules():
            _pass_through(module)
        _install_linear_encoder(autoencoder, *principal_components(patches, latent_channels))
    return autoencoder.eval()


def patches_of(images: Tensor) -> Tensor:
    """Cut images into 4 x 4 patches: (b, 3, h, w) to (b * h/4 * w/4, 48), rows before columns."""
    columns = functional.unfold(images, kernel_size=4, stride=4)  # (b, 48, patches)
    return columns.transpose(1, 2).reshape(-1, 48)


def principal_components(patches: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` leading components, scaled to deviation 1, and their offset.

    Returns:
        weights, shape (count, 48), and offset, shape (count,): a patch x has the standardised
        components weights @ x + offset.
    """
    mean = patches.double().mean(0)  # (48,)
    centred = patches.double() - mean
    variances, directions = torch.linalg.eigh(centred.T @ centred / len(patches))  # ascending
    leading = directions.T.flip(0)[:count] / variances.flip(0)[:count, None].sqrt()
    return leading.float(), (-leading @ mean).float()


def _pass_through(module: nn.Module) -> None:
    """Start a block as the identity: nothing is lost before anything is learned."""
    if isinstance(module, ResnetBlock2D):
        nn.init.zeros_(module.conv2.weight)
        nn.init.zeros_(module.conv2.bias)
        if module.conv_shortcut is not None:
            nn.init.dirac_(module.conv_shortcut.weight)
            nn.init.zeros_(module.conv_shortcut.bias)
    elif isinstance(module, Upsample2D):
        copy = nn.init.dirac_(torch.empty_like(module.conv.weight))
        module.conv.weight.mul_(0.3).add_(copy)
        nn.init.zeros_(module.conv.bias)


def _install_linear_encoder(autoencoder: AutoencoderKL, weights: Tensor, offset: Tensor) -> None:
    """Write the map patch -> components into the encoder's own layers, exactly.

    The two strided convolutions gather a 4 x 4 patch and project it. The last normalisation and
    SiLU would bend the result, so every component travels as a pair (x, -x), for which
    silu(x) - silu(-x) = x, and beside two large constants, which alone set the normalisation.
    """
    encoder, count = autoencoder.encoder, len(weights)
    per_group = count // NORM_GROUPS
    gather, project = (block.downsamplers[0].conv for block in encoder.down_blocks[:2])
    spread = encoder.down_blocks[2].resnets[0].conv_shortcut
    around = (autoencoder.quant_conv, autoencoder.post_quant_conv)
    for layer in (encoder.conv_in, gather, project, spread, encoder.conv_out, *around):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)

    by_pixel = weights.reshape(count, 3, 4, 4)  # (components, rgb, row, column)
    for color in range(3):
        encoder.conv_in.weight[color, color, 1, 1] = 1
        for row in range(2):
            for column in range(2):
                gathered = (row * 2 + column) * 3 + color
                gather.weight[gathered, color, row, column] = 1
                inner = by_pixel[:, color, row::2, column::2]  # (components, 2, 2)
                project.weight[:count, gathered, :2, :2] = inner
    project.bias[:count] = offset
    project.weight[count : 2 * count] = -project.weight[:count]
    project.bias[count : 2 * count] = -offset
    project.bias[2 * count], project.bias[2 * count + 1] = _ANCHOR, -_ANCHOR

    width = spread.weight.shape[0] // NORM_GROUPS
    for group in range(NORM_GROUPS):
        first = group * width
        for slot in range(per_group):
            component = group * per_group + slot
            spread.weight[first + 2 * slot, component] = 1
            spread.weight[first + 2 * slot + 1, count + component] = 1
            encoder.conv_out.weight[component, first + 2 * slot, 1, 1] = 1
            encoder.conv_out.weight[component, first + 2 * slot + 1, 1, 1] = -1
        spread.weight[first + 2 * per_group, 2 * count] = 1
        spread.weight[first + 2 * per_group + 1, 2 * count + 1] = 1
    nn.init.constant_(encoder.conv_norm_out.weight, _ANCHOR * math.sqrt(2 / width))
    nn.init.zeros_(encoder.conv_norm_out.bias)
    encoder.conv_out.bias[count:] = -20.0  # log-variance: as good as none
    nn.init.dirac_(autoencoder.quant_conv.weight)
    nn.init.dirac_(autoencoder.post_quant_conv.weight)


def train_decoder(
    autoencoder: AutoencoderKL,
    batches: Iterator[Tensor],
    *,
    steps: int,
    learning_rate: float,
    warmup_steps: int,
    latent_noise: float,
    bf16_fraction: float,
    report: Report,
    state: dict[str, Any] | None = None,
    keep: Callable[[dict[str, Any]], None] = lambda state: None,
    keep_every: int = 1000,
) -> None:
    """Fit the decoder in place to the encoder as it is, for the least mean absolute error.

    Args:
        autoencoder: its decoder is trained in place and left in evaluation mode.
        batches: images in [-1, 1], shape (b, 3, h, w), endless.
        steps: optimiser steps, one batch each.
        learning_rate: peak; reached after `warmup_steps`, then a half cosine to zero.
        warmup_steps: steps of linear warm-up.
        latent_noise: deviation of the noise added to the latents (which have deviation 1), so
            that the decoder forgives what a denoiser gets slightly wrong.
        bf16_fraction: share of the steps in bfloat16 autocast, in [0, 1]; the last ones are in
            float32, since bfloat16 cannot express the last decimals of a pixel.
        report: called with the step and its losses.
        state: where an earlier call was cut off, as it was kept; None to begin.
        keep: called with all that is needed to go on, every `keep_every` steps.
        keep_every: steps.
    """
    decoder = autoencoder.decoder.train()
    optimizer = torch.optim.AdamW(
        decoder.parameters(), learning_rate, betas=(0.9, 0.99), weight_decay=0.0
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: warmup_cosine(step, warmup_steps, steps)
    )
    first = 0
    if state is not None:
        first = int(state["step"])
        decoder.load_state_dict(state["decoder"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
    for step in range(first, steps):
        images = next(batches)
        with torch.no_grad():
            latents = autoencoder.encode(images).latent_dist.mode()  # (b, c, h/4, w/4)
            latents += latent_noise * torch.randn_like(latents)
        in_bf16 = step < bf16_fraction * steps
        with torch.autocast(images.device.type, torch.bfloat16, enabled=in_bf16):
            restored = decoder(latents)
        error = (restored.float() - images).abs().mean()
        error.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        report(step + 1, {"mean_absolute_error": error.item()})
        if (step + 1) % keep_every == 0:
            keep(
                {
                    "step": step + 1,
                    "decoder": decoder.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "schedule": schedule.state_dict(),
                    "random": torch.get_rng_state(),
                }
            )
    decoder.eval()


def warmup_cosine(step: int, warmup_steps: int, steps: int) -> float:
    """Share of the peak learning rate: a linear rise, then a half cosine down to zero."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return 0.5 * (1 + math.cos(math.pi * (step - warmup_steps) / max(1, steps - warmup_steps)))


@torch.no_grad()
def reconstruction_error(autoencoder: AutoencoderKL, batches: list[Tensor]) -> float:
    """Mean absolute error of decode(encode(x)), for images in [-1, 1]."""
    errors = [
        (autoencoder.decode(autoencoder.encode(b).latent_dist.mode()).sample - b).abs().mean()
        for b in batches
    ]
    return float(torch.stack(errors).mean())
