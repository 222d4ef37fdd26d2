"""An autoencoder whose latents are the pixels themselves, for editing small pictures.

An edit can be no sharper than its autoencoder. One that folds 4 x 4 patches into 16 numbers loses
more of a 64 px picture than recoloring a star changes in it; at that size there is no need to fold
anything. The result is an ordinary AutoencoderKL folder whose latents are the image itself.
"""

from __future__ import annotations

import math

import torch
from diffusers import AutoencoderKL
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn

ANCHOR = 1024.0
"""A constant far above any pixel: group normalisation then divides by it alone."""

WIDTH = 8
"""Three colors as pairs (x, -x), and two anchors."""


@torch.no_grad()
def pixel_autoencoder(*, scaling_factor: float, sample_size_px: int) -> AutoencoderKL:
    """An AutoencoderKL with encode(x) = decode(x) = x for images in [-1, 1].

    Its blocks pass on what they get. The normalisation and SiLU before each last convolution would
    bend it, so every color travels as a pair (x, -x), for which silu(x) - silu(-x) = x, beside two
    large constants, which alone set the normalisation.

    Args:
        scaling_factor: what a denoiser's latents are multiplied by, 1 / deviation of the pixels.
        sample_size_px: side of the training images, only recorded.
    """
    autoencoder = AutoencoderKL(
        block_out_channels=(WIDTH,),
        layers_per_block=1,
        latent_channels=3,
        norm_num_groups=1,
        sample_size=sample_size_px,
        scaling_factor=scaling_factor,
        mid_block_add_attention=False,
    )
    for module in autoencoder.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
            nn.init.zeros_(module.conv2.bias)
    for part in (autoencoder.encoder, autoencoder.decoder):
        _pass_colors(part.conv_in, part.conv_norm_out, part.conv_out)
    autoencoder.encoder.conv_out.bias[3:] = -30.0  # log-variance: none
    for layer in (autoencoder.quant_conv, autoencoder.post_quant_conv):
        nn.init.dirac_(layer.weight)
        layer.bias.zero_()
    return autoencoder.eval()


def _pass_colors(first: nn.Conv2d, norm: nn.GroupNorm, last: nn.Conv2d) -> None:
    for layer in (first, last):
        layer.weight.zero_()
        _bias(layer).zero_()
    for color in range(3):
        first.weight[2 * color, color, 1, 1] = 1
        first.weight[2 * color + 1, color, 1, 1] = -1
        last.weight[color, 2 * color, 1, 1] = 1
        last.weight[color, 2 * color + 1, 1, 1] = -1
    _bias(first)[6], _bias(first)[7] = ANCHOR, -ANCHOR
    nn.init.constant_(norm.weight, ANCHOR * math.sqrt(2 / WIDTH))
    nn.init.zeros_(norm.bias)


def _bias(layer: nn.Conv2d) -> Tensor:
    if layer.bias is None:
        raise TypeError("the convolutions of an AutoencoderKL have biases")
    return layer.bias
