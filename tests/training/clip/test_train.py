"""Training a CLIP, start to finish, at a small size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from PIL import Image  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from transformers import CLIPModel, CLIPProcessor  # noqa: E402

from syned import pipeline  # noqa: E402
from syned.config import SourceConfig  # noqa: E402
from syned.config.training import ClipTraining  # noqa: E402
from syned.errors import DataError  # noqa: E402
from syned.models.fake import FakeEditor  # noqa: E402
from syned.resources import config_path  # noqa: E402
from syned.run.records import SourceRecord  # noqa: E402
from syned.sources.shapes.source import shapes_record  # noqa: E402
from syned.training import run_clip_training  # noqa: E402
from syned.training.clip.train import train_clip  # noqa: E402
from tests.conftest import HeardProgress, make_config, new_run, silent  # noqa: E402

TINY = {"width": 16, "layers": 1, "heads": 2}


def records(split: str, start: int) -> Iterator[SourceRecord]:
    kind: Any = split
    return islice((shapes_record(i, kind, 0) for i in range(start, 10**6)), 40)


def settings(folder: Path, **changes: Any) -> ClipTraining:
    values: dict[str, Any] = {
        "output": str(folder / "clip"),
        "source": SourceConfig(image_size_px=64),
        "image_tower": {**TINY, "patch_px": 16},
        "text_tower": {**TINY, "max_tokens": 64, "merges": 200},
        "embedding_width": 16,
        "steps": 4,
        "batch_size": 4,
        "warmup_steps": 1,
        "report_every": 2,
        "checkpoint_every": 2,
        "validate_every": 100,
        "validation_requests": 4,
        "device": "cpu",
    }
    return ClipTraining.model_validate({**values, **changes})


def train(training: ClipTraining) -> list[str]:
    said: list[str] = []
    train_clip(training, records, say=said.append)
    return said


def weights(training: ClipTraining) -> dict[str, Any]:
    return load_file(Path(training.output) / "model.safetensors")


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> str:
    run, config = new_run(tmp_path_factory.mktemp("run")), make_config(n=6)
    pipeline.make_plan(config, run, silent)
    pipeline.generate(config, run, HeardProgress(), editor=FakeEditor())
    return str(run.path)


def test_a_clip_comes_out_that_transformers_loads(tmp_path: Path, attempts: str) -> None:
    training = settings(
        tmp_path, attempts=[attempts], validation_attempts=[attempts], save_dtype="float16"
    )
    said = train(training)
    assert said[-1] == f"the CLIP is in {tmp_path}/clip"
    assert any("of 8 validation images" in line for line in said)
    assert any(line.startswith("edited_text_similarity, area under the ROC") for line in said)
    model = CLIPModel.from_pretrained(training.output)
    processor = CLIPProcessor.from_pretrained(training.output)
    inputs = processor(
        text=["a star"],
        images=[Image.new("RGB", (64, 64))],
        padding="max_length",
        truncation=True,
        return_tensors="pt",
    )
    assert model.dtype == torch.float16
    assert model.float()(**inputs).logits_per_image.shape == (1, 1)


def test_the_log_holds_every_part_of_the_loss_and_the_measures(tmp_path: Path) -> None:
    train(settings(tmp_path))
    lines = (tmp_path / "clip.training" / "log.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["step"] for entry in entries] == [2, 4, 4]
    assert len(entries[0]["losses"]) == 6
    assert entries[2]["retrieval"]["images"] == 8


def test_a_killed_training_goes_on_to_the_same_weights(tmp_path: Path, attempts: str) -> None:
    whole = settings(tmp_path / "whole", attempts=[attempts])
    train(whole)

    class KilledError(Exception):
        pass

    def stop(text: str) -> None:
        if text.startswith("step 3"):
            raise KilledError

    killed = settings(tmp_path / "killed", attempts=[attempts], report_every=1)
    with pytest.raises(KilledError):
        train_clip(killed, records, say=stop)
    assert "going on from step 2" in train(killed)
    first, second = weights(whole), weights(killed)
    assert first.keys() == second.keys()
    for name in first:  # up to rounding, which Adam enlarges
        assert torch.allclose(first[name].float(), second[name].float(), atol=3e-4), name


def test_it_learns_which_caption_is_whose(tmp_path: Path) -> None:
    training = settings(
        tmp_path, steps=40, batch_size=8, learning_rate=5e-3, report_every=10, checkpoint_every=100
    )
    pairs = [shapes_record(i, "train", 0) for i in range(2)] * 500
    train_clip(training, lambda split, start: iter(pairs[start:]), say=lambda text: None)
    lines = (tmp_path / "clip.training" / "log.jsonl").read_text().splitlines()
    facts = [json.loads(line)["losses"]["image_facts"] for line in lines[:4]]
    assert facts[-1] < 0.5 * facts[0]


def test_a_source_that_runs_out_is_said_to(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no more rows with two images and their captions after 1"):
        train_clip(
            settings(tmp_path),
            lambda split, start: islice(records(split, start), max(0, 6 - start)),
            say=lambda text: None,
        )


def test_the_command_trains_and_measures(tmp_path: Path) -> None:
    file = tmp_path / "training.yaml"
    file.write_text(json.dumps(settings(tmp_path, steps=1).model_dump(mode="json")))
    folder = run_clip_training(file, [], lambda text: None)
    said: list[str] = []
    assert run_clip_training(file, [], said.append, check=str(folder)) == folder
    assert len(said) == 1
    assert "of 8 validation images" in said[0]


def test_the_bundled_clip_comes_from_its_config_and_finds_most_captions() -> None:
    said: list[str] = []
    run_clip_training(
        config_path("train_shapes_clip", training=True),
        ["validation_requests=64", "device=cpu"],
        said.append,
        check="bundled:shapes",
    )
    shares = [float(word.rstrip("%")) for word in said[0].split() if word.endswith("%")]
    assert len(shares) == 3
    assert min(shares) > 85
