"""A contact sheet: source images beside their edits, with the instruction below, as one PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

TILE_PX = 128
"""Side of the square that each picture is fitted into."""
COLUMNS = 6
TEXT_LINES = 3
"""Most lines of an instruction; what is longer ends in "..."."""

_MARGIN_PX = 16
_GAP_PX = 4
_LINE_PX = 17
_CELL_WIDTH_PX = 2 * TILE_PX + _GAP_PX
_CELL_HEIGHT_PX = TILE_PX + _GAP_PX + (TEXT_LINES + 1) * _LINE_PX
_TITLE_HEIGHT_PX = 34

_PAPER, _INK, _EMPTY = (255, 255, 255), (24, 24, 28), (228, 228, 230)
_LABEL_COLORS = {"right": (24, 122, 62), "wrong": (184, 90, 0), "failed": (186, 26, 26)}
_LABEL_INK = (110, 110, 118)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One edit of the sheet."""

    source_image: bytes | None = field(repr=False)
    """PNG; None when the source image could not be read."""
    instruction: str
    edited_image: bytes | None = field(repr=False)
    """PNG; None for a failed edit."""
    label: str = ""
    """Printed below; its color follows from its first word: right, wrong or failed."""


def contact_sheet(rows: Sequence[SheetRow], path: Path, *, title: str) -> None:
    """Draw the rows in reading order and write the sheet as a PNG.

    Small pictures are enlarged without smoothing, so that their pixels stay what they are.

    Args:
        rows: each becomes a cell: source image, edited image, instruction, label.
        path: an existing file is replaced, at once and whole.
        title: one line at the top.
    """
    columns = min(COLUMNS, max(1, len(rows)))
    lines = -(-len(rows) // columns)
    sheet = Image.new("RGB", _sheet_size(columns, lines), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for line in wrap(title, _font(18), sheet.width - 2 * _MARGIN_PX, lines=1):
        pen.text((_MARGIN_PX, _MARGIN_PX), line, _INK, _font(18))
    for position, row in enumerate(rows):
        x = _MARGIN_PX + position % columns * (_CELL_WIDTH_PX + _MARGIN_PX)
        y = _TITLE_HEIGHT_PX + _MARGIN_PX
        y += position // columns * (_CELL_HEIGHT_PX + _MARGIN_PX)
        _draw_cell(sheet, pen, row, x, y)
    _write(sheet, path)


def _sheet_size(columns: int, lines: int) -> tuple[int, int]:
    width_px = max(640, _MARGIN_PX + columns * (_CELL_WIDTH_PX + _MARGIN_PX))
    return width_px, _TITLE_HEIGHT_PX + _MARGIN_PX + lines * (_CELL_HEIGHT_PX + _MARGIN_PX)


def _draw_cell(sheet: Image.Image, pen: ImageDraw.ImageDraw, row: SheetRow, x: int, y: int) -> None:
    _paste(sheet, pen, row.source_image, x, y)
    _paste(sheet, pen, row.edited_image, x + TILE_PX + _GAP_PX, y)
    y += TILE_PX + _GAP_PX
    for line in wrap(row.instruction, _font(13), _CELL_WIDTH_PX, lines=TEXT_LINES):
        pen.text((x, y), line, _INK, _font(13))
        y += _LINE_PX
    color = _LABEL_COLORS.get(row.label.split(" ")[0].rstrip(":"), _LABEL_INK)
    for line in wrap(row.label, _font(13), _CELL_WIDTH_PX, lines=1):
        pen.text((x, y), line, color, _font(13))


def _paste(sheet: Image.Image, pen: ImageDraw.ImageDraw, png: bytes | None, x: int, y: int) -> None:
    """Centre a picture in its tile; a crossed gray tile stands for one that does not exist."""
    if png is None:
        right, bottom = x + TILE_PX - 1, y + TILE_PX - 1
        pen.rectangle((x, y, right, bottom), fill=_EMPTY)
        pen.line((x, y, right, bottom), _PAPER, 2)
        pen.line((x, bottom, right, y), _PAPER, 2)
        return
    with Image.open(io.BytesIO(png)) as picture:
        tile = _fit(picture.convert("RGB"))
    sheet.paste(tile, (x + (TILE_PX - tile.width) // 2, y + (TILE_PX - tile.height) // 2))


def _fit(picture: Image.Image) -> Image.Image:
    """The picture at the largest size that fits a tile, its proportions kept."""
    scale = TILE_PX / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    method = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    return picture.resize(size, method)


def wrap(text: str, font: ImageFont.FreeTypeFont, width_px: int, *, lines: int) -> list[str]:
    """Break a text into at most `lines` lines, none wider than `width_px`.

    White space of any kind is one space. A word that is too wide is broken where it is full, as
    are texts without spaces. What does not fit is cut, and the last line ends in "...".
    """
    wrapped: list[str] = []
    rest = " ".join(text.encode(errors="replace").decode().split())
    while rest and len(wrapped) < lines:
        line = _first_line(rest, font, width_px)
        wrapped.append(line)
        rest = rest[len(line) :].lstrip()
    if rest:
        shorter = wrapped[-1]
        while shorter and font.getlength(shorter + "...") > width_px:
            shorter = shorter[:-1]
        wrapped[-1] = shorter.rstrip() + "..."
    return wrapped


def _first_line(text: str, font: ImageFont.FreeTypeFont, width_px: int) -> str:
    """The longest beginning of the text that fits, up to a space where there is one."""
    fits = 1
    while fits < len(text) and font.getlength(text[: fits + 1]) <= width_px:
        fits += 1
    if fits == len(text) or text[fits] == " ":
        return text[:fits]
    space = text.rfind(" ", 0, fits)
    return text[:space] if space > 0 else text[:fits]


def _font(size_px: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font; characters that it does not have become boxes."""
    font = ImageFont.load_default(size_px)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType")
    return font


def _write(sheet: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.tmp")
    sheet.save(partial, format="PNG", optimize=True)
    partial.replace(path)
