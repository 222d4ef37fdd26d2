"""The weights that a training changes, and its checkpoints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from syned.captioning.training.weights import (  # noqa: E402
    STATE,
    has_stopped,
    last_checkpoint,
    load_weights,
    save_weights,
    trained_weights,
)


def model_of(value: float) -> nn.Sequential:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(value)
    model[0].requires_grad_(False)
    return model


def test_only_what_is_trained_is_saved_and_put_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "best.safetensors"
    save_weights(model_of(1.0), path)
    other = model_of(2.0)
    load_weights(other, path)
    assert list(trained_weights(other)) == ["1.weight", "1.bias"]
    assert {weight.mean().item() for weight in other[1].parameters()} == {1.0}
    assert {weight.mean().item() for weight in other[0].parameters()} == {2.0}
    assert [file.name for file in path.parent.iterdir()] == ["best.safetensors"]


def test_the_last_whole_checkpoint_counts_and_the_others_go(tmp_path: Path) -> None:
    for step in (9, 10, 11):
        (tmp_path / f"checkpoint-{step}").mkdir()
    for step in (9, 10):
        (tmp_path / f"checkpoint-{step}" / STATE).write_text("{}")
    (tmp_path / "checkpoint-11" / STATE).write_text('{"global_step": ')
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    assert not (tmp_path / "checkpoint-11").exists()
    assert last_checkpoint(tmp_path / "none") is None


@pytest.mark.parametrize("stopped", [True, False])
def test_a_checkpoint_says_whether_training_had_ended(tmp_path: Path, stopped: bool) -> None:
    control = {"args": {"should_training_stop": stopped}}
    state = {"stateful_callbacks": {"TrainerControl": control}}
    (tmp_path / STATE).write_text(json.dumps(state))
    assert has_stopped(tmp_path) is stopped
    assert not has_stopped(None)
