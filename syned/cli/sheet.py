"""`syned sheet`: some edits of a run as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syned.cli.options import DataDir, ExistingRun, data_dir_of
from syned.errors import ConfigError

if TYPE_CHECKING:
    from syned.run.directory import Run

SHEET_EDITS = 36
"""Edits on a sheet, unless told otherwise."""
MOST_EDITS = 1000
"""A sheet of more would be a picture that few programs open."""
SHEET_NAME = "contact_sheet.png"


def sheet(
    run: ExistingRun = None,
    edits: Annotated[
        int, typer.Option(metavar="COUNT", help=f"Edits to draw, from 1 to {MOST_EDITS:,}.")
    ] = SHEET_EDITS,
    captions: Annotated[
        bool,
        typer.Option(
            "--captions",
            help="Write below each instruction what changed, for edits whose source has such a "
            "caption. Without it: the instruction alone.",
        ),
    ] = False,
    kept: Annotated[
        bool,
        typer.Option(
            "--kept",
            help="Draw only edits that `syned filter` has kept. Without it: all that were made, "
            "failed and wrong ones among them.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=f"The PNG file to write. Without it: {SHEET_NAME} in the run's folder.",
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Draw some of a run's edits beside their source images.

    The edits are a sample: evenly spread over the run, as many of one task as of another, and
    never chosen by how they look. Up to 12 edits are drawn large, for a web page; more are drawn
    small, to see many at a glance. The picture says how many edits there are in all.

    Examples:
        syned sheet
        syned sheet --run shapes --edits 6 --captions --kept --out six.png
    """
    from syned.run.directory import open_run

    written = write_sheet(
        open_run(run, data_dir_of(data_dir)), out, edits=edits, kept=kept, captions=captions
    )
    if written is None:
        raise ConfigError(
            "no edit is finished yet, so there is nothing to draw; make some with `syned generate`"
        )
    print(f"sheet    {written}")


def write_sheet(
    run: Run,
    out: Path | None = None,
    *,
    edits: int = SHEET_EDITS,
    kept: bool = False,
    captions: bool = False,
) -> Path | None:
    """Draw the run's contact sheet; returns its file, or None when nothing is finished yet.

    Raises:
        ConfigError: the number of edits or the name of the file cannot be used.
    """
    from syned.cli.words import sheet_title
    from syned.report.sheet.sheet import contact_sheet
    from syned.report.sheet.sheet_rows import sheet_rows
    from syned.run.status import selection_summary, summary

    if not 1 <= edits <= MOST_EDITS:
        raise ConfigError(f"--edits is {edits}; a number from 1 to {MOST_EDITS:,} is expected")
    path = out or run.path / SHEET_NAME
    _check_file(path)
    rows = sheet_rows(run, edits, kept=kept, captions=captions)
    if not rows:
        return None
    selection = selection_summary(run) if kept else None
    contact_sheet(rows, path, title=sheet_title(summary(run), len(rows), selection))
    return path


def _check_file(path: Path) -> None:
    """Refuse what cannot be the file of a PNG, before anything is read or drawn."""
    if path.is_dir():
        raise ConfigError(
            f"--out is {str(path)!r}, which is a folder; name a file in it, as in "
            f"{path / 'sheet.png'}"
        )
    if path.suffix.lower() != ".png":
        raise ConfigError(f"--out is {str(path)!r}; a sheet is a PNG, so its name ends in .png")
