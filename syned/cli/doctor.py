"""`syned doctor`: what this machine has, and what Syned can do on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from syned.cli.options import DataDir, data_dir_of

if TYPE_CHECKING:
    from syned.doctor import Finding


def doctor(data_dir: DataDir = None) -> None:
    """Say what this machine has, and what Syned can do on it.

    Looks at the operating system, the installed packages, the GPU, memory, disk, the model hub and
    the models that come with Syned, and writes nothing. A line that begins with "ok" needs nothing
    done; one that begins with "note" says what is missing and what brings it. The exit status is 1
    only when no run can be written here at all.

    Examples:
        syned doctor
        syned doctor --data-dir /mnt/large/runs
    """
    from syned.doctor import check_system, diagnose

    system = check_system()
    if not system.good:  # what comes next cannot even be imported there
        _print(system)
        raise typer.Exit(1)
    from huggingface_hub.constants import ENDPOINT

    diagnosis = diagnose(data_dir_of(data_dir), hub=ENDPOINT)
    for finding in diagnosis.findings:
        _print(finding)
    print("\nThis machine can")
    for ability in diagnosis.abilities:
        print(f"  - {ability}")
    if diagnosis.with_gpu:
        print("\nWith an NVIDIA GPU")
        for change in diagnosis.with_gpu:
            print(f"  - {change}")
    if not diagnosis.works:
        raise typer.Exit(1)


def _print(finding: Finding) -> None:
    print(f"{'ok  ' if finding.good else 'note'} {finding.topic:<9} {finding.text}")
