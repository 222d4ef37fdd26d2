"""`syned status` and `syned doctor`: what there is."""

from __future__ import annotations

import typer

from syned.cli.options import DataDir, RunName, data_dir_of


def status(run: RunName = None, data_dir: DataDir = None) -> None:
    """Say how far a run is, also while it is being made."""
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


def doctor(data_dir: DataDir = None) -> None:
    """Say what this machine has and can do."""
    from huggingface_hub.constants import ENDPOINT

    from syned.doctor import diagnose

    diagnosis = diagnose(data_dir_of(data_dir), hub=ENDPOINT)
    for finding in diagnosis.findings:
        print(f"{'ok  ' if finding.good else 'note'} {finding.topic:<9} {finding.text}")
    print("\nThis machine can")
    for ability in diagnosis.abilities:
        print(f"  - {ability}")
    if not diagnosis.works:
        raise typer.Exit(1)
