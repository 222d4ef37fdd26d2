"""A training folder belongs to its settings, and the learning rate rises and falls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from syned.config import SourceConfig
from syned.config.training import ClipTraining, EditorTraining
from syned.errors import RunError
from syned.training.work_folder import warmup_cosine, work_folder


def editor(output: Path | str, **changes: Any) -> EditorTraining:
    return EditorTraining(output=str(output), source=SourceConfig(), **changes)


def clip(output: Path | str, **changes: Any) -> ClipTraining:
    return ClipTraining(output=str(output), source=SourceConfig(), **changes)


@pytest.mark.parametrize("end", ["", "/"])
def test_the_folder_lies_beside_the_output(end: str, tmp_path: Path) -> None:
    work = work_folder(editor(f"{tmp_path}/new/editor{end}"), free=set())
    assert work == tmp_path / "new" / "editor.training"
    assert work.is_dir()


@pytest.mark.parametrize("training", [editor, clip])
def test_other_settings_in_the_same_folder_are_refused(training: Any, tmp_path: Path) -> None:
    work_folder(training(tmp_path / "x", learning_rate=0.001), free=set())
    message = r"was begun with learning_rate 0\.001 \(now 0\.5\); .*--set output=FOLDER"
    for _ in range(2):  # the refusal has not made them the settings of the folder
        with pytest.raises(RunError, match=message):
            work_folder(training(tmp_path / "x", learning_rate=0.5), free=set())
    work_folder(training(tmp_path / "x", learning_rate=0.001), free=set())


def test_all_settings_that_differ_are_named(tmp_path: Path) -> None:
    work_folder(editor(tmp_path / "x"), free=set())
    with pytest.raises(RunError, match=r"batch_size 4 \(now 8\), seed 42 \(now 7\);"):
        work_folder(editor(tmp_path / "x", batch_size=8, seed=7), free=set())


def test_settings_of_another_kind_of_training_are_refused(tmp_path: Path) -> None:
    work_folder(editor(tmp_path / "x"), free=set())
    with pytest.raises(RunError, match=r"image_tower None \(now "):
        work_folder(clip(tmp_path / "x"), free=set())
    with pytest.raises(RunError, match=r"image_tower None"):
        work_folder(clip(tmp_path / "x"), free=set())


def test_a_setting_that_there_is_no_longer_is_named(tmp_path: Path) -> None:
    note = work_folder(editor(tmp_path / "x"), free=set()) / "settings.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "momentum": 0.9}))
    with pytest.raises(RunError, match=r"begun with momentum 0\.9 \(now None\);"):
        work_folder(editor(tmp_path / "x"), free=set())


def test_a_free_setting_may_change(tmp_path: Path) -> None:
    work_folder(editor(tmp_path / "x", steps=10), free={"steps"})
    work_folder(editor(tmp_path / "x", steps=20), free={"steps"})
    with pytest.raises(RunError, match=r"begun with seed 42 \(now 1\);"):
        work_folder(editor(tmp_path / "x", steps=30, seed=1), free={"steps"})


def test_the_learning_rate_rises_and_then_falls_to_zero() -> None:
    rates = [warmup_cosine(step, 4, 20) for step in range(21)]
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[12] == pytest.approx(0.5)
    assert rates[20] == pytest.approx(0)


def test_a_learning_rate_without_a_rise_begins_at_its_peak() -> None:
    assert warmup_cosine(0, 0, 10) == 1
    assert warmup_cosine(0, 0, 1) == 1


def test_a_training_that_only_warms_up_gives_a_rate_at_every_step() -> None:
    assert [warmup_cosine(step, 2, 2) for step in range(3)] == [0.5, 1.0, 1.0]
