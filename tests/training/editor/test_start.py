"""What the training of an editor starts from, loaded or made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from diffusers import AutoencoderKL, StableDiffusionInstructPix2PixPipeline  # noqa: E402

from syned.config import SourceConfig  # noqa: E402
from syned.config.training import EditorTraining, NewEditor  # noqa: E402
from syned.errors import ConfigError, EngineError  # noqa: E402
from syned.run.records import SourceRecord  # noqa: E402
from syned.sources.shapes.source import shapes_record  # noqa: E402
from syned.training.editor import start  # noqa: E402
from syned.training.editor.start import load_start, new_pipeline, predict_from_copy  # noqa: E402
from tests.tiny_checkpoints import write_instruct_pix2pix  # noqa: E402

NEW = {
    "unet": {"channels": (16, 32, 48), "attending_levels": 2, "attention_head_width": 16},
    "text_encoder": {"width": 16, "layers": 1, "heads": 2, "max_tokens": 12, "merges": 50},
}
COPYING = {**NEW, "unet": {"channels": (16, 16), "attending_levels": 1}}


def settings(**changes: Any) -> EditorTraining:
    return EditorTraining(output="unused", source=SourceConfig(), image_size_px=32, **changes)


def records(split: str) -> Iterator[SourceRecord]:
    assert split == "train"
    return (shapes_record(i, "train", 0) for i in range(4))


def made(new: dict[str, Any] = NEW, **changes: Any) -> StableDiffusionInstructPix2PixPipeline:
    texts = ["add a red star", "remove the star"]
    return new_pipeline(NewEditor.model_validate({**new, **changes}), texts, image_size_px=32)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "gives neither start nor new; .* give one of the two"),
        ({"start": "somewhere", "new": NEW}, "gives both start and new; .* give one of the two"),
    ],
)
def test_a_training_needs_one_start(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_start(settings(**given), records)


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"model_index\.json"):
        load_start(settings(start=str(tmp_path)), records)


def test_a_stable_diffusion_is_widened_to_see_a_source_image(tmp_path: Path) -> None:
    folder = write_instruct_pix2pix(tmp_path, in_channels=4)
    assert load_start(settings(start=str(folder)), records).unet.config.in_channels == 8


def test_an_autoencoder_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"new\.autoencoder is .*nowhere', which cannot be load"):
        made(autoencoder=str(tmp_path / "nowhere"))


def test_a_new_editor_can_work_on_the_latents_of_an_autoencoder(tmp_path: Path) -> None:
    AutoencoderKL(
        block_out_channels=(4, 4), latent_channels=5, norm_num_groups=2,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    ).save_pretrained(tmp_path)  # fmt: skip
    unet = made(autoencoder=str(tmp_path)).unet
    assert (unet.config.in_channels, unet.config.out_channels) == (10, 5)
    assert unet.config.sample_size == 16


def test_a_new_editor_without_an_autoencoder_works_on_pixels() -> None:
    pipeline = made(pixel_scale=1.75)
    image = torch.rand(1, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        latents = pipeline.vae.encode(image).latent_dist.mode()
    torch.testing.assert_close(latents, image, atol=1e-3, rtol=0)
    assert pipeline.vae.config.scaling_factor == 1.75
    assert (pipeline.unet.config.in_channels, pipeline.unet.config.sample_size) == (6, 32)


def test_a_new_unet_has_the_sizes_asked_for_and_attends_at_its_deepest_levels() -> None:
    config = made().unet.config
    assert config.down_block_types == ("DownBlock2D", *["CrossAttnDownBlock2D"] * 2)
    assert config.up_block_types == (*["CrossAttnUpBlock2D"] * 2, "UpBlock2D")
    assert config.attention_head_dim == (1, 2, 3)  # diffusers' name for the number of heads
    assert config.cross_attention_dim == 16


def test_a_level_narrower_than_a_head_has_one_head() -> None:
    unet = {"channels": (16, 32), "attending_levels": 1, "attention_head_width": 64}
    assert made(unet=unet).unet.config.attention_head_dim == (1, 1)


def test_the_texts_of_a_new_editor_are_short_in_its_tokenizer_and_fit_its_encoder() -> None:
    pipeline = made()
    assert pipeline.tokenizer.tokenize("remove star") == ["remove</w>", "star</w>"]
    tokens = pipeline.tokenizer(
        "star " * 40, padding="max_length", truncation=True, return_tensors="pt"
    ).input_ids
    assert tokens.shape == (1, 12)
    with torch.no_grad():
        assert pipeline.text_encoder(tokens)[0].shape == (1, 12, 16)
    assert pipeline.text_encoder.config.max_position_embeddings == 12


def test_the_tokenizer_learns_from_the_first_usable_rows_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start, "TOKENIZER_INSTRUCTIONS", 2)
    whole = shapes_record(0, "train", 0)
    taken: list[int] = []

    def endless(split: str) -> Iterator[SourceRecord]:
        for i in count():
            taken.append(i)
            usable = replace(whole, instruction=f"word{'abc'[i % 3]}")
            yield replace(usable, edited_image=None) if i == 0 else usable

    tokenizer = load_start(settings(new=NEW), endless).tokenizer
    assert taken == [0, 1, 2]
    assert tokenizer.tokenize("wordb wordc") == ["wordb</w>", "wordc</w>"]
    assert tokenizer.tokenize("worda") != ["worda</w>"]


def test_velocity_comes_with_an_end_that_is_all_noise() -> None:
    scheduler = made().scheduler
    assert scheduler.config.prediction_type == "v_prediction"
    assert float(scheduler.alphas_cumprod[-1]) == pytest.approx(0, abs=1e-7)
    scheduler.set_timesteps(4)
    assert scheduler.timesteps[0] == 999


def test_noise_is_predicted_with_the_schedule_of_stable_diffusion() -> None:
    scheduler = made(prediction_type="epsilon").scheduler
    assert scheduler.config.prediction_type == "epsilon"
    assert float(scheduler.alphas_cumprod[-1]) == pytest.approx(0.0047, abs=1e-4)
    scheduler.set_timesteps(4)
    assert scheduler.timesteps.tolist() == [751, 501, 251, 1]


def test_an_editor_that_starts_as_a_copy_predicts_the_source_image() -> None:
    pipeline = made(COPYING)
    predict_from_copy(pipeline)
    assert pipeline.scheduler.config.prediction_type == "sample"
    assert pipeline.scheduler.config.rescale_betas_zero_snr
    source, text = torch.rand(1, 3, 32, 32) * 2 - 1, torch.randn(1, 12, 16)
    noisy = torch.cat([torch.randn(1, 3, 32, 32), source], dim=1)
    with torch.no_grad():
        answer = pipeline.unet.eval()(noisy, 500, text).sample
    torch.testing.assert_close(answer, source * 2.0, atol=0.02, rtol=0.01)
