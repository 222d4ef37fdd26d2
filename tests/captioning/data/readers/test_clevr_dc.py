from __future__ import annotations

from pathlib import Path

import pytest

from syned.errors import DataError
from tests.captioning.data.readers.miniature import ids, levels, opened, write_json, write_picture


def clevr_dc(root: Path, style: str) -> Path:
    """Three scenes, their captions under keys of a style."""
    for n in (0, 12, 13):
        write_picture(root / f"bef/{n}.png", n)
        write_picture(root / f"aft/{n}.png", n + 100)
    captions = {style.format(n): [f"thing {n} is gone", f"{n} was removed"] for n in (0, 12, 13)}
    write_json(root / "captions.json", captions)
    write_json(root / "split.json", {"train": [12, 0], "val": [13], "test": [14]})
    return root


@pytest.mark.parametrize("style", ["{}", "{}.png", "{:06d}.png"])
def test_captions_are_found_under_keys_of_any_style(tmp_path: Path, style: str) -> None:
    pairs = opened("clevr_dc", clevr_dc(tmp_path, style))
    assert ids(pairs) == ["clevr_dc/12", "clevr_dc/0"]
    assert pairs.infos[0].references == ("thing 12 is gone", "12 was removed")
    assert levels(pairs, 0) == (12, 112)


def test_images_may_have_six_digits_and_a_file_may_tell_the_task(tmp_path: Path) -> None:
    clevr_dc(tmp_path, "{}")
    for folder in ("bef", "aft"):
        (tmp_path / folder / "13.png").rename(tmp_path / folder / "000013.png")
    write_json(tmp_path / "type_mapping.json", {"remove": [13]})
    pairs = opened("clevr_dc", tmp_path, split="validation")
    assert levels(pairs, 0) == (13, 113)
    assert pairs.infos[0].task == "remove"


def test_a_scene_without_captions_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no pair is left .*14\.png"):
        opened("clevr_dc", clevr_dc(tmp_path, "{}"), split="test")


def test_a_key_without_a_number_is_refused(tmp_path: Path) -> None:
    write_json(clevr_dc(tmp_path, "{}") / "captions.json", {"first": ["a"]})
    with pytest.raises(DataError, match="'first' does not end in a number"):
        opened("clevr_dc", tmp_path)
