"""What a contact sheet looks like: sizes, pictures as they are, and texts that are not cut."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFont

from syned.errors import RunError
from syned.report.sheet.sheet import (
    CONTACT,
    PAGE,
    PAGE_EDITS,
    Layout,
    SheetRow,
    contact_sheet,
    text_below,
    wrap,
)
from syned.sources.png import png_bytes

MAGENTA, CYAN, GREEN = (255, 0, 255), (0, 255, 255), (24, 122, 62)
CAPTION_INK = (20, 80, 160)


def png(color: tuple[int, int, int], size: tuple[int, int] = (64, 64)) -> bytes:
    return png_bytes(Image.new("RGB", size, color))


def row(instruction: str = "add a kite", caption: str = "", label: str = "") -> SheetRow:
    return SheetRow(png(MAGENTA), instruction, png(CYAN), label, caption)


def drawn(folder: Path, rows: list[SheetRow], title: str = "some edits") -> NDArray[np.uint8]:
    """The pixels of a sheet, shape (height, width, 3)."""
    contact_sheet(rows, folder / "sheet.png", title=title)
    with Image.open(folder / "sheet.png") as sheet:
        return np.asarray(sheet)


def box_of(pixels: NDArray[np.uint8], color: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Left, top, width and height of what has a color."""
    ys, xs = np.nonzero((pixels == color).all(axis=2))
    return xs.min(), ys.min(), xs.max() - xs.min() + 1, ys.max() - ys.min() + 1


def has(pixels: NDArray[np.uint8], color: tuple[int, int, int]) -> bool:
    return bool((pixels == color).all(axis=2).any())


def test_a_few_edits_are_large_and_many_are_small(tmp_path: Path) -> None:
    (few,) = {box_of(drawn(tmp_path, [row()]), MAGENTA)[2:]}
    assert few == (PAGE.tile_px, PAGE.tile_px)
    page = drawn(tmp_path, [row()] * PAGE_EDITS)
    assert page.shape[1] == PAGE.margin_px + 3 * (PAGE.cell_px + PAGE.margin_px)
    contact = drawn(tmp_path, [row()] * (PAGE_EDITS + 24))
    assert contact.shape[1] == CONTACT.margin_px + 6 * (CONTACT.cell_px + CONTACT.margin_px)


def test_lines_are_about_equally_long(tmp_path: Path) -> None:
    assert drawn(tmp_path, [row()] * 4).shape[1] == drawn(tmp_path, [row()] * 2).shape[1]


def test_the_source_image_stands_left_of_the_edited_one_with_an_arrow_between(
    tmp_path: Path,
) -> None:
    pixels = drawn(tmp_path, [row()])
    left, top, width, height = box_of(pixels, MAGENTA)
    other = box_of(pixels, CYAN)
    assert other == (left + width + PAGE.gap_px, top, width, height)
    gap = pixels[top : top + height, left + width + 1 : other[0] - 1]
    tip_side, tail_side = np.array_split(gap.min(axis=2) < 200, 2, axis=1)[::-1]
    assert tip_side.sum() > tail_side.sum() > 0


def test_small_pictures_keep_their_pixels_and_all_keep_their_proportions(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    pixels = drawn(
        tmp_path, [SheetRow(png_bytes(Image.fromarray(noise)), "x", png(CYAN, (64, 16)))]
    )
    left, top, width, height = box_of(pixels, CYAN)
    assert (width, height) == (PAGE.tile_px, PAGE.tile_px // 4)
    top -= (PAGE.tile_px - height) // 2
    source = pixels[top : top + PAGE.tile_px, left - PAGE.gap_px - PAGE.tile_px :][
        :, : PAGE.tile_px
    ]
    assert (source == noise.repeat(4, axis=0).repeat(4, axis=1)).all()


def test_a_picture_that_does_not_exist_is_a_crossed_gray_tile(tmp_path: Path) -> None:
    pixels = drawn(tmp_path, [SheetRow(None, "x", png(CYAN))])
    left, top, width, height = box_of(pixels, (228, 228, 230))
    assert (width, height) == (PAGE.tile_px, PAGE.tile_px)
    assert (pixels[top + height // 2, left + width // 2] == 255).all()


def test_a_white_picture_is_told_from_the_paper_by_a_border(tmp_path: Path) -> None:
    pixels = drawn(tmp_path, [SheetRow(png((255, 255, 255)), "", png(CYAN))])
    left, top, _, height = box_of(pixels, CYAN)
    begin = left - PAGE.gap_px - PAGE.tile_px
    assert (pixels[top : top + height, begin - 1] != 255).all()


@pytest.mark.parametrize("count", [1, PAGE_EDITS + 1])
def test_captions_stand_below_instructions_in_their_own_color(tmp_path: Path, count: int) -> None:
    without = drawn(tmp_path, [row()] * count)
    pixels = drawn(tmp_path, [row(caption="there is a kite", label="right (add)")] * count)
    assert not has(without, CAPTION_INK)
    _, top, *_ = box_of(pixels, CAPTION_INK)
    assert box_of(pixels, GREEN)[1] > top > box_of(pixels, CYAN)[1]
    assert pixels.shape[0] > without.shape[0]


@pytest.mark.parametrize(
    ("layout", "texts"),
    [
        (PAGE, ["instruction|add a kite", "caption|there is a kite", "result|right (add)"]),
        (
            CONTACT,
            ["instruction|add a kite", "caption|caption: there is a kite", "result|right (add)"],
        ),
    ],
)
def test_a_caption_is_called_one_where_there_is_no_column_for_that(
    layout: Layout, texts: list[str]
) -> None:
    lines = text_below(row(caption="there is a kite", label="right (add)"), layout)
    assert [f"{line.name}|{line.text}" for line in lines] == texts


def test_a_text_is_named_once_and_a_task_without_a_verdict_is_no_result() -> None:
    lines = text_below(row("add a kite above the house " * 3, label="(add)"), PAGE)
    names = [line.name for line in lines]
    assert names == ["instruction", *[""] * (len(lines) - 2), "task"]
    assert len(lines) > 3


def test_a_long_text_makes_its_line_taller_and_runs_into_nothing(tmp_path: Path) -> None:
    short = drawn(tmp_path, [row()] * 6)
    pixels = drawn(tmp_path, [row("add a kite above the house " * 8), *[row()] * 5])
    assert pixels.shape[0] > short.shape[0]
    ys = np.unique(np.nonzero((pixels == MAGENTA).all(axis=2))[0])
    assert len(ys) == 2 * PAGE.tile_px
    first_end = ys[PAGE.tile_px - 1]
    assert (pixels[ys[PAGE.tile_px] - PAGE.margin_px // 2 : ys[PAGE.tile_px] - 1] == 255).all()
    assert (pixels[first_end + 10 : ys[PAGE.tile_px]] < 100).any()


def test_the_title_may_have_several_lines_each_of_which_is_wrapped(tmp_path: Path) -> None:
    tops = [
        box_of(drawn(tmp_path, [row()], title), MAGENTA)[1]
        for title in ("a", "a\nb", "a\n" + "many words " * 8)
    ]
    assert np.diff(tops).min() >= PAGE.title_line_px


def test_the_file_is_replaced_and_its_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sheet.png"
    for count in (1, 2):
        contact_sheet([row()] * count, path, title="x")
    assert [file.name for file in path.parent.iterdir()] == ["sheet.png"]
    with Image.open(io.BytesIO(path.read_bytes())) as sheet:
        assert sheet.width > PAGE.margin_px + 2 * PAGE.cell_px


def test_a_file_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"sheet\.png cannot be written"):
        contact_sheet([row()], tmp_path / "file" / "sheet.png", title="x")


def font() -> ImageFont.FreeTypeFont:
    found = ImageFont.load_default(20)
    assert isinstance(found, ImageFont.FreeTypeFont)
    return found


@pytest.mark.parametrize(
    "text",
    ["Put a small red circle at the bottom left", "x" * 70, "夜 🐐 add\na\tgoat", "a " * 60, ""],
)
def test_a_text_is_broken_into_lines_that_fit_and_nothing_is_lost(text: str) -> None:
    lines = wrap(text, font(), 200, lines=50)
    assert all(font().getlength(line) <= 200 for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(text.split())


def test_what_does_not_fit_ends_in_dots() -> None:
    lines = wrap("Put a small red circle at the bottom left", font(), 100, lines=2)
    assert len(lines) == 2
    assert lines[1].endswith("...")
    assert font().getlength(lines[1]) <= 100
