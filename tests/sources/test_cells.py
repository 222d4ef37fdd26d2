from __future__ import annotations

from pathlib import Path

import pytest

from syned.sources.cells import holds_picture, read_cell
from tests.sources.awkward import RED, animation, corners, encoded

PNG = encoded(corners(), "PNG")


@pytest.mark.parametrize("cell", [PNG, {"bytes": PNG, "path": None}, {"bytes": None, "path": "a"}])
def test_pictures_are_bytes_or_named(tmp_path: Path, cell: object) -> None:
    (tmp_path / "a").write_bytes(PNG)
    image, reason = read_cell(cell, tmp_path)
    assert image is not None
    assert (image.size, reason) == ((48, 32), "")
    assert holds_picture(cell, tmp_path)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (None, "missing_image"),
        ({"bytes": None, "path": None}, "missing_image"),
        ({"bytes": None, "path": "gone"}, "missing_file"),
        ({"bytes": None, "path": "../outside"}, "missing_file"),
    ],
)
def test_what_is_not_there_has_a_reason(tmp_path: Path, cell: object, reason: str) -> None:
    (tmp_path / "outside").write_bytes(PNG)
    assert read_cell(cell, tmp_path / "inside") == (None, reason)
    assert not holds_picture(cell, tmp_path / "inside")


def test_of_a_picture_that_moves_the_first_frame_is_taken_on_request() -> None:
    data = animation("GIF")
    assert read_cell(data, None) == (None, "animated")
    image, _ = read_cell(data, None, moving=True)
    assert image is not None
    assert image.getpixel((0, 0)) == RED
