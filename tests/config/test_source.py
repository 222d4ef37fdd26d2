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
    ("setting", "value"),
    [("instruction", "add a cat"), ("dataset", "a/b"), ("columns", {"task": "kind"})],
)
def test_a_setting_that_a_kind_does_not_read_is_a_mistake(setting: str, value: object) -> None:
    assert "source kind shapes does not read it; use" in mistakes(kind="shapes", **{setting: value})


def test_instruction_and_instructions_file_exclude_each_other() -> None:
    said = mistakes(kind="folder", path="p", instruction="a", instructions_file="b")
    assert "instruction is set too; give one of the two" in said
