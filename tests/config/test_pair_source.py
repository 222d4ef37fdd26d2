from __future__ import annotations

from typing import Any

import pytest

from syned.config import PairSource
from syned.errors import ConfigError
from syned.settings import validate


def mistakes(**values: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        validate(PairSource, values, "here")
    return str(caught.value)


def test_pairs_in_a_folder_need_one() -> None:
    for kind in ("spot_the_diff", "clevr_change", "clevr_dc", "image_editing_request", "folder"):
        assert f"path is missing; pairs of kind {kind} lie in a folder" in mistakes(kind=kind)


def test_pairs_of_the_hub_need_an_id_or_a_path() -> None:
    assert "dataset is missing; pairs of kind hub need a dataset id" in mistakes(kind="hub")
    assert PairSource(kind="published", path="data/x/dataset").dataset is None
    assert PairSource(kind="emu_edit").path is None


@pytest.mark.parametrize(
    ("setting", "value"),
    [("splits_file", "a.json"), ("changes", "change"), ("columns", {"task": "t"}), ("path", "x")],
)
def test_a_setting_that_a_kind_does_not_read_is_a_mistake(setting: str, value: object) -> None:
    found = mistakes(kind="shapes", **{setting: value})
    assert f"{setting} is {value!r}, but pairs of kind shapes do not read it; use" in found


def test_defaults_may_be_written_down() -> None:
    assert PairSource(kind="shapes", changes="all", columns={}).changes == "all"


def test_a_part_of_a_split_is_counted_from_zero() -> None:
    assert "start is -1; at least 0 is needed" in mistakes(kind="shapes", start=-1)
    assert "limit is 0; at least 1 is needed" in mistakes(kind="shapes", limit=0)
