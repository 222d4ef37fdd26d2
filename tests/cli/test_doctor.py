"""`syned doctor` from outside; what it finds is tested in tests/test_doctor.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from syned import doctor
from syned.doctor import Torch
from tests.cli.conftest import run_cli


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def test_it_begins_with_the_system_and_ends_with_what_can_be_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli("doctor") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok   system    ")
    assert "note hub       switched off by HF_HUB_OFFLINE" in lines
    after = lines[lines.index("This machine can") + 1]
    assert after.startswith("  - ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("torch", "told"),
    [
        (Torch(True, "2.13.0"), True),
        (Torch(True, "2.13.0", ("a card (24 GiB)",), cuda=True), False),
    ],
)
def test_what_a_gpu_would_change_is_told_where_there_is_none(
    torch: Torch,
    told: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(doctor, "find_torch", lambda: torch)
    assert run_cli("doctor") == 0
    assert ("\nWith an NVIDIA GPU\n  - " in capsys.readouterr().out) == told


def test_on_another_system_it_says_where_syned_runs_and_looks_no_further(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Windows")
    assert run_cli("doctor") == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("note system    Windows ")
    assert "on Windows through WSL" in line


def test_where_no_run_can_be_written_the_exit_status_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run_cli("doctor", "--data-dir", str(tmp_path / "file")) == 1
    assert "nothing yet" in capsys.readouterr().out
