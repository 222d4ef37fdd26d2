from __future__ import annotations

from pathlib import Path

import pytest

from syned.errors import ConfigError
from tests.captioning.data.readers.miniature import ids, levels, opened, write_json, write_picture


def clevr_change(root: Path) -> Path:
    """Five scenes; the first three are for training. The last test scene lacks a picture."""
    numbers = range(5)
    for n in numbers:
        write_picture(root / f"images/CLEVR_default_{n:06d}.png", 10 * n)
        if n != 4:
            write_picture(root / f"sc_images/CLEVR_semantic_{n:06d}.png", 10 * n + 1)
        write_picture(root / f"nsc_images/CLEVR_nonsemantic_{n:06d}.png", 10 * n + 2)
    for kind, text in (("change", "the cube moved"), ("no_change", "no change was made")):
        captions = {f"CLEVR_default_{n:06d}.png": [f"{text} in {n}", text] for n in numbers}
        write_json(root / f"{kind}_captions.json", captions)
    write_json(root / "splits.json", {"train": [0, 1, 2], "val": [3], "test": [3, 4]})
    types = {"color": ["000000.png", "000003.png"], "move": ["000001.png"], "drop": ["000004.png"]}
    write_json(root / "type_mapping.json", types)
    return root


def test_scenes_come_with_and_without_a_change(tmp_path: Path) -> None:
    pairs = opened("clevr_change", clevr_change(tmp_path))
    assert ids(pairs)[:2] == ["clevr_change/000000.png", "clevr_change/000000.png_n"]
    assert len(pairs.infos) == 6
    changed, same = pairs.infos[2:4]
    assert changed.references == ("the cube moved in 1", "the cube moved")
    assert same.references == ("no change was made in 1", "no change was made")
    assert (changed.task, same.task, pairs.infos[4].task) == ("move", "no_change", "")
    assert changed.source_id == same.source_id == "clevr_change/000001.png"
    assert (levels(pairs, 2), levels(pairs, 3)) == ((10, 11), (10, 12))


def test_one_kind_of_pairs_can_be_had_alone(tmp_path: Path) -> None:
    root = clevr_change(tmp_path)
    changed = opened("clevr_change", root, split="validation", changes="change")
    assert ids(changed) == ["clevr_change/000003.png"]
    (root / "change_captions.json").unlink()
    same = opened("clevr_change", root, split="validation", changes="no_change")
    assert ids(same) == ["clevr_change/000003.png_n"]
    assert levels(same, 0) == (30, 32)


def test_a_missing_picture_costs_its_pair_alone(tmp_path: Path) -> None:
    pairs = opened("clevr_change", clevr_change(tmp_path), split="test")
    assert [i[-12:] for i in ids(pairs)] == ["e/000003.png", "000003.png_n", "000004.png_n"]
    assert levels(pairs, 2) == (40, 42)
    assert "CLEVR_semantic_000004.png" in pairs.notes[0]


def test_the_authors_archive_may_be_named_by_the_folder_around_it(tmp_path: Path) -> None:
    clevr_change(tmp_path / "data")
    assert len(opened("clevr_change", tmp_path, limit=3).infos) == 3


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (clevr_change(tmp_path) / "no_change_captions.json").unlink()
    with pytest.raises(ConfigError, match=r"has no no_change_captions\.json"):
        opened("clevr_change", tmp_path)
