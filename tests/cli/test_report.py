"""`syned report` from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import run_cli
from tests.report.page.made_up import MadeUp, make_run


def test_the_report_of_the_run_used_last_lies_in_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path, MadeUp(edits=8))
    assert run_cli("report") == 0
    out, err = capsys.readouterr()
    path = tmp_path / "test" / "report.html"
    assert out.startswith(f"report   {path} (")
    assert "<title>test - Syned report</title>" in path.read_text("utf-8")
    assert "edits read: 8 of 8" in err
    assert "edits drawn: 8 of 8" in err


def test_it_can_be_written_elsewhere_as_a_file_or_into_a_folder(tmp_path: Path) -> None:
    make_run(tmp_path, MadeUp(edits=8))
    assert run_cli("report", "--run", "test", "--out", str(tmp_path / "a.html")) == 0
    assert (tmp_path / "a.html").is_file()
    assert run_cli("report", "--out", str(tmp_path)) == 0
    assert (tmp_path / "report.html").is_file()
    assert not (tmp_path / "test" / "report.html").exists()


def test_it_is_opened_in_the_browser_of_the_person(tmp_path: Path) -> None:
    make_run(tmp_path, MadeUp(edits=4))
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\necho \"$1\" > '{tmp_path}/opened'\n", encoding="utf-8")
    browser.chmod(0o755)
    code = "from syned.cli import main; main(['report', '--open'])"
    environment = {**os.environ, "BROWSER": str(browser)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
    opened = (tmp_path / "opened").read_text("utf-8").strip()
    assert opened == (tmp_path / "test" / "report.html").as_uri()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["report"], "no run was used"),
        (["report", "--run", "tset"], "did you mean 'test'?"),
        (["report", "--run", "test", "--out", "/dev/null/a.html"], "cannot be written"),
    ],
)
def test_a_mistake_is_one_plain_message(
    tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if "--run" in arguments:
        make_run(tmp_path, MadeUp(edits=4))
    assert run_cli(*arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err
