"""`syned train-editor` and `syned train-clip`: which config they take, and what they need."""

from __future__ import annotations

import re

import pytest
import typer

from syned import libraries
from syned.cli.train import say, stops_well
from tests.cli.conftest import run_cli


@pytest.mark.parametrize("command", ["train-editor", "train-clip"])
@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("nothing", "'nothing' is no config that comes with Syned"),
        ("shapes", "'shapes' is no config that comes with Syned"),
        ("nothing.yaml", "nothing.yaml is not there"),
    ],
)
def test_a_config_that_is_not_there_is_one_line(
    command: str, config: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(command, config) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


@pytest.mark.parametrize("command", ["train-editor", "train-clip"])
def test_a_library_that_is_missing_is_named_with_what_brings_it(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(libraries, "find_spec", lambda name: None if name == "torch" else name)
    assert run_cli(command, f"train_shapes_{command.removeprefix('train-')}") == 2
    assert capsys.readouterr().err == (
        f"syned: `syned {command}` needs torch, which is not installed: "
        'pip install "syned[models]"\n'
    )


def test_what_is_said_begins_with_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    say("step 5 of 10")
    assert re.fullmatch(r"\d\d:\d\d:\d\d step 5 of 10\n", capsys.readouterr().out)


@pytest.mark.parametrize("command", ["train-editor", "train-clip"])
def test_a_mistake_in_the_settings_is_told_before_any_library_is_looked_for(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    config = f"train_shapes_{command.removeprefix('train-')}"
    assert run_cli(command, config, "--set", "stepz=3") == 2
    assert "did you mean steps?" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on_and_exits_130(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, stops_well():
        raise KeyboardInterrupt
    assert ended.value.exit_code == 130
    assert capsys.readouterr().err == (
        "syned: stopped; the same command goes on from the last checkpoint\n"
    )
