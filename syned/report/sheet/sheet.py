"""A contact sheet: source images beside their edits, with the instruction below, as one PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from syned.run.atomic import write_atomically


@dataclass(frozen=True, slots=True)
class Layout:
    """How large things are on a sheet."""

    columns: int
    """Most edits side by side."""
    tile_px: int
    """Side of the square that each picture is fitted into."""
    gap_px: int
    """Between source image and edited image; an arrow is drawn into a wide one."""
    margin_px: int
    """Between edits, and around them all."""
    font_px: int
    title_font_px: int
    text_lines: int
    """Most lines of an instruction or a caption; what is longer ends in "..."."""
    names_px: int
    """Width of a column that says which text is the instruction and which the caption; 0 for
    none, where there is no room for it."""

    @property
    def cell_px(self) -> int:
        """Width of an edit."""
        return 2 * self.tile_px + self.gap_px

    @property
    def line_px(self) -> int:
        """From one line of text to the next."""
        return round(1.3 * self.font_px)

    @property
    def title_line_px(self) -> int:
        """From one line of the title to the next."""
        return round(1.3 * self.title_font_px)


CONTACT = Layout(
    columns=6,
    tile_px=128,
    gap_px=4,
    margin_px=16,
    font_px=13,
    title_font_px=18,
    text_lines=3,
    names_px=0,
)
"""Many edits at a glance."""
PAGE = Layout(
    columns=3,
    tile_px=256,
    gap_px=48,
    margin_px=32,
    font_px=28,
    title_font_px=26,
    text_lines=12,
    names_px=156,
)
"""A few edits for a web page, which shows the sheet at about half its width."""
PAGE_EDITS = 12
"""Up to so many edits are drawn by PAGE, more by CONTACT."""
TITLE_LINES = 3
"""Most lines that a line of the title is broken into."""

_PAPER, _INK, _PALE_INK = (255, 255, 255), (24, 24, 28), (110, 110, 118)
_EMPTY, _BORDER = (228, 228, 230), (205, 205, 210)
_LABEL_COLORS = {"right": (24, 122, 62), "wrong": (184, 90, 0), "failed": (186, 26, 26)}
_CAPTION_INK = (20, 80, 160)
_ARROW_FROM_PX = 24
"""Width of a gap that has room for an arrow."""


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
    caption: str = ""
    """What changed, in words; "" for none."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text below two pictures."""

    text: str
    color: tuple[int, int, int]
    name: str = ""
    """What the text is; stands before its first line."""


def contact_sheet(rows: Sequence[SheetRow], path: Path, *, title: str) -> None:
    """Draw the rows in reading order and write the sheet as a PNG.

    Small pictures are enlarged without smoothing, so that their pixels stay what they are.

    Args:
        rows: each becomes a cell: source image, edited image, instruction, caption, label.
        path: an existing file is replaced, at once and whole.
        title: what stands at the top, in one or several lines.

    Raises:
        RunError: the file cannot be written.
    """
    layout = PAGE if len(rows) <= PAGE_EDITS else CONTACT
    grid = _grid([(row, text_below(row, layout)) for row in rows], layout)
    width_px = max(640, _left_px(layout, len(grid[0]) if grid else 0))
    titles = _broken(title.splitlines(), layout.title_font_px, width_px - 2 * layout.margin_px)
    tops = _tops_px(layout, len(titles), [max(len(text) for _, text in line) for line in grid])
    sheet = Image.new("RGB", (width_px, tops[-1]), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, text in enumerate(titles):
        at = (layout.margin_px, layout.margin_px + number * layout.title_line_px)
        pen.text(at, text, _PALE_INK, _font(layout.title_font_px))
    for top, line in zip(tops, grid, strict=False):
        for column, (row, lines) in enumerate(line):
            left = _left_px(layout, column)
            _draw_pictures(sheet, row, layout, left, top)
            _draw_lines(pen, lines, layout, left, top + layout.tile_px + layout.font_px // 2)
    encoded = io.BytesIO()
    sheet.save(encoded, format="PNG", optimize=True)
    write_atomically(path, encoded.getvalue())


def _broken(paragraphs: Sequence[str], font_px: int, width_px: int) -> list[str]:
    """A title in lines that fit."""
    return [
        line
        for text in paragraphs
        for line in wrap(text, _font(font_px), width_px, lines=TITLE_LINES)
    ]


_Cell = tuple[SheetRow, list[Line]]
"""An edit and the text below it."""


def _grid(cells: Sequence[_Cell], layout: Layout) -> list[Sequence[_Cell]]:
    """The cells in lines of about the same length: four are two and two, not three and one."""
    lines = -(-len(cells) // layout.columns)
    columns = -(-len(cells) // max(1, lines))
    return [cells[first : first + columns] for first in range(0, len(cells), max(1, columns))]


def _left_px(layout: Layout, column: int) -> int:
    """Where a column begins."""
    return layout.margin_px + column * (layout.cell_px + layout.margin_px)


def _tops_px(layout: Layout, titles: int, text_lines: Sequence[int]) -> list[int]:
    """Where each line of edits begins, below so many lines of title, and where the sheet ends.

    Args:
        layout: of the sheet.
        titles: lines of the title.
        text_lines: for each line of edits, how many lines its longest text has.
    """
    tops = [layout.margin_px + titles * layout.title_line_px + layout.margin_px // 2]
    for lines in text_lines:
        text_px = layout.font_px // 2 + lines * layout.line_px
        tops.append(tops[-1] + layout.tile_px + text_px + layout.margin_px)
    return tops


def text_below(row: SheetRow, layout: Layout) -> list[Line]:
    """What stands below an edit: instruction, caption and label, broken into lines."""
    caption = row.caption if layout.names_px or not row.caption else f"caption: {row.caption}"
    color = _LABEL_COLORS.get(row.label.split(" ")[0].rstrip(":"), _PALE_INK)
    texts = [
        ("instruction", row.instruction, _INK, layout.text_lines),
        ("caption", caption, _CAPTION_INK, layout.text_lines),
        ("task" if row.label.startswith("(") else "result", row.label, color, 1),
    ]
    broken: list[Line] = []
    width_px = layout.cell_px - layout.names_px
    for name, text, ink, most in texts:
        lines = wrap(text, _font(layout.font_px), width_px, lines=most)
        broken += [Line(line, ink, "" if number else name) for number, line in enumerate(lines)]
    return broken


def _draw_lines(
    pen: ImageDraw.ImageDraw, lines: Sequence[Line], layout: Layout, x: int, y: int
) -> None:
    font = _font(layout.font_px)
    for line in lines:
        if layout.names_px:
            pen.text((x, y), line.name, _PALE_INK, font)
        pen.text((x + layout.names_px, y), line.text, line.color, font)
        y += layout.line_px


def _draw_pictures(sheet: Image.Image, row: SheetRow, layout: Layout, x: int, y: int) -> None:
    _paste(sheet, row.source_image, layout.tile_px, x, y)
    _paste(sheet, row.edited_image, layout.tile_px, x + layout.tile_px + layout.gap_px, y)
    if layout.gap_px >= _ARROW_FROM_PX:
        _draw_arrow(sheet, x + layout.tile_px, y + layout.tile_px // 2, layout.gap_px)


def _draw_arrow(sheet: Image.Image, x: int, y: int, gap_px: int) -> None:
    """An arrow to the right across a gap, its middle at the height y."""
    pen, quarter = ImageDraw.Draw(sheet), gap_px // 4
    tip = x + gap_px - quarter // 2
    pen.line((x + quarter // 2, y, tip - quarter, y), _PALE_INK, width=max(2, gap_px // 16))
    pen.polygon([(tip, y), (tip - quarter, y - quarter), (tip - quarter, y + quarter)], _PALE_INK)


def _paste(sheet: Image.Image, png: bytes | None, side_px: int, x: int, y: int) -> None:
    """Centre a picture in its tile; a crossed gray tile stands for one that does not exist."""
    pen = ImageDraw.Draw(sheet)
    if png is None:
        right, bottom = x + side_px - 1, y + side_px - 1
        pen.rectangle((x, y, right, bottom), fill=_EMPTY)
        pen.line((x, y, right, bottom), _PAPER, 2)
        pen.line((x, bottom, right, y), _PAPER, 2)
        return
    with Image.open(io.BytesIO(png)) as picture:
        tile = _fit(picture.convert("RGB"), side_px)
    x, y = x + (side_px - tile.width) // 2, y + (side_px - tile.height) // 2
    pen.rectangle((x - 1, y - 1, x + tile.width, y + tile.height), outline=_BORDER)
    sheet.paste(tile, (x, y))


def _fit(picture: Image.Image, side_px: int) -> Image.Image:
    """The picture at the largest size that fits a tile, its proportions kept."""
    scale = side_px / max(picture.size)
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
