"""`syned filter`."""

from __future__ import annotations

import sys
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
from syned.errors import DataError

if TYPE_CHECKING:
    from syned.config import RunConfig
    from syned.run.directory import Run

PRECISION = 0.96
"""Which share of the kept edits shall be right, where thresholds are looked for."""


def filter_(
    source: SourceName = None,
    config: ConfigFile = None,
    run: RunName = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="The CLIP or SigLIP that measures: a hub id, a folder, bundled:shapes, or fake "
            "for none. Without it: what the config says, else openai/clip-vit-large-patch14.",
        ),
    ] = None,
    device: Device = None,
    overrides: Overrides = None,
    data_dir: DataDir = None,
    redo: Annotated[
        bool,
        typer.Option(
            "--redo",
            help="Give up the scores of this run and measure every edit again, with another model. "
            "Without it: a run that was measured with another model is refused.",
        ),
    ] = False,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate",
            help="Find thresholds by the true results, where the source knows them (shapes), and "
            "print them as a config. Which edits are kept does not change.",
        ),
    ] = False,
    precision: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            min=0.01,
            max=1.0,
            help="With --calibrate: which share of the kept edits shall be right.",
        ),
    ] = PRECISION,
) -> None:
    """Measure every edit, and keep those that seem right.

    Reads plan/, edits/ and captions/ of a run, measures images and texts with a CLIP, and writes
    scores/ and then selection.parquet, which says for each edit whether it is kept, or why not.
    Scores are measured once, so that deciding again with other thresholds takes seconds. Edits
    that were made since are measured by the next call.

    Examples:
        syned filter
        syned filter --run shapes --set filter.thresholds.min_image_similarity=0.8
        syned filter --source shapes --run validation --calibrate --precision 0.96
    """
    from syned import pipeline
    from syned.run.directory import Run

    flags = {
        "name": run if source or config else None,
        "filter.encoder": encoder,
        "filter.device": device,
    }
    changes = [*overrides_of(flags), *(overrides or ())]
    settings = settings_of(source, config, run, changes, data_dir)
    opened = Run.create_or_open(settings, data_dir=data_dir_of(data_dir))
    if redo:
        pipeline.forget_scores(opened)
    try:
        if calibrate:
            _calibrate(settings, opened, precision)
        else:
            select_edits(settings, opened)
    except KeyboardInterrupt:
        _stop(opened, "stopped at once")


def select_edits(settings: RunConfig, run: Run) -> None:
    """Score, select, and say what came of it."""
    from syned import pipeline
    from syned.cli.words import funnel_lines, score_line, selection_lines
    from syned.progress import show_progress
    from syned.run.status import selection_summary

    with show_progress("pictures", sys.stderr) as shown:
        made = pipeline.filter_edits(settings, run, shown, say=shown.say)
    selection = None if made.selection is None else selection_summary(run)
    if selection is None:
        _stop(run, "stopped")
    print(f"run      {run.path}, scored by {selection.encoder}")
    print("\n".join(selection_lines(selection)))
    print("\n".join(["", *funnel_lines(selection)]))
    if made.scores.edits:
        print(f"\nthis time {score_line(made.scores)}")
    if made.scores.waiting:
        print(
            f"\n{made.scores.waiting:,} edits of the plan are not made yet; run `syned filter` "
            "again when they are"
        )
    if not selection.whole.kept:
        raise DataError(
            f"nothing is left: all {selection.whole.edits:,} edits were dropped; lower a threshold"
        )


def _calibrate(settings: RunConfig, run: Run, precision: float) -> None:
    from syned import pipeline
    from syned.cli.words import calibration_lines
    from syned.progress import show_progress

    with show_progress("pictures", sys.stderr) as shown:
        found = pipeline.calibrate_filter(settings, run, shown, precision=precision)
    if found is None:
        _stop(run, "stopped")
    print("\n".join(calibration_lines(found)))


def _stop(run: Run, what: str) -> NoReturn:
    print(
        f"syned: {what}; finished scores are kept in {run.path}; "
        f"`{command_again('filter', run)}` goes on",
        file=sys.stderr,
    )
    raise typer.Exit(EXIT_STOPPED)
