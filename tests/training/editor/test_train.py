"""Training an editor, start to finish, on small random checkpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from diffusers import StableDiffusionInstructPix2PixPipeline  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from syned.config import SourceConfig  # noqa: E402
from syned.config.training import EditorTraining  # noqa: E402
from syned.models.editors.load import load_editor  # noqa: E402
from syned.run.records import EditJob, Request, SourceRecord  # noqa: E402
from syned.sources.shapes.source import shapes_record  # noqa: E402
from syned.training.editor.train import train_editor  # noqa: E402
from tests.tiny_checkpoints import write_instruct_pix2pix  # noqa: E402


def records(split: str) -> Iterator[SourceRecord]:
    return (shapes_record(i, "validation" if split == "validation" else "train", 0)
            for i in range(8))  # fmt: skip


def settings(folder: Path, **changes: Any) -> EditorTraining:
    values: dict[str, Any] = {
        "output": str(folder / "editor"),
        "source": SourceConfig(image_size_px=64),
        "image_size_px": 64,
        "triples": 8,
        "steps": 4,
        "batch_size": 2,
        "gradient_accumulation": 2,
        "learning_rate": 1e-3,
        "report_every": 2,
        "checkpoint_every": 2,
        "validate_every": 100,
        "validation_triples": 0,
        "validation_steps": 2,
    }
    return EditorTraining(**{**values, **changes})


def train(training: EditorTraining) -> list[str]:
    said: list[str] = []
    train_editor(training, records, say=said.append)
    return said


def unet_weights(training: EditorTraining) -> dict[str, Any]:
    return load_file(Path(training.output) / "unet" / "diffusion_pytorch_model.safetensors")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_instruct_pix2pix(tmp_path_factory.mktemp("checkpoint"))


def test_a_checkpoint_is_fine_tuned_into_a_pipeline_that_edits(
    checkpoint: Path, tmp_path: Path
) -> None:
    training = settings(tmp_path, start=str(checkpoint), validation_triples=2)
    said = train(training)
    assert any(line.startswith("step 4 of 4, loss") for line in said)
    before = load_file(checkpoint / "unet" / "diffusion_pytorch_model.safetensors")
    after = unet_weights(training)
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[k], after[k]) for k in before)
    assert str(checkpoint) not in "".join(
        path.read_text() for path in Path(training.output).rglob("*.json")
    )
    load_editor(training.output, scheduler=None, device="cpu", dtype="float32", batch_size=1)
    work = Path(f"{training.output}.training")
    assert (work / "validation-000004.png").exists()
    entries = [json.loads(line) for line in (work / "log.jsonl").read_text().splitlines()]
    assert [e["step"] for e in entries if "loss" in e] == [2, 4]
    assert 0 <= entries[-1]["right_fraction"] <= 1


def test_a_stable_diffusion_checkpoint_learns_to_see_the_source_image(tmp_path: Path) -> None:
    start = write_instruct_pix2pix(tmp_path / "start", in_channels=4)
    training = settings(tmp_path, start=str(start))
    train(training)
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(training.output)
    assert pipeline.unet.config.in_channels == 8
    assert float(pipeline.unet.conv_in.weight[:, 4:].detach().abs().max()) > 0


def test_an_editor_is_made_from_nothing_but_an_autoencoder(
    checkpoint: Path, tmp_path: Path
) -> None:
    new = {
        "autoencoder": str(checkpoint / "vae"),
        "unet": {"channels": (16, 32), "attending_levels": 1, "attention_head_width": 16},
        "text_encoder": {"width": 16, "layers": 1, "heads": 2, "merges": 50},
    }
    training = settings(tmp_path, new=new, train_text_encoder=True, save_dtype="float16")
    train(training)
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(training.output)
    assert pipeline.unet.config.in_channels == 2 * pipeline.vae.config.latent_channels == 8
    assert pipeline.unet.config.down_block_types == ["DownBlock2D", "CrossAttnDownBlock2D"]
    assert pipeline.scheduler.config.prediction_type == "v_prediction"
    assert unet_weights(training)["conv_in.weight"].dtype == torch.float16


def test_lora_is_merged_and_leaves_the_rest_alone(checkpoint: Path, tmp_path: Path) -> None:
    training = settings(tmp_path, start=str(checkpoint), lora={"rank": 2, "alpha": 4})
    train(training)
    before = load_file(checkpoint / "unet" / "diffusion_pytorch_model.safetensors")
    after = unet_weights(training)
    changed = {k for k in before if not torch.equal(before[k], after[k])}
    assert before.keys() == after.keys()
    assert any(".attn2.to_q." in k for k in changed)
    assert all(".attn" in k or k.startswith("conv_in") for k in changed)


def test_a_training_that_goes_on_takes_the_steps_it_would_have_taken(
    checkpoint: Path, tmp_path: Path
) -> None:
    whole = settings(tmp_path / "whole", start=str(checkpoint))
    train(whole)
    first = settings(tmp_path / "parts", start=str(checkpoint), steps=2)
    train(first)
    said = train(first.model_copy(update={"steps": 4}))
    assert "going on from step 2" in said
    expected, got = unet_weights(whole), unet_weights(first)
    assert all(torch.equal(expected[k], got[k]) for k in expected)


def test_an_editor_of_pixels_begins_as_a_copy_of_its_source_image(tmp_path: Path) -> None:
    new = {
        "unet": {"channels": (16, 16), "attending_levels": 1, "attention_head_width": 16},
        "text_encoder": {"width": 16, "layers": 1, "heads": 2, "merges": 50},
    }
    training = settings(
        tmp_path, new=new, start_as_copy=True, learning_rate=1e-12, steps=1, weight_decay=0.0
    )
    train(training)
    editor = load_editor(
        training.output, scheduler=None, device="cpu", dtype="float32", batch_size=1
    )
    image = next(records("validation")).image
    assert image is not None
    pixels = np.asarray(image)
    request = Request("e", "s", 0, 0, 0, "make it night", 7, 1.0, 1.0, 64, 64)
    (result,) = editor.edit([EditJob(request, pixels)], steps=2)
    assert result.pixels is not None
    assert np.abs(result.pixels.astype(int) - pixels).max() <= 2
