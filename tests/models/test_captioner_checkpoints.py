from __future__ import annotations

from pathlib import Path

import pytest

from syned.errors import ConfigError
from syned.models.captioner_checkpoints import checkpoint_hash, locate
from syned.models.hashes import folder_hash
from syned.resources import bundled


def test_a_name_may_carry_a_revision_and_a_folder_any_sign(tmp_path: Path) -> None:
    assert locate("Salesforce/blip2-opt-2.7b") == ("Salesforce/blip2-opt-2.7b", None)
    assert locate("a/b@main") == ("a/b", "main")
    folder = tmp_path / "x@y"
    folder.mkdir()
    assert locate(str(folder)) == (str(folder), None)


def test_a_bundled_clip_is_the_folder_that_comes_with_syned() -> None:
    assert locate("bundled:shapes") == (str(bundled("clip", "shapes")), None)
    with pytest.raises(ConfigError, match="ships"):
        locate("bundled:ships")


def test_folders_have_a_hash_and_hub_ids_and_new_models_have_none(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert checkpoint_hash(str(tmp_path)) == folder_hash(tmp_path)
    assert checkpoint_hash("bundled:shapes") == folder_hash(bundled("clip", "shapes"))
    assert checkpoint_hash("Salesforce/blip2-opt-2.7b") == ""
    assert checkpoint_hash(None) == ""
