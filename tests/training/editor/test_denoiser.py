"""What is noised, hidden and weighted when a denoiser is trained."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel

from syned.errors import ConfigError
from syned.training.editor.denoiser import (
    change_weights,
    denoising_loss,
    drop_conditioning,
    relative_weights,
    start_as_copy,
    widen_input,
)
from tests.tiny_checkpoints import tiny_unet


def unet(in_channels: int) -> UNet2DConditionModel:
    torch.manual_seed(0)
    return tiny_unet(in_channels).eval()


def test_a_widened_unet_is_the_old_one_until_it_is_trained() -> None:
    old, new = unet(4), widen_input(unet(4))
    noisy, source, text = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8), torch.randn(2, 5, 16)
    with torch.no_grad():
        before = old(noisy, 7, text).sample
        after = new(torch.cat([noisy, source], dim=1), 7, text).sample
    torch.testing.assert_close(after, before)
    assert new.config.in_channels == 8
    assert torch.equal(new.conv_in.bias, old.conv_in.bias)


def test_an_instruct_pix2pix_unet_is_left_alone() -> None:
    model = unet(8)
    assert widen_input(model) is model


def test_a_unet_with_other_channels_is_refused() -> None:
    with pytest.raises(ConfigError, match="5 input and 4 output channels"):
        widen_input(unet(5))


def test_one_draw_hides_text_both_or_image_with_the_same_share() -> None:
    draw = torch.tensor([0.02, 0.07, 0.12, 0.5])
    text, source = torch.ones(4, 3, 2), torch.ones(4, 1, 2, 2)
    text, source = drop_conditioning(text, torch.zeros(1, 3, 2), source, 0.05, draw)
    assert text[:, 0, 0].tolist() == [0, 0, 1, 1]
    assert source[:, 0, 0, 0].tolist() == [1, 0, 0, 1]


def test_the_changed_part_counts_more_and_every_triple_the_same() -> None:
    source = torch.zeros(2, 4, 4, 4)
    edited = source.clone()
    edited[0, 2, 1, 1] = 1.0
    weights = change_weights(source, edited, 4.0)
    assert weights.mean((1, 2, 3)).tolist() == pytest.approx([1, 1])
    assert weights[0, 0, 1, 1] == pytest.approx(4 * float(weights[0, 0, 0, 0]))
    assert torch.equal(weights[1], torch.ones(1, 4, 4))


def test_a_relative_loss_counts_a_small_edit_as_much_as_a_large_one() -> None:
    source, edited = torch.zeros(2, 4, 4, 4), torch.zeros(2, 4, 4, 4)
    edited[0, :, 0, 0], edited[1] = 2.0, 2.0
    weights = relative_weights(source, edited)
    costs = (weights * (source - edited).square()).mean((1, 2, 3))
    assert costs.tolist() == pytest.approx([0.25 / 0.27, 4 / 4.02])
    weights = relative_weights(source, edited, power=1)
    costs = (weights * (source - edited).abs()).mean((1, 2, 3))
    assert costs.tolist() == pytest.approx([0.125 / 0.145, 2 / 2.02])


def test_absolute_errors_count_beside_squared_ones() -> None:
    class Zero(torch.nn.Module):
        def forward(self, noisy: torch.Tensor, *_: object, **__: object) -> tuple[torch.Tensor]:
            return (torch.zeros_like(noisy[:, :4]),)

    latents = torch.full((1, 4, 2, 2), 3.0)
    loss = denoising_loss(
        Zero(),
        DDPMScheduler(prediction_type="sample"),
        noise=torch.randn(1, 4, 2, 2),
        timesteps=torch.tensor([900]),
        source_latents=latents,
        edited_latents=latents,
        text=torch.zeros(1, 3, 4),
        weights=1.0,
        absolute_weights=0.5,
    )
    assert loss.item() == pytest.approx(9 + 0.5 * 3)


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
def test_a_perfect_prediction_costs_nothing(kind: str) -> None:
    scheduler = DDPMScheduler(prediction_type=kind)
    noise, edited = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8)
    timesteps = torch.tensor([10, 900])
    velocity = scheduler.get_velocity(edited, noise, timesteps)
    answer = {"epsilon": noise, "v_prediction": velocity, "sample": edited}[kind]

    class Oracle(torch.nn.Module):
        def forward(self, *_: object, **__: object) -> tuple[torch.Tensor]:
            return (answer,)

    loss = denoising_loss(
        Oracle(),
        scheduler,
        noise=noise,
        timesteps=timesteps,
        source_latents=edited,
        edited_latents=edited,
        text=torch.zeros(2, 3, 4),
    )
    assert loss.item() == 0


@pytest.mark.parametrize("scale", [1.0, 0.18215])
def test_a_unet_that_starts_as_a_copy_answers_with_the_source_image(scale: float) -> None:
    model = unet(8)
    with pytest.raises(ConfigError, match="8 groups of 2"):
        start_as_copy(model, scale)
    fitting = {
        "norm_num_groups": 4,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    }
    model = UNet2DConditionModel.from_config({**model.config, **fitting})
    start_as_copy(model, scale)
    source, text = torch.randn(2, 4, 8, 8), torch.randn(2, 5, 16)
    for timestep in (0, 999):
        with torch.no_grad():
            answer = model(torch.cat([torch.randn(2, 4, 8, 8), source], 1), timestep, text).sample
        torch.testing.assert_close(answer, source * scale, atol=0.02, rtol=0.01)
