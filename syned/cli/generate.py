"""`syned generate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from syned.cli.options import (
    EXIT_STOPPED,
    ConfigFile,
    DataDir,
    Device,
    Overrides,
    RunName,
    SourceName,
    command_again,
    data_dir_of,
    overrides_of,
    settings_of,
)
from syned.cli.sheet import write_sheet

if TYPE_CHECKING:
    from syned.config import RunConfig
    from syned.run.directory import Run


def generate(
    source: SourceName = None,
    config: ConfigFile = None,
    run: RunName = None,
    n: Annotated[
        int | None,
        typer.Option(
            "--n",
            metavar="COUNT",
            help="Edits that the run shall have in all, those that it has already among them. "
            "Without it: what the config says, else 256.",
        ),
    ] = None,
    editor: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Model that edits: an InstructPix2Pix on the hub (OWNER/NAME or "
            "OWNER/NAME@REVISION), a diffusers folder, bundled:shapes, or fake for none. Without "
            "it: what the config says, else timbrooks/instruct-pix2pix.",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="OWNER/NAME",
            help="Dataset of the hub to take images and instructions from; --source hub needs it.",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Split of the source to read. Without it: what the config says, else train.",
        ),
    ] = None,
    path: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Folder of your images; --source folder needs it."),
    ] = None,
    instruction: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="One instruction for all images of a folder. Without it: those of the folder's "
            "metadata file, or of a text file that --set source.instructions_file=FILE names.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="COUNT",
            help="Rows of the source to read at most. Without it: what the config says, else as "
            "many as --n asks for. Where there are fewer rows than edits, each row is edited "
            "several times.",
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            metavar="COUNT",
            help="Edits that the editor makes at once; more of them need more memory. Without it: "
            "what the config says, else 16.",
        ),
    ] = None,
    device: Device = None,
    overrides: Overrides = None,
    data_dir: DataDir = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Load the editor, time a few edits, and print how long the run would take and how "
            "much disk it would fill. Nothing is kept.",
        ),
    ] = False,
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed",
            help="Make those edits again in which the editor failed. Without it: they stay, as "
            "rows with a reason.",
        ),
    ] = False,
) -> None:
    """Edit images as their instructions say.

    Reads images and instructions from a source, plans which edits to make, and makes them with an
    InstructPix2Pix. Writes plan/, edits/ and contact_sheet.png into the folder of the run. Stop it
    at any time: the same command again goes on, and a larger --n only adds edits.

    Examples:
        syned generate --source shapes
        syned generate --source folder --path photos --instruction "make it snow"
        syned generate --source emu_edit --n 1000 --dry-run
        syned generate --run shapes --n 1000
    """
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
    print(f"sheet    {write_sheet(run) or 'none, since no edit is finished'}")


def _stop(run: Run, what: str) -> NoReturn:
    from syned.run.status import summary

    kept = summary(run).done if run.exists else 0
    print(
        f"syned: {what}; {kept:,} edits are kept in {run.path}; "
        f"`{command_again('generate', run)}` goes on",
        file=sys.stderr,
    )
    raise typer.Exit(EXIT_STOPPED)
