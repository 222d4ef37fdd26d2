"""What is written down holds: README, the pages of docs/, help, configs, Makefile."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from pydantic import BaseModel

from docs import generate
from docs.columns import tables
from docs.docstrings import field_docstrings
from docs.settings import ROOTS, anchor, classes_of
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
from syned.resources import config_names, config_path, pinned_versions
from syned.run import published, records
from syned.settings import load_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}
"""README and the pages of docs/, by their path."""
README_LINES = 200
COMMANDS: Any = typer.main.get_command(app)

_FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def syned_commands(text: str) -> list[str]:
    """Every command of a text that begins with `syned`, without its comment."""
    text = re.sub(r"^```text\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\\\n\s*", "", text)  # a command may go on in the next line
    fenced = [re.findall(r"^(syned .*)$", block, re.MULTILINE) for block in _FENCED.findall(text)]
    indented = re.findall(r"^ {4}(syned .*)$", text, re.MULTILINE)
    quoted = re.findall(r"`(syned [^`]*)`", text)
    found = [*indented, *quoted, *(command for some in fenced for command in some)]
    return [re.split(r"\s+#", line)[0].strip() for line in found]


def links_of(text: str) -> list[str]:
    """Where the links of a page lead within the repository."""
    plain = re.sub(r"`[^`]*`", "", _FENCED.sub("", text))
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", plain) if "://" not in link]


def anchors_of(text: str) -> set[str]:
    """The anchors of a page's headings."""
    return {anchor(line) for line in re.findall(r"^#+ +(.*)$", _FENCED.sub("", text), re.MULTILINE)}


def leads_nowhere(page: str, link: str) -> bool:
    """Whether a link names a file that is not there, or a heading that it does not have."""
    name, _, heading = link.partition("#")
    path = (ROOT / page).parent / name if name else ROOT / page
    if not path.exists():
        return True
    return bool(heading) and heading not in anchors_of(path.read_text("utf-8"))


def shown_changes(text: str) -> list[tuple[str, str]]:
    """The changes to modules that a page shows as diffs: a path, and a hunk of lines."""
    diffs = re.findall(r"^```diff\n--- (\S+)\n@@\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [(path, hunk) for path, hunks in diffs for hunk in hunks.split("@@\n")]


def shown_modules(text: str) -> list[str]:
    """The new modules that a page shows in whole; each begins with its path."""
    return re.findall(r"^```python\n(# syned.*?)^```", text, re.MULTILINE | re.DOTALL)


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


@pytest.mark.parametrize(
    ("page", "command"),
    [(page, command) for page, text in PAGES.items() for command in syned_commands(text)],
)
def test_every_command_of_the_pages_can_be_parsed(page: str, command: str) -> None:
    words = shlex.split(command)[1:]
    if len(words) == 1:  # a command that is named and not given, as in "`syned caption` says ..."
        assert words[0] in (*COMMANDS.commands, "--help", "--version"), page
        return
    options = options_of(command)
    source = options.get("source")
    assert source is None or source in config_names(), page


def test_the_pages_name_every_command_and_every_config() -> None:
    text = "\n".join(PAGES.values())
    named = {shlex.split(command)[1] for command in syned_commands(text)}
    assert set(COMMANDS.commands) - named == set()
    assert [name for name in config_names() if f"--source {name}" not in text] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    assert [link for link in links_of(PAGES[page]) if leads_nowhere(page, link)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(r"`((?:docs|syned|tests)/[\w./-]+)`(?! \(new\))", PAGES[page])
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(("path", "hunk"), shown_changes(PAGES["docs/development.md"]))
def test_a_change_that_is_shown_fits_the_code(path: str, hunk: str) -> None:
    before = "\n".join(line[1:] for line in hunk.splitlines() if not line.startswith("+"))
    assert (ROOT / path).read_text("utf-8").count(before) == 1, before


@pytest.mark.parametrize("module", shown_modules(PAGES["docs/development.md"]))
def test_a_module_that_is_shown_imports_what_is_there(module: str) -> None:
    pytest.importorskip("torch")
    for node in ast.parse(module).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("syned"):
            known = vars(importlib.import_module(node.module or ""))
            missing = [name.name for name in node.names if name.name not in known]
            added = PAGES["docs/development.md"]  # by the changes that are shown with it
            assert [name for name in missing if f"+class {name}(" not in added] == []


def test_the_readme_can_be_read_in_one_sitting() -> None:
    assert len(README.splitlines()) <= README_LINES


@pytest.mark.parametrize("path", list(generate.pages()), ids=lambda path: path.name)
def test_a_generated_page_is_what_would_be_generated_now(path: Path) -> None:
    current = path.read_text("utf-8") == generate.pages()[path]
    assert current, f"{path.relative_to(ROOT)} is stale: run `make docs`"


@pytest.mark.parametrize("model", [model for *_, root in ROOTS for model in classes_of(root)])
def test_every_setting_has_a_meaning(model: type[BaseModel]) -> None:
    assert set(model.model_fields) - field_docstrings(model).keys() == set()


@pytest.mark.parametrize("table", list(tables()), ids=lambda table: table.heading)
def test_every_column_has_a_meaning(table: Any) -> None:
    assert [name for name in table.schema.names if not table.meanings.get(name)] == []


def test_every_table_is_on_the_page_of_columns() -> None:
    schemas = [
        value
        for module in (records, published)
        for name, value in vars(module).items()
        if name.endswith("_SCHEMA")
    ]
    listed = [table.schema for table in tables()]
    assert len(schemas) == len(listed)
    assert all(any(schema is other for other in listed) for schema in schemas)


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
    table = README.split("| stage | command | reads | writes | needs |\n")[1].split("\n\n")[0]
    assert table.splitlines()[1:] == rows


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


def test_the_pages_name_targets_that_the_makefile_has() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = re.findall(r"(?:^ {4}|`)make (\w+)", "\n".join(PAGES.values()), re.MULTILINE)
    assert {"demo", "test", "docs"} <= set(named)
    assert [target for target in set(named) if f"\n{target}:" not in makefile] == []
