from __future__ import annotations

from pathlib import Path

import pytest

from syned.errors import ConfigError
from syned.sources.base import folder_of


def test_a_folder_may_be_named_from_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_of("~/photos") == tmp_path / "photos"


@pytest.mark.parametrize("path", [None, "", "nowhere"])
def test_what_is_no_folder_is_refused_with_where_it_was_looked_for(path: str | None) -> None:
    with pytest.raises(ConfigError, match=r"source.path is .*not a folder \(seen from /"):
        folder_of(path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "photo.png").touch()
    with pytest.raises(ConfigError, match="not a folder"):
        folder_of(str(tmp_path / "photo.png"))
