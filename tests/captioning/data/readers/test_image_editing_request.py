from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from syned.errors import DataError
from tests.captioning.data.readers.miniature import (
    gray,
    ids,
    levels,
    opened,
    write_json,
    write_picture,
)


def entry(first: str, second: str, uid: str, *sentences: str) -> dict[str, object]:
    return {"img0": first, "img1": second, "sents": list(sentences), "uid": uid}


ENTRIES = [
    entry("Zhopped.com_a_a.jpg", "Zhopped.com_a_b.jpg", "Zhopped_0", "change the back ground"),
    entry("reddit_c.JPG", "reddit_d.jpeg", "reddit_1", "brighten it", "", "add light"),
    entry("Zhopped.com_a_a.jpg", "Zhopped.com_a_b.jpg", "Zhopped_0", "another background"),
    entry("e.gif", "f.png", "reddit_2", "remove the man"),
    entry("gone.jpg", "f.png", "reddit_3", "add a man"),
]


def requests(root: Path, folder: str = "images") -> Path:
    """Extensions on disk in another case than in the JSON, sizes that differ, a GIF that moves."""
    for name in ("train", "valid", "test"):
        write_json(root / f"{name}.json", ENTRIES)
    write_picture(root / folder / "Zhopped.com_a_a.JPG", 20)
    write_picture(root / folder / "Zhopped.com_a_b.jpg", 40, width_px=24, height_px=16)
    write_picture(root / folder / "reddit_c.jpg", 60)
    write_picture(root / folder / "reddit_d.jpeg", 80)
    frames = [gray(100), gray(0)]
    frames[0].save(root / folder / "e.gif", save_all=True, append_images=frames[1:], duration=50)
    Image.new("RGBA", (8, 8), (120, 120, 120, 255)).save(root / folder / "f.png")
    return root


def test_requests_are_read_as_they_are(tmp_path: Path) -> None:
    pairs = opened("image_editing_request", requests(tmp_path), split="validation")
    assert ids(pairs) == ["ier/Zhopped_0", "ier/reddit_1", "ier/Zhopped_0#1", "ier/reddit_2"]
    assert pairs.infos[1].references == ("brighten it", "add light")
    assert pairs.infos[0].source_id == pairs.infos[2].source_id == "ier/Zhopped.com_a_a.jpg"
    assert [levels(pairs, n) for n in (0, 1, 3)] == [(20, 40), (60, 80), (100, 120)]
    assert [image.size for image in pairs.images(0)] == [(8, 8), (24, 16)]


def test_what_is_left_out_or_renamed_is_counted(tmp_path: Path) -> None:
    notes = opened("image_editing_request", requests(tmp_path)).notes
    assert [note.partition("): ")[2] for note in notes] == [
        f"left out 1 row that has no picture (first: {tmp_path / 'images/gone.jpg'})",
        "dropped 1 empty reference",
        "1 pair id occurred before and got a number",
    ]


def test_images_may_lie_beside_the_sentences(tmp_path: Path) -> None:
    assert len(opened("image_editing_request", requests(tmp_path, "."), limit=2).infos) == 2


def test_a_picture_whose_name_fits_twice_but_for_case_is_not_guessed(tmp_path: Path) -> None:
    write_picture(requests(tmp_path) / "images/zhopped.com_a_a.JPG", 200)
    assert ids(opened("image_editing_request", tmp_path))[0] == "ier/reddit_1"


def test_a_damaged_picture_is_named_when_it_is_read(tmp_path: Path) -> None:
    (requests(tmp_path) / "images/reddit_c.jpg").write_bytes(b"404 not found")
    pairs = opened("image_editing_request", tmp_path)
    with pytest.raises(DataError, match=r"reddit_c\.jpg is unreadable; get it again, or delete"):
        pairs.images(1)
