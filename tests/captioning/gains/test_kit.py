"""The whole of an experiment with real captioners, readers and metrics; small, random, slow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from syned.captioning.gains.experiment import run_experiment
from syned.captioning.gains.kit import standard_kit
from syned.config import TrainEvalConfig
from tests.captioning.gains.small_experiment import HeardTrials

torch = pytest.importorskip("torch")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[3]
SMALL_BLIP2 = {
    "kind": "blip2idc",
    "new": {
        "image_size_px": 32,
        "width": 16,
        "heads": 2,
        "vision_layers": 1,
        "qformer_layers": 1,
        "text_layers": 1,
        "query_tokens": 2,
    },
}

DRIVER = """
import json, sys
from pathlib import Path
from syned.config import TrainEvalConfig
from syned.captioning.gains.experiment import run_experiment
from syned.captioning.gains.kit import standard_kit
from tests.captioning.gains.small_experiment import HeardTrials
config = TrainEvalConfig.model_validate(json.loads(Path(sys.argv[1]).read_text()))
run_experiment(config, Path(sys.argv[2]), standard_kit(), HeardTrials())
"""


@pytest.fixture(autouse=True)
def _without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """METEOR takes seconds to start and 2 GB."""
    monkeypatch.setenv("PATH", "/nowhere")


def settings(encoder: Path, **training: object) -> dict[str, Any]:
    two_stream = {
        "kind": "two_stream",
        "encoder": str(encoder),
        "width": 16,
        "heads": 2,
        "fusion_layers": 1,
        "decoder_layers": 1,
    }
    training = {"steps": 4, "batch_size": 2, "save_every": 1, **training}
    return {
        "sets": {
            "real": {"kind": "shapes", "limit": 6},
            "syned": {"kind": "shapes", "start": 100, "limit": 9, "references": "first"},
        },
        "validation": {"kind": "shapes", "split": "validation", "limit": 3},
        "test": {"kind": "shapes", "split": "test", "limit": 8},
        "arms": {
            "real": [["real"]],
            "syned_then_real": [["syned"], ["real"]],
            "no_images": {"phases": [["real", "syned"]], "blank_images": True},
        },
        "captioners": {
            "blip2idc": {"model": SMALL_BLIP2, "training": training},
            "two_stream": {"model": two_stream, "training": training},
        },
        "seeds": [0],
        "bootstrap": 100,
        "examples": 2,
    }


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.tiny_captioners import write_clip

    return write_clip(tmp_path_factory.mktemp("models") / "clip")


def test_both_captioners_are_trained_on_every_arm_and_scored(tmp_path: Path, encoder: Path) -> None:
    config = TrainEvalConfig.model_validate(settings(encoder))
    heard = HeardTrials()
    gains = run_experiment(config, tmp_path, standard_kit(), heard)
    assert heard.done == 6
    assert gains["metrics"] == ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr"]
    assert (gains["scorer"], gains["comparable"]) == ("plain tokenizer, no METEOR", False)
    for captioner in gains["captioners"].values():
        assert list(captioner["arms"]) == ["real", "syned_then_real", "no_images"]
        assert {arm["training"][0]["steps"] for arm in captioner["arms"].values()} == {4}
        assert captioner["arms"]["no_images"]["different_captions"] == [1]
    assert (tmp_path / "features").is_dir()  # computed once for all trials


def holds(folder: Path, name: str) -> bool:
    """Whether a folder of this name lies anywhere in it; others may vanish meanwhile."""
    return any(name in folders for _, folders, _ in os.walk(folder))


def test_killed_in_a_real_training_it_ends_with_the_same_metrics(
    tmp_path: Path, encoder: Path
) -> None:
    values = settings(encoder, steps=40)
    values["arms"] = {"real": [["real"]]}
    file = tmp_path / "config.json"
    file.write_text(json.dumps(values))
    killed = tmp_path / "killed"
    with subprocess.Popen([sys.executable, "-c", DRIVER, str(file), str(killed)], cwd=ROOT) as job:
        deadline = time.monotonic() + 300
        while not holds(killed / "two_stream", "checkpoint-3"):  # so that 2 is whole
            assert time.monotonic() < deadline
            assert job.poll() is None
            time.sleep(0.05)
        job.kill()
    config = TrainEvalConfig.model_validate(values)
    heard = HeardTrials()
    run_experiment(config, killed, standard_kit(), heard)
    assert any("going on from step" in line for line in heard.lines)
    run_experiment(config, tmp_path / "whole", standard_kit(), HeardTrials())
    for name in ("blip2idc", "two_stream"):
        first, second = (
            json.loads((folder / name / "real" / "seed-0" / "metrics.json").read_text())
            for folder in (killed, tmp_path / "whole")
        )
        for metrics in (first, second):
            del metrics["training"]["seconds"]
        assert first == second
