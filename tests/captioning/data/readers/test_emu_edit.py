from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syned.errors import ConfigError, DataError
from tests.captioning.data.readers.miniature import (
    cell,
    ids,
    levels,
    opened,
    write_json,
    write_rows,
)


def row(idx: int, **values: Any) -> dict[str, Any]:
    """A row of facebook/emu_edit_test_set_generations."""
    return {
        "instruction": f"Add goat number {idx} \n",
        "image": cell(idx),
        "task": "add",
        "split": "validation",
        "idx": idx,
        "hash": f"{idx:032x}",
        "input_caption": "a meadow",
        "output_caption": "a meadow with a goat",
        "edited_image": cell(idx + 100),
        "model": "emu_edit",
        **values,
    }


@pytest.fixture
def emu(tmp_path: Path) -> Path:
    """Ten rows of "validation" in two files, one without its edit; three of "test"."""
    rows = [row(idx) for idx in range(10)]
    rows[6]["edited_image"] = cell(None)
    write_rows(tmp_path / "data/validation-00000-of-00002.parquet", rows[:7])
    write_rows(tmp_path / "data/validation-00001-of-00002.parquet", rows[7:])
    write_rows(tmp_path / "data/test-00000-of-00001.parquet", [row(i) for i in (0, 1, 2)])
    write_json(tmp_path / "splits.json", {"train": [9, 0, 6, 3], "validation": [5, 1]})
    write_json(tmp_path / "more.json", {"0 ": ["Put a goat there", "", '"A goat"'], "1 ": []})
    return tmp_path


def test_the_splits_are_called_as_on_the_hub(emu: Path) -> None:
    pairs = opened("emu_edit", emu, split="validation")
    assert ids(pairs) == [f"emu/{idx}" for idx in (0, 1, 2, 3, 4, 5, 7, 8, 9)]
    assert pairs.infos[1].references == ("Add goat number 1",)
    assert (pairs.infos[1].task, pairs.infos[1].split) == ("add", "validation")
    assert [levels(pairs, n) for n in (5, 6, 0)] == [(5, 105), (7, 107), (0, 100)]
    assert pairs.notes[0].endswith("left out 1 row that has no picture (first: row 6)")
    assert len(opened("emu_edit", emu, split="test").infos) == 3


def test_the_papers_splits_divide_validation(emu: Path) -> None:
    paper = {"splits_file": str(emu / "splits.json")}
    train = opened("emu_edit", emu, **paper)
    assert ids(train) == ["emu/0", "emu/3", "emu/9"]
    assert (train.infos[2].split, levels(train, 2)) == ("train", (9, 109))
    assert ids(opened("emu_edit", emu, split="validation", **paper)) == ["emu/1", "emu/5"]
    assert len(opened("emu_edit", emu, split="test", **paper).infos) == 3
    with pytest.raises(ConfigError, match="there are train, validation and test"):
        opened("emu_edit", emu, split="dev", **paper)


def test_published_paraphrases_are_more_references(emu: Path) -> None:
    more = {"split": "test", "paraphrases_file": str(emu / "more.json")}
    pairs = opened("emu_edit", emu, **more)
    assert pairs.infos[0].references == ("Add goat number 0", "Put a goat there", '"A goat"')
    assert pairs.infos[1].references == ("Add goat number 1",)
    assert pairs.notes[0].endswith("dropped 1 empty reference")
    original = opened("emu_edit", emu, references="original", **more)
    assert original.infos[0].references == ("Add goat number 0",)


def test_another_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it has no Parquet file"):
        opened("emu_edit", tmp_path, split="test")
    write_rows(tmp_path / "data/test-00000-of-00001.parquet", [{"image": cell(1), "idx": 1}])
    with pytest.raises(DataError, match="has no column edited_image, instruction, task; its"):
        opened("emu_edit", tmp_path, split="test")
    with pytest.raises(ConfigError, match=r"has no train-\*\.parquet; its splits are test"):
        opened("emu_edit", tmp_path)
