"""What is written down holds: README, help, configs, Makefile."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from pydantic import BaseModel

from syned import pipeline
from syned.cli import app
from syned.config import (
    FilterConfig,
    GenerateConfig,
    ParaphraseConfig,
    PublishConfig,
    SourceConfig,
    TrainEvalConfig,
    load_config,
)
from syned.publish.prose import column_type
from syned.resources import config_names, config_path, pinned_versions
from syned.run import published, records
from syned.settings import load_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS: Any = typer.main.get_command(app)


def syned_commands(text: str) -> list[str]:
    """Every command of a text that begins with `syned`, without its comment."""
    indented = re.findall(r"^ {4}(syned .*)$", text, re.MULTILINE)
    quoted = re.findall(r"`(syned [^`]*)`", text)
    return [re.split(r"\s+#", line)[0].strip() for line in indented + quoted]


def header_of(path: Path) -> str:
    """The first line of a config, which is its command."""
    return path.read_text("utf-8").splitlines()[0].removeprefix("# ")


def options_of(command: str) -> dict[str, object]:
    """Parse a command without running it; usage errors end the test."""
    words = shlex.split(command)[1:]
    group = COMMANDS.make_context("syned", list(words), resilient_parsing=False)
    name, chosen, rest = COMMANDS.resolve_command(group, words)
    assert chosen is not None, name
    context = chosen.make_context(name, rest, parent=group)
    parsed: dict[str, object] = context.params
    return parsed


@pytest.mark.parametrize("command", syned_commands(README))
def test_every_command_of_the_readme_can_be_parsed(command: str) -> None:
    if command in ("syned --help", "syned --version"):
        return
    options = options_of(command)
    source = options.get("source")
    assert source is None or source in config_names()


def test_the_readme_names_every_command_and_every_config() -> None:
    named = {shlex.split(command)[1] for command in syned_commands(README)}
    assert set(COMMANDS.commands) <= named
    for name in config_names():
        assert f"--source {name}" in README


def test_every_command_and_every_option_has_help() -> None:
    for name, command in COMMANDS.commands.items():
        assert command.help, name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


@pytest.mark.parametrize("name", config_names())
def test_every_config_opens_with_its_command_and_loads_with_it(name: str) -> None:
    path = config_path(name)
    options = options_of(header_of(path))
    assert options["source"] == name
    flags = {"dataset": "source", "split": "source", "path": "source", "instruction": "source"}
    given = [f"{part}.{flag}={options[flag]}" for flag, part in flags.items() if options.get(flag)]
    assert load_config(path, given).name == name


@pytest.mark.parametrize("name", config_names())
def test_no_config_repeats_a_default(name: str) -> None:
    sections: dict[str, type[BaseModel]] = {
        "source": SourceConfig,
        "generate": GenerateConfig,
        "paraphrase": ParaphraseConfig,
        "filter": FilterConfig,
        "publish": PublishConfig,
        "train_eval": TrainEvalConfig,
    }
    given = yaml.safe_load(config_path(name).read_text("utf-8"))
    for section, settings in given.items():
        fields = sections[section].model_fields
        for key, value in settings.items():
            assert key == "kind" or fields[key].default != value, f"{section}.{key}"


@pytest.mark.parametrize("name", config_names(training=True))
def test_every_training_config_opens_with_its_command_and_loads(name: str) -> None:
    pytest.importorskip("torch")
    from syned.config.training import ClipTraining, EditorTraining

    path = config_path(name, training=True)
    options_of(header_of(path))
    settings: ClipTraining | EditorTraining
    if name.endswith("_clip"):
        settings = load_settings(ClipTraining, path)
    else:
        settings = load_settings(EditorTraining, path)
    assert Path(settings.output).name.startswith("shapes_")


def test_the_stage_table_of_the_readme_is_that_of_the_pipeline() -> None:
    rows = [
        f"| {stage.name} | `{stage.command}` | {stage.reads} | {stage.writes} | {stage.needs} |"
        for stage in pipeline.STAGES
    ]
    table = README.split("## Stages")[1].split("\n\n")[1].splitlines()
    assert table[0] == "| stage | command | reads | writes | needs |"
    assert table[2:] == rows


@pytest.mark.parametrize(
    ("folder", "schema"),
    [
        ("plan/images/", records.IMAGE_SCHEMA),
        ("plan/requests/", records.REQUEST_SCHEMA),
        ("edits/", records.EDIT_SCHEMA),
        ("captions/", records.CAPTION_SCHEMA),
        ("scores/images/", records.IMAGE_SCORE_SCHEMA),
        ("scores/edits/", records.EDIT_SCORE_SCHEMA),
        ("selection.parquet", records.SELECTION_SCHEMA),
    ],
)
def test_the_readme_lists_the_columns_of_every_shard_in_order(folder: str, schema: Any) -> None:
    section = README.split("## Columns")[1].split(f"\n`{folder}`\n\n")[1].split("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in section.splitlines()[2:]]
    assert [name for row in rows for name in row.split(", ")] == schema.names


def test_the_readme_lists_the_columns_of_a_published_dataset_as_its_card_does() -> None:
    table = README.split("\n`dataset/`\n\n")[1].split("\n\n")[0]
    rows = [
        f"| {field.name} | {column_type(field.type)} | {published.MEANINGS[field.name]} |"
        for field in published.PUBLISHED_SCHEMA
    ]
    assert table.splitlines()[2:] == rows


def tree_paths() -> list[str]:
    """Paths of the file tree in the README, folders with a slash at the end."""
    block = README.split("## File tree\n\n")[1].split("\n\n##")[0]
    folders: list[str] = []
    paths = []
    for line in block.splitlines():
        text = line.removeprefix("    ")
        depth = (len(text) - len(text.lstrip())) // 2
        for name in re.split(r"\s{2,}", text.strip())[0].split(" "):
            paths.append("".join(folders[:depth]) + name)
            if name.endswith("/"):
                folders = [*folders[:depth], name]
    return paths


def test_every_file_of_the_tree_exists() -> None:
    assert len(tree_paths()) > 20
    assert [path for path in tree_paths() if not (ROOT / path).exists()] == []


def test_every_module_and_every_config_is_in_the_tree() -> None:
    named = set(tree_paths())
    modules = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "syned").rglob("*.py"))
        if path.name != "__init__.py"
    ]
    configs = [f"configs/{path.name}" for path in sorted((ROOT / "configs").glob("*.yaml"))]
    assert [path for path in [*modules, *configs] if path not in named] == []


def test_every_dependency_has_a_tested_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *extras["models"],
        *extras["paraphrase"],
        *extras["smollm2"],
        *extras["filter"],
        *extras["idc"],
        *extras["dev"],
    ]
    names = {re.split(r"[<>=]", requirement)[0].lower() for requirement in wanted}
    assert names <= {name.lower() for name in pinned_versions()}


def test_the_readme_names_targets_that_the_makefile_has() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^    make (\w+)", README, re.MULTILINE))
    assert {"demo", "test"} <= targets
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
