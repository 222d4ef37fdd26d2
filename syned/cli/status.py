"""`syned status`: how far a run is."""

from __future__ import annotations

from syned.cli.options import DataDir, ExistingRun, data_dir_of


def status(run: ExistingRun = None, data_dir: DataDir = None) -> None:
    """Say how far a run is, also while it is being made.

    Counts the edits, captions and kept edits of the run, says why others failed or were dropped,
    and what an edit costs in time. It only reads, so it can be used from another terminal while
    a command works on the run.

    Examples:
        syned status
        syned status --run shapes
    """
    from syned.cli.words import caption_lines, run_lines, selection_lines
    from syned.run.directory import open_run
    from syned.run.status import caption_summary, selection_summary, summary

    opened = open_run(run, data_dir_of(data_dir))
    print("\n".join(run_lines(summary(opened))))
    captions = caption_summary(opened)
    if captions is not None:
        print("\n".join(["", *caption_lines(captions)]))
    selection = selection_summary(opened)
    if selection is not None:
        print("\n".join(["", *selection_lines(selection)]))
