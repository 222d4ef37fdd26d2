"""The parts of training an InstructPix2Pix: inputs, what is hidden, weights, the loss.

Shape notation, throughout:
    - b: triples in the batch
    - c: latent channels
    - h, w: latent height and width
    - t: tokens of the text encoder
    - d: its width

Source: Brooks et al. 2023 (arXiv:2211.09800); the numbers of the recipe are those of diffusers'
examples/instruct_pix2pix/train_instruct_pix2pix.py.
"""

from __future__ import annotations

import math

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn

from syned.errors import ConfigError


def widen_input(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """Let a Stable Diffusion UNet see a source image: as many more input channels, at zero.

    The model is the same function as before until it is trained, whatever the source image is:
    old weights and the bias are kept, new weights are zero.

    Raises:
        ConfigError: the UNet has neither as many input as output channels nor twice as many.
    """
    latent_channels = unet.config.out_channels
    if unet.config.in_channels == 2 * latent_channels:
        return unet
    if unet.config.in_channels != latent_channels:
        raise ConfigError(
            f"the UNet has {unet.config.in_channels} input and {latent_channels} output channels; "
            f"training starts from {latent_channels} (Stable Diffusion) or {2 * latent_channels} "
            "(InstructPix2Pix) input channels"
        )
    old = unet.conv_in
    new = nn.Conv2d(
        2 * latent_channels, old.out_channels, old.kernel_size, old.stride, old.padding
    ).to(old.weight.device, old.weight.dtype)
    nn.init.zeros_(new.weight)
    with torch.no_grad():
        new.weight[:, :latent_channels] += old.weight
    new.bias = old.bias
    unet.conv_in = new
    unet.register_to_config(in_channels=2 * latent_channels)
    return unet


@torch.no_grad()
def start_as_copy(unet: UNet2DConditionModel, latent_scale: float) -> None:
    """Let a UNet answer with the source image's latents, whatever it is asked, until it is trained.

    Most of an edited image is the source image. A UNet that predicts the image itself and begins
    as a copy has only the changes to learn. The source latents travel from the first convolution
    along the outermost skip connection; as the last normalisation and SiLU would bend them, each
    goes as a pair (x, -x), for which silu(x) - silu(-x) = x, in a group with two large constants,
    which alone set the normalisation.

    Args:
        unet: with an `UpBlock2D` outermost; changed in place.
        latent_scale: scaling factor of the autoencoder, between source and edited latents.

    Raises:
        ConfigError: the last normalisation has too few or too small groups.
    """
    latents, norm = unet.config.out_channels, unet.conv_norm_out
    width = norm.num_channels // norm.num_groups
    if norm.num_groups < latents or width < 4:
        raise ConfigError(
            f"start_as_copy needs at least {latents} groups of 4 channels in the UNet's last "
            f"normalisation, which has {norm.num_groups} groups of {width}; widen its first level"
        )
    last = unet.up_blocks[-1].resnets[-1]
    skipped = last.conv_shortcut.in_channels - norm.num_channels
    carriers = unet.conv_in.weight.flatten(1).norm(dim=1).argsort()[:latents].tolist()
    unet.conv_in.weight[carriers] = 0
    unet.conv_in.bias[carriers] = 0
    unet.conv_out.weight.zero_()
    unet.conv_out.bias.zero_()
    for latent, carrier in enumerate(carriers):
        first = latent * width
        group = slice(first, first + 4)
        for layer in (last.conv_shortcut, last.conv2):
            layer.weight[group] = 0
            layer.bias[group] = 0
        unet.conv_in.weight[carrier, latents + latent, 1, 1] = latent_scale
        last.conv_shortcut.weight[first, skipped + carrier] = 1
        last.conv_shortcut.weight[first + 1, skipped + carrier] = -1
        last.conv_shortcut.bias[first + 2], last.conv_shortcut.bias[first + 3] = _ANCHOR, -_ANCHOR
        norm.weight[first : first + width] = _ANCHOR * math.sqrt(2 / width)
        norm.bias[first : first + width] = 0
        unet.conv_out.weight[latent, first, 1, 1] = 1
        unet.conv_out.weight[latent, first + 1, 1, 1] = -1


_ANCHOR = 30.0
"""Far above what a latent is, and small enough for bfloat16."""


def drop_conditioning(
    text: Tensor, empty_text: Tensor, source_latents: Tensor, share: float, draw: Tensor
) -> tuple[Tensor, Tensor]:
    """Hide the instruction, the source image or both from some of the batch.

    Guidance compares predictions with and without each, so the denoiser has to know them all. One
    draw decides: text alone, both, and image alone are hidden with probability `share` each.

    Args:
        text: encoded instructions, shape (b, t, d).
        empty_text: the encoded empty instruction, shape (1, t, d).
        source_latents: shape (b, c, h, w).
        share: in [0, 1/3]; 0.05 in the published recipe.
        draw: uniform in [0, 1), shape (b,).
    """
    no_text = draw < 2 * share
    no_image = (draw >= share) & (draw < 3 * share)
    text = torch.where(no_text[:, None, None], empty_text.to(text.dtype), text)
    return text, source_latents * (~no_image)[:, None, None, None]


def change_weights(source_latents: Tensor, edited_latents: Tensor, weight: float) -> Tensor:
    """How much each latent counts in the loss: `weight` where the edit changes it, else 1.

    A local edit touches a twentieth of the picture; the rest is soon copied well and would drown
    it. The weights of one triple have mean 1, so that small edits count as much as large ones.

    Args:
        source_latents: scaled like the edited ones, shape (b, c, h, w).
        edited_latents: shape (b, c, h, w).
        weight: at least 1; 1 is the plain loss.

    Returns:
        Weights, shape (b, 1, h, w).
    """
    changed = (source_latents - edited_latents).abs().amax(1, keepdim=True) > 0.1  # (b, 1, h, w)
    weights = 1 + (weight - 1) * changed.to(edited_latents.dtype)
    return weights / weights.mean((2, 3), keepdim=True)


def relative_weights(source_latents: Tensor, edited_latents: Tensor, power: int = 2) -> Tensor:
    """What makes every triple's loss relative to how much its edit changes, shape (b, 1, 1, 1).

    Recoloring a star and repainting the whole picture then count alike. A change of a fiftieth of
    the latents' variance or less (which is 1) counts as that much.

    Args:
        source_latents: scaled like the edited ones, shape (b, c, h, w).
        edited_latents: shape (b, c, h, w).
        power: of the errors that are weighted, 1 or 2.
    """
    change = (source_latents - edited_latents).abs().pow(power).mean((1, 2, 3), keepdim=True)
    return 1 / (change + 0.02)


def denoising_loss(
    unet: nn.Module,
    scheduler: DDPMScheduler,
    *,
    noise: Tensor,
    timesteps: Tensor,
    source_latents: Tensor,
    edited_latents: Tensor,
    text: Tensor,
    weights: Tensor | float = 1.0,
    absolute_weights: Tensor | float = 0.0,
) -> Tensor:
    """Mean squared error of the prediction, whichever kind the scheduler's config asks for.

    The squared error of an uncertain edit is least for the mean of all answers, a ghost; a share
    of absolute error draws towards the likeliest one.

    Args:
        noise: standard normal, shape (b, c, h, w).
        timesteps: shape (b,).
        source_latents: unscaled, shape (b, c, h, w).
        edited_latents: scaled, shape (b, c, h, w).
        text: shape (b, t, d).
        weights: of the squared errors, broadcast to (b, c, h, w).
        absolute_weights: of the absolute errors, broadcast to (b, c, h, w).
    """
    noisy = scheduler.add_noise(edited_latents, noise, timesteps)
    model_input = torch.cat([noisy, source_latents], dim=1)  # (b, 2c, h, w)
    prediction = unet(model_input, timesteps, encoder_hidden_states=text, return_dict=False)[0]
    kind = scheduler.config.prediction_type
    if kind == "sample":
        target = edited_latents
    elif kind == "epsilon":
        target = noise
    else:
        target = scheduler.get_velocity(edited_latents, noise, timesteps)
    error = (prediction.float() - target.float()).abs()
    loss: Tensor = (weights * error.square() + absolute_weights * error).mean()
    return loss
