from __future__ import annotations

import json
from pathlib import Path

import pytest

from syned.errors import ConfigError
from tests.captioning.data.readers.miniature import ids, levels, opened, write_picture


def pictures(root: Path) -> Path:
    for n in range(3):
        write_picture(root / f"before/{n}.png", n)
        write_picture(root / f"after/{n}.PNG", n + 50)
    return root


def test_a_csv_names_both_images_and_a_caption(tmp_path: Path) -> None:
    lines = ["file_name,edited_file_name,captions,task,split,idx"]
    lines += [f'before/{n}.png,after/{n}.png,"it, changed",local,dev,k{n}' for n in range(3)]
    lines.append("before/0.png,after/9.png,gone,local,dev,k9")
    (pictures(tmp_path) / "metadata.csv").write_text("\n".join(lines), "utf-8")
    pairs = opened("folder", tmp_path, split="validation", start=1)
    assert ids(pairs) == [f"{tmp_path.name}/k1", f"{tmp_path.name}/k2"]
    assert pairs.infos[0].references == ("it, changed",)
    assert (pairs.infos[0].task, pairs.infos[0].split) == ("local", "validation")
    assert levels(pairs, 1) == (2, 52)
    assert "after/9.png" in pairs.notes[0]
    with pytest.raises(
        ConfigError, match=r"split is 'train'; .*metadata\.csv has rows of validation only"
    ):
        opened("folder", tmp_path)


def test_a_jsonl_may_give_several_captions(tmp_path: Path) -> None:
    rows = [
        {"img0_file_name": "before/0.png", "img1_file_name": "after/0.PNG", "sents": ["a", "b"]},
        {"img0_file_name": "before/1.png", "img1_file_name": "after/1.PNG", "sents": []},
    ]
    columns = {
        "source_image": "img0_file_name",
        "edited_image": "img1_file_name",
        "captions": "sents",
    }
    table = "\n".join(json.dumps(row) for row in rows)
    (pictures(tmp_path) / "metadata.jsonl").write_text(table, "utf-8")
    pairs = opened("folder", tmp_path, split="test", columns=columns)
    assert (pairs.infos[0].references, pairs.infos[0].split) == (("a", "b"), "test")
    assert ids(pairs) == [f"{tmp_path.name}/0"]
    assert pairs.notes[0].endswith("left out 1 row without a reference")


def test_one_table_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no table; one"):
        opened("folder", pictures(tmp_path))
    for name in ("metadata.csv", "before/metadata.jsonl"):
        (tmp_path / name).write_text("file_name", "utf-8")
    with pytest.raises(ConfigError, match=r"holds 2 tables \(before/metadata.jsonl, metadata"):
        opened("folder", tmp_path)
