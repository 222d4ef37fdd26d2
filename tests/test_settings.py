"""Settings of any kind, read from a file; those of a run are in test_config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from syned.errors import ConfigError
from syned.settings import Settings, dotted_names, load_settings, with_overrides


class _Inner(Settings):
    width: int


class _Outer(Settings):
    output: str
    more: dict[str, Any] = Field(default={})
    inner: _Inner | None = None


def _write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_mistake_is_listed_with_the_nearest_name(tmp_path: Path) -> None:
    path = _write(tmp_path, "inner: {widht: 3}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(_Outer, path, ["output=1"])
    assert str(caught.value).splitlines() == [
        f"{path}: 2 errors",
        "  inner.width is missing; it has no default",
        "  inner.widht is not a setting; did you mean inner.width?",
    ]


def test_a_section_that_may_be_left_out_can_be_taken_out(tmp_path: Path) -> None:
    path = _write(tmp_path, "output: x\ninner: {width: 3}\n")
    assert load_settings(_Outer, path, ["inner=null"]).inner is None


def test_the_settings_of_a_section_are_named_with_it() -> None:
    assert list(dotted_names(_Outer)) == ["output", "more", "inner", "inner.width"]


def test_a_table_can_be_given_whole_or_one_by_one(tmp_path: Path) -> None:
    path = _write(tmp_path, "output: x\n")
    whole = load_settings(_Outer, path, ["more={dtype: bfloat16, eager: true}"])
    assert whole.more == {"dtype": "bfloat16", "eager": True}
    assert load_settings(_Outer, path, ["more.dtype=bfloat16", "more.eager=true"]) == whole


def test_settings_that_are_read_can_be_changed(tmp_path: Path) -> None:
    read = load_settings(_Outer, _write(tmp_path, "output: x\n"))
    changed = with_overrides(read, ["inner.width=4"], "mine")
    assert changed == _Outer(output="x", inner=_Inner(width=4))
    assert changed.model_fields_set == {"output", "inner"}
    with pytest.raises(ConfigError, match=r"^mine: inner\.width is 'a'"):
        with_overrides(changed, ["inner.width=a"], "mine")
    assert with_overrides(changed, [], "mine") == changed
