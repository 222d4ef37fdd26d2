"""`syned publish`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from syned.config import RunConfig


def publish(
    source: SourceName = None,
    config: ConfigFile = None,
    run: RunName = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder to write the dataset to. Without it: dataset/ in the run's folder.",
        ),
    ] = None,
    format: Annotated[  # the name of its option
        str | None,
        typer.Option(
            metavar="NAME",
            help="Which columns: syned, or instructpix2pix, which diffusers' training script of "
            "that name reads. Without it: what the config says, else syned.",
        ),
    ] = None,
    unfiltered: Annotated[
        bool,
        typer.Option(
            "--unfiltered",
            help="Publish every edit that was made, good or bad. Without it: those that `syned "
            "filter` has kept.",
        ),
    ] = False,
    true_images: Annotated[
        bool,
        typer.Option(
            "--true-images",
            help="Publish the true results in place of the edited images, where the source knows "
            "them (shapes): the best that an editor could do.",
        ),
    ] = False,
    push_to_hub: Annotated[
        str | None,
        typer.Option(
            metavar="OWNER/NAME",
            help="Upload the dataset to this repository of the hub as well; log in with `hf auth "
            "login` before. Without it: nothing leaves this machine.",
        ),
    ] = None,
    public: Annotated[
        bool,
        typer.Option(
            "--public",
            help="With --push-to-hub: a repository that is made for this is public. Without it: "
            "private.",
        ),
    ] = False,
    overrides: Overrides = None,
    data_dir: DataDir = None,
) -> None:
    """Write the kept edits as a dataset with a card.

    Reads the edits that `syned filter` has kept and their captions; writes Parquet files in splits
    and a README.md that says how they were made. `datasets.load_dataset` reads the folder. A new
    dataset takes the place of the old one when it is complete; the same command again goes on.

    Examples:
        syned publish
        syned publish --run shapes --out shapes_dataset
        syned publish --push-to-hub OWNER/NAME
    """
    flags = {
        "name": run if source or config else None,
        "publish.format": format,
        "publish.unfiltered": True if unfiltered else None,
        "publish.true_images": True if true_images else None,
        "publish.push_to_hub": push_to_hub,
        "publish.private": False if public else None,
    }
    changes = [*overrides_of(flags), *(overrides or ())]
    make_dataset(settings_of(source, config, run, changes, data_dir), data_dir, out)


def make_dataset(settings: RunConfig, data_dir: Path | None, out: Path | None) -> None:
    """Publish, and say what came of it."""
    from syned import pipeline
    from syned.cli.words import publish_lines
    from syned.progress import show_progress
    from syned.run.directory import open_run

    run = open_run(settings.name, data_dir_of(data_dir))
    try:
        with show_progress("pairs", sys.stderr) as shown:
            made = pipeline.publish(settings, run, shown, folder=out)
        print("\n".join(publish_lines(made)))
        if settings.publish.push_to_hub:
            print(f"hub      {pipeline.push_to_hub(settings, made)}")
    except KeyboardInterrupt:
        print(
            "syned: stopped at once; finished files are kept, and the same command goes on",
            file=sys.stderr,
        )
        raise typer.Exit(EXIT_STOPPED) from None
