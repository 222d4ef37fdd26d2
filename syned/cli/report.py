"""`syned report`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syned.cli.options import EXIT_STOPPED, DataDir, ExistingRun, data_dir_of

if TYPE_CHECKING:
    from syned.run.directory import Run


def report(
    run: ExistingRun = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File to write, or a folder to write report.html into. Without it: the run's "
            "folder.",
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser when it is written.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Write a web page that shows what a run has made and dropped.

    Reads everything that the run holds by now, also while it is being made. Writes one HTML file
    with pictures, counts and scores, which can be sent to others: it needs no other file.

    Examples:
        syned report --open
        syned report --run shapes --out shapes.html
    """
    from syned.run.directory import open_run

    path = make_report(open_run(run, data_dir_of(data_dir)), out)
    if show:
        _open(path)


def make_report(run: Run, out: Path | None = None) -> Path:
    """Write the page, and say where it is."""
    from syned.progress import show_progress
    from syned.report.page.edit_table import read_columns
    from syned.report.page.page import REPORT_NAME, write_report
    from syned.units import size

    path = out or run.path
    path = path / REPORT_NAME if path.is_dir() else path
    try:
        with show_progress("edits read", sys.stderr) as shown:
            columns = read_columns(run, shown.planned)
        with show_progress("edits drawn", sys.stderr) as shown:
            written = write_report(run, columns, path, shown.planned)
    except KeyboardInterrupt:
        print("syned: stopped; no report was written", file=sys.stderr)
        raise typer.Exit(EXIT_STOPPED) from None
    print(f"report   {path} ({size(written)})")
    return path


def _open(path: Path) -> None:
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        print("syned: no browser was found; open the file in one yourself", file=sys.stderr)
