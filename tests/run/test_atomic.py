"""Small files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

from syned.run.atomic import read_json, write_json


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_json(tmp_path / "deep" / "a.json", {"café": [1, None]})
    assert read_json(tmp_path / "deep" / "a.json") == {"café": [1, None]}
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["a.json"]


def test_a_file_that_was_cut_off_or_holds_something_else_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text('{"a": 1')
    (tmp_path / "list.json").write_text("[1]")
    assert read_json(tmp_path / "cut.json") is None
    assert read_json(tmp_path / "list.json") is None
    assert read_json(tmp_path / "none.json") is None
