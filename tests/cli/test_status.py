"""`syned status` from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from syned.run.directory import open_run
from tests.cli.conftest import SHAPES, run_cli
from tests.conftest import new_run
from tests.made_up_run import MadeUp, make_run


def test_a_run_without_edits_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_run(tmp_path)
    assert run_cli("status") == 0
    assert "0 done of 0 planned" in capsys.readouterr().out


def test_it_works_while_another_process_holds_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(*SHAPES, "--n", "4") == 0
    with open_run(None, tmp_path).lock():
        assert run_cli("status") == 0
        assert run_cli("generate") == 2
    assert "is in use by process" in capsys.readouterr().err


def test_captions_and_kept_edits_are_told_where_there_are_some(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path / "bare", MadeUp(40, with_captions=False, with_selection=False))
    assert run_cli("status", "--data-dir", str(tmp_path / "bare")) == 0
    assert capsys.readouterr().out.count("\n\n") == 0
    make_run(tmp_path, MadeUp(40))
    assert run_cli("status") == 0
    edits, captions, selection = capsys.readouterr().out.split("\n\n")
    assert edits.startswith("run ")
    assert captions.startswith("captions ")
    assert selection.startswith("kept ")


@pytest.mark.parametrize("command", ["status", "sheet", "report", "generate", "filter", "publish"])
def test_without_any_run_the_first_command_is_named(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(command) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "no run was used" in err
    assert "make one with `syned generate --source shapes`" in err
