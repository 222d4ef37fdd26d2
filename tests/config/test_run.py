from __future__ import annotations

from pathlib import Path

import pytest

from syned.config import RunConfig, load_config
from syned.errors import ConfigError
from syned.resources import config_path
from syned.settings import validate


def _write(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _message(path: Path, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides)
    return str(caught.value)


def test_a_file_says_what_differs_and_the_rest_is_default(tmp_path: Path) -> None:
    config = load_config(_write(tmp_path, "name: a\ngenerate:\n  steps: 5\n"))
    assert (config.name, config.generate.steps, config.generate.guidance_scale) == ("a", 5, 7.5)


def test_a_run_without_a_name_is_called_like_its_file(tmp_path: Path) -> None:
    assert load_config(_write(tmp_path, "", "winter.yaml")).name == "winter"


def test_a_section_with_nothing_in_it_is_all_defaults(tmp_path: Path) -> None:
    assert load_config(_write(tmp_path, "generate:\n")).generate.steps == 20


def test_overrides_go_before_the_file(tmp_path: Path) -> None:
    path = _write(tmp_path, "generate:\n  steps: 5\n")
    config = load_config(path, ["generate.steps=7", "name=b", "generate.guidance_scale=[6, 9]"])
    assert (config.name, config.generate.steps) == ("b", 7)
    assert config.generate.guidance_scale == (6.0, 9.0)


@pytest.mark.parametrize("text", ["2024", "a: b", "make it snow #1", "[x", "yes", "001"])
def test_a_text_setting_takes_an_override_as_it_stands(tmp_path: Path, text: str) -> None:
    path = _write(tmp_path, "source: {kind: folder, path: photos}\n")
    assert load_config(path, [f"source.instruction={text}"]).source.instruction == text


def test_a_text_setting_may_be_quoted_or_taken_away(tmp_path: Path) -> None:
    path = _write(tmp_path, "source: {kind: folder, path: photos, instruction: a}\n")
    source = load_config(path, ["source.instruction=null", 'source.path=" x"']).source
    assert (source.instruction, source.path) == (None, " x")


def test_columns_are_overridden_one_by_one(tmp_path: Path) -> None:
    path = _write(tmp_path, "source: {kind: hub, dataset: a/b, columns: {task: t}}\n")
    source = load_config(path, ["source.columns.idx=7"]).source
    assert source.columns == {"task": "t", "idx": "7"}


def test_one_mistake_is_one_line(tmp_path: Path) -> None:
    path = _write(tmp_path, "generate:\n  guidence_scale: 5\n")
    assert _message(path) == (
        f"{path}: generate.guidence_scale is not a setting; did you mean generate.guidance_scale?"
    )


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    path = _write(tmp_path, "generate: {n: 0, steps: many}\nsource: {kind: hub}\nsplitt: x\n")
    lines = _message(path).splitlines()
    assert lines[0] == f"{path}: 4 errors"
    assert sorted(lines[1:]) == [
        "  generate.n is 0; at least 1 is needed",
        "  generate.steps is 'many'; a whole number is expected",
        (
            "  source.dataset is missing; source kind hub needs a dataset id, or a path: "
            "--dataset OWNER/NAME"
        ),
        "  splitt is not a setting; did you mean source.split?",
    ]


def test_a_setting_in_the_wrong_section_is_named_where_it_belongs(tmp_path: Path) -> None:
    assert _message(_write(tmp_path, "steps: 5\n")).endswith("did you mean generate.steps?")


def test_a_name_like_no_other_lists_the_settings_there(tmp_path: Path) -> None:
    assert "there are source.kind, source.split" in _message(_write(tmp_path, "source: {zzzz: 1}"))


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("name=../x", "name is '../x'; a folder name"),
        ("name=.hidden", "name is '.hidden'; a folder name"),
        ("name=a/b", "name is 'a/b'; a folder name"),
        ("generate.n=true", "generate.n is True; a whole number"),
        ("generate=3", "generate is 3; settings are expected"),
        ("source.kind=folder", "source.path is missing; source kind folder needs the folder"),
    ],
)
def test_values_outside_their_range_are_refused(
    tmp_path: Path, setting: str, sentence: str
) -> None:
    path = _write(tmp_path, "name: a\n")
    assert _message(path, setting).startswith(f"{path}: {sentence}")


@pytest.mark.parametrize("override", ["generate.steps", "=5", "generate..steps=5", ".a=1", ""])
def test_an_override_without_the_right_form_is_refused(tmp_path: Path, override: str) -> None:
    assert "is not of the form name=value" in _message(_write(tmp_path, ""), override)


def test_an_override_that_is_not_yaml_is_refused(tmp_path: Path) -> None:
    assert "'[1,' is not a YAML value" in _message(_write(tmp_path, ""), "generate.n=[1, ")


def test_an_override_below_a_value_is_refused(tmp_path: Path) -> None:
    assert "name is a value" in _message(_write(tmp_path, "name: a\n"), "name.x=1")


def test_broken_yaml_is_named_with_line_and_column(tmp_path: Path) -> None:
    path = _write(tmp_path, "name: a\ngenerate:\n  n: [1\n  steps: 2\n")
    assert _message(path).startswith(f"{path} is not YAML: line 4, column ")


def test_yaml_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    assert "holds a list; settings are expected" in _message(_write(tmp_path, "- a\n"))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in _message(path)


def test_a_missing_file_names_the_nearest_config(tmp_path: Path) -> None:
    message = _message(tmp_path / "shape.yaml")
    assert message == f"{tmp_path / 'shape.yaml'} is not there; did you mean 'shapes'?"


@pytest.mark.parametrize("name", ["shapes", "emu_edit", "instructpix2pix", "magicbrush"])
def test_the_configs_that_need_nothing_else_load(name: str) -> None:
    assert load_config(config_path(name)).name == name


def test_a_config_survives_being_written_and_read() -> None:
    config = load_config(config_path("emu_edit"))
    assert validate(RunConfig, config.model_dump(mode="json"), "x") == config
