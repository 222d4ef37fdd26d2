"""What `syned --help` and `syned COMMAND --help` say, and that it holds."""

from __future__ import annotations

import inspect
import re
import shlex
from typing import Any

import pytest
import typer.main
from pydantic import BaseModel

from syned import __version__
from syned.cli import app
from syned.config import (
    FilterConfig,
    GenerateConfig,
    ParaphraseConfig,
    PublishConfig,
    SourceConfig,
    TrainEvalConfig,
)
from tests.cli.conftest import run_cli

ROOT_COMMAND: Any = typer.main.get_command(app)
NAMES = list(ROOT_COMMAND.commands)


def parsed(command: str) -> dict[str, Any]:
    """What a command's words mean; they are not acted on, and a mistake in them ends the test."""
    program, *words = shlex.split(command)
    assert program == "syned"
    context = ROOT_COMMAND.make_context("syned", list(words))
    name, chosen, rest = ROOT_COMMAND.resolve_command(context, words)
    options: dict[str, Any] = chosen.make_context(name, rest, parent=context).params
    return {"command": name, **options}


def examples_of(name: str) -> list[str]:
    text = inspect.cleandoc(ROOT_COMMAND.commands[name].help)
    return re.findall(r"^ {4}(syned .*)$", text.partition("Examples:\n")[2], re.MULTILINE)


def help_of(name: str, option: str) -> str:
    (parameter,) = [p for p in ROOT_COMMAND.commands[name].params if option in p.opts]
    return str(parameter.help)


def test_commands_are_listed_in_groups_in_the_order_of_the_pipeline(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run_cli("--help") == 0
    text = capsys.readouterr().out
    text = text[text.index("Start here:") : text.index("What next:")]
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if re.fullmatch(r"\S.*:", line):
            found[line.rstrip(":")] = []
        elif command := re.match(r"  ([a-z-]+) {2,}\S", line):
            list(found.values())[-1].append(command[1])
    assert found == {
        "Start here": ["doctor", "run"],
        "Make a dataset, step by step": ["generate", "paraphrase", "filter", "publish"],
        "Measure what it is worth": ["train-eval", "caption"],
        "Look at a run": ["status", "sheet", "report"],
        "Train models of your own": ["train-editor", "train-clip"],
    }
    assert sorted(NAMES) == sorted(name for names in found.values() for name in names)


def test_descriptions_are_whole_and_stand_in_one_column(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_cli("-h") == 0
    text = capsys.readouterr().out
    listed = text[text.index("Start here:") : text.index("What next:")]
    assert "..." not in listed
    columns = [len(begin) for begin in re.findall(r"^ {2}[a-z-]* +", listed, re.MULTILINE)]
    assert len(columns) >= len(NAMES)
    assert len(set(columns)) == 1


def test_the_root_says_what_syned_does_and_how_to_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_cli("--help") == 0
    text = capsys.readouterr().out
    assert " ".join(text.split("\n\n")[1].split()).count(". ") == 1  # two sentences
    end = text[text.index("What next:") :]
    for command in ("syned doctor", "syned generate --source shapes"):
        assert f"\n    {command}  " in end
        assert parsed(command)
    assert "goes on with the run that was" in end


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_explained_with_examples_that_can_be_typed(name: str) -> None:
    first, *further = inspect.cleandoc(ROOT_COMMAND.commands[name].help).split("\n\n")
    assert re.fullmatch(r"[A-Z][^\n]*[a-z]\.", first)
    assert len(further) >= 2, "what it reads and writes, and examples"
    examples = examples_of(name)
    assert examples
    assert {parsed(example)["command"] for example in examples} == {name}


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_explained_in_whole_sentences(name: str) -> None:
    for parameter in ROOT_COMMAND.commands[name].params:
        told = getattr(parameter, "help", None)
        assert told, parameter.name
        assert re.fullmatch(r"[A-Z$].*[.]", told, re.DOTALL), told


@pytest.mark.parametrize("name", NAMES)
def test_help_fits_an_ordinary_terminal_with_examples_as_they_are_typed(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run_cli(name, "--help") == 0
    text = capsys.readouterr().out
    assert [line for line in text.splitlines() if len(line) > 80] == []
    for example in examples_of(name):
        assert f"\n      {example}\n" in text


@pytest.mark.parametrize(
    ("command", "option", "config", "setting"),
    [
        ("generate", "--n", GenerateConfig, "n"),
        ("generate", "--editor", GenerateConfig, "editor"),
        ("generate", "--split", SourceConfig, "split"),
        ("generate", "--batch-size", GenerateConfig, "batch_size"),
        ("generate", "--device", GenerateConfig, "device"),
        ("paraphrase", "--engine", ParaphraseConfig, "engine"),
        ("paraphrase", "--model", ParaphraseConfig, "model"),
        ("filter", "--encoder", FilterConfig, "encoder"),
        ("filter", "--device", FilterConfig, "device"),
        ("publish", "--format", PublishConfig, "format"),
        ("train-eval", "--workers", TrainEvalConfig, "workers"),
    ],
)
def test_a_default_that_help_names_is_that_of_the_config(
    command: str, option: str, config: type[BaseModel], setting: str
) -> None:
    default = config.model_fields[setting].default
    assert re.search(rf"else {re.escape(str(default))}(?=[.,])", help_of(command, option))


def test_training_commands_name_their_own_configs_only() -> None:
    editor, clip = help_of("train-editor", "config"), help_of("train-clip", "config")
    assert "train_shapes_editor" in editor
    assert "clip" not in editor
    assert "train_shapes_clip" in clip
    assert "editor" not in clip


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("--version") == 0
    assert capsys.readouterr().out == f"syned {__version__}\n"
