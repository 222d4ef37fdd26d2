"""The training command, from a config file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from diffusers import StableDiffusionInstructPix2PixPipeline

from syned.errors import ConfigError, RunError
from syned.training import run_editor_training


def config(folder: Path, **changes: object) -> Path:
    values = {
        "output": str(folder / "editor"),
        "new": {
            "unet": {"channels": [16, 32], "attending_levels": 1, "attention_head_width": 16},
            "text_encoder": {"width": 16, "layers": 1, "heads": 2, "merges": 20},
        },
        "source": {"kind": "shapes", "image_size_px": 16, "limit": 8},
        "image_size_px": 16,
        "triples": 4,
        "steps": 1,
        "batch_size": 1,
        "gradient_accumulation": 1,
        "validation_triples": 0,
    }
    path = folder / "training.yaml"
    path.write_text(json.dumps({**values, **changes}))
    return path


def test_an_editor_is_made_from_a_config_file(tmp_path: Path) -> None:
    said: list[str] = []
    folder = run_editor_training(config(tmp_path), [], said.append)
    assert said[-1] == f"the editor is in {tmp_path}/editor"
    assert StableDiffusionInstructPix2PixPipeline.from_pretrained(folder).unet.config.sample_size


def test_other_settings_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    run_editor_training(config(tmp_path), [], lambda text: None)
    with pytest.raises(RunError, match=r"learning_rate 5e-05 \(now 0\.5\)"):
        run_editor_training(config(tmp_path), ["learning_rate=0.5"], lambda text: None)
    with pytest.raises(ConfigError, match="learning_rate"):
        run_editor_training(config(tmp_path), ["learning_rat=0.5"], lambda text: None)
