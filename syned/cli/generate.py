"""`syned generate` and `syned sheet`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from syned.cli.options import (
    EXIT_STOPPED,
    ConfigFile,
    DataDir,
    Overrides,
    RunName,
    SourceName,
    data_dir_of,
    overrides_of,
    settings_of,
)
from syned.errors import ConfigError

if TYPE_CHECKING:
    from syned.config import RunConfig
    from syned.run.directory import Run

SHEET_EDITS = 36
"""Edits on a contact sheet."""
SHEET_NAME = "contact_sheet.png"


def generate(
    source: SourceName = None,
    config: ConfigFile = None,
    run: RunName = None,
    n: Annotated[int | None, typer.Option("--n", help="Edits to plan in all.")] = None,
    editor: Annotated[
        str | None, typer.Option(help="Hub id, folder, bundled:shapes or fake.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset id on the hub.")] = None,
    split: Annotated[str | None, typer.Option(help="Split of the source.")] = None,
    path: Annotated[str | None, typer.Option(help="Folder of your images.")] = None,
    instruction: Annotated[
        str | None, typer.Option(help="The instruction for all images of a folder.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Most source rows to read.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Edits made at once.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = None,
    overrides: Overrides = None,
    data_dir: DataDir = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Make edits again in which the editor failed.")
    ] = False,
) -> None:
    """Edit images as their instructions say. The same command again goes on."""
    flags = {
        "name": run if source or config else None,
        "source.dataset": dataset,
        "source.split": split,
        "source.path": path,
        "source.instruction": instruction,
        "source.limit": limit,
        "generate.n": n,
        "generate.editor": editor,
        "generate.batch_size": batch_size,
        "generate.device": device,
        "generate.retry_failed": True if retry_failed else None,
    }
    changes = [*overrides_of(flags), *(overrides or ())]
    settings = settings_of(source, config, run, changes, data_dir)
    if dry_run:
        _dry_run(settings)
    else:
        make_edits(settings, data_dir)


def sheet(
    run: RunName = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the PNG.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Draw some edits beside their source images."""
    from syned.run.directory import open_run

    written = _write_sheet(open_run(run, data_dir_of(data_dir)), out)
    if written is None:
        raise ConfigError(
            "no edit is finished yet, so there is nothing to draw; run syned generate"
        )
    print(f"sheet    {written}")


def _dry_run(settings: RunConfig) -> None:
    from syned import pipeline
    from syned.cli.words import estimate_lines

    print("\n".join(estimate_lines(pipeline.dry_run(settings))))


def make_edits(settings: RunConfig, data_dir: Path | None) -> None:
    """Plan, edit, and say what came of it."""
    from syned import pipeline
    from syned.cli.words import run_lines, work_line
    from syned.progress import show_progress
    from syned.run.directory import Run
    from syned.run.status import summary

    run = Run.create_or_open(settings, data_dir=data_dir_of(data_dir))
    try:
        with show_progress("plan", sys.stderr) as shown:
            pipeline.make_plan(settings, run, shown.planned)
        with show_progress("edits", sys.stderr) as shown:
            made = pipeline.generate(settings, run, shown)
    except KeyboardInterrupt:
        _stop(run, "stopped at once")
    print("\n".join(run_lines(summary(run))))
    if made.shards_made:
        print(f"\nthis time {work_line(made)}")
    if made.shards_left:
        _stop(run, f"stopped; {made.edits_lost:,} edits of an unfinished shard were given up")
    print(f"sheet    {_write_sheet(run, None) or 'none, since no edit is finished'}")


def _stop(run: Run, what: str) -> NoReturn:
    from syned.run.status import summary

    kept = summary(run).done
    print(
        f"syned: {what}; {kept:,} edits are kept in {run.path}; "
        f"`syned generate --run {run.name}` goes on",
        file=sys.stderr,
    )
    raise typer.Exit(EXIT_STOPPED)


def _write_sheet(run: Run, out: Path | None) -> Path | None:
    """Draw the run's contact sheet; None when nothing is finished yet."""
    from syned.cli.words import sheet_title
    from syned.report.sheet.sheet import contact_sheet
    from syned.report.sheet.sheet_rows import sheet_rows
    from syned.run.status import summary

    rows = sheet_rows(run, SHEET_EDITS)
    if not rows:
        return None
    path = out or run.path / SHEET_NAME
    contact_sheet(rows, path, title=sheet_title(summary(run), len(rows)))
    return path
