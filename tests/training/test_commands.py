"""The training commands: a config file in, a folder out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from diffusers import AutoencoderKL

from syned.errors import ConfigError, RunError
from syned.training import run_autoencoder_training


def config(folder: Path, **changes: object) -> Path:
    values = {
        "output": str(folder / "autoencoder"),
        "source": {"kind": "shapes", "image_size_px": 64},
        "images": 64,
        "channels": [16, 24, 48],
        "latent_channels": 8,
        "steps": 4,
        "batch_size": 2,
        "warmup_steps": 1,
        "report_every": 2,
        "checkpoint_every": 2,
    }
    path = folder / "training.yaml"
    folder.mkdir(exist_ok=True)
    path.write_text(json.dumps({**values, **changes}))
    return path


def test_an_autoencoder_is_made_and_its_error_is_noted(tmp_path: Path) -> None:
    said: list[str] = []
    folder = run_autoencoder_training(config(tmp_path), [], said.append)
    assert AutoencoderKL.from_pretrained(folder).config.latent_channels == 8
    log = (tmp_path / "autoencoder.training/log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in log] == [2, 4, 4]
    assert 0 < json.loads(log[-1])["test_mean_absolute_error"] < 1
    assert said[-1].startswith("mean absolute error on the test split")


def test_a_training_that_was_cut_off_ends_with_the_same_weights(tmp_path: Path) -> None:
    class Cut(Exception):
        pass

    def cut(text: str) -> None:
        if text.startswith("step 4"):
            raise Cut

    whole = run_autoencoder_training(config(tmp_path / "a", steps=6), [], lambda text: None)
    with pytest.raises(Cut):
        run_autoencoder_training(config(tmp_path / "b", steps=6), [], cut)
    said: list[str] = []
    parts = run_autoencoder_training(config(tmp_path / "b", steps=6), [], said.append)
    assert "going on from step 2" in said
    expected, got = (AutoencoderKL.from_pretrained(f).state_dict() for f in (whole, parts))
    assert all(torch.equal(expected[k], got[k]) for k in expected)


def test_the_decoder_of_a_finished_one_is_trained_further(tmp_path: Path) -> None:
    first = run_autoencoder_training(config(tmp_path / "a"), [], lambda text: None)
    second = run_autoencoder_training(
        config(tmp_path / "b", start=str(first), steps=1), [], lambda text: None
    )
    before, after = (AutoencoderKL.from_pretrained(f).state_dict() for f in (first, second))
    changed = {k.split(".")[0] for k in before if not torch.equal(before[k], after[k])}
    assert changed == {"decoder"}


def test_other_settings_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    run_autoencoder_training(config(tmp_path), [], lambda text: None)
    with pytest.raises(RunError, match=r"learning_rate 0\.001 \(now 0\.5\)"):
        run_autoencoder_training(config(tmp_path), ["learning_rate=0.5"], lambda text: None)
    with pytest.raises(ConfigError, match="learning_rate"):
        run_autoencoder_training(config(tmp_path), ["learning_rat=0.5"], lambda text: None)
