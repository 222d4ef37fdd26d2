from __future__ import annotations

from typing import Any

import pytest

from syned.config import SourceConfig
from syned.errors import ConfigError
from syned.settings import validate


def mistakes(**values: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        validate(SourceConfig, values, "here")
    return str(caught.value)


def test_a_folder_needs_its_path_and_a_hub_a_dataset_or_a_path() -> None:
    assert "path is missing; source kind folder needs the folder" in mistakes(kind="folder")
    assert "dataset is missing; source kind hub needs a dataset id" in mistakes(kind="hub")
    assert SourceConfig(kind="hub", path="parquet").dataset is None


@pytest.mark.parametrize(
    ("setting", "value", "kinds"),
    [
        ("path", "photos", ["folder", "hub"]),
        ("instruction", "add a cat", ["folder"]),
        ("instructions_file", "all.txt", ["folder"]),
        ("dataset", "a/b", ["hub"]),
        ("subset", "small", ["hub"]),
        ("revision", "main", ["hub"]),
        ("columns", {"task": "kind"}, ["folder", "hub"]),
    ],
)
def test_a_setting_that_a_kind_does_not_read_is_a_mistake(
    setting: str, value: object, kinds: list[str]
) -> None:
    needed: dict[str, dict[str, Any]] = {"folder": {"path": "p"}, "hub": {"dataset": "a/b"}}
    for kind in ("shapes", "folder", "hub"):
        given = {"kind": kind, **needed.get(kind, {}), setting: value}
        if kind in kinds:
            assert getattr(validate(SourceConfig, given, "here"), setting) == value
        else:
            use = f"but source kind {kind} does not read it; use {' or '.join(kinds)}"
            assert f"{setting} is {value!r}, {use}" in mistakes(**given)


@pytest.mark.parametrize("size_px", [0, 4, 100, 511])
def test_pictures_have_a_size_that_editors_can_take(size_px: int) -> None:
    assert f"image_size_px is {size_px}; " in mistakes(image_size_px=size_px)


@pytest.mark.parametrize(("setting", "value"), [("start", -1), ("limit", 0), ("split", "")])
def test_rows_are_named_by_a_start_a_number_and_a_split(setting: str, value: object) -> None:
    assert f"{setting} is {value!r}; " in mistakes(**{setting: value})


def test_instruction_and_instructions_file_exclude_each_other() -> None:
    said = mistakes(kind="folder", path="p", instruction="a", instructions_file="b")
    assert "instruction is set too; give one of the two" in said
