from __future__ import annotations

from pathlib import Path

import pytest

from syned.errors import ConfigError, EngineError
from syned.models.checkpoints import Checkpoint, find_checkpoint, folder_hash, hash_where_local
from syned.resources import bundled


def test_weights_and_settings_count_and_other_files_do_not(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "unet" / "model.safetensors").write_bytes(b"1")
    first = folder_hash(tmp_path)
    (tmp_path / "picture.png").write_bytes(b"x")
    assert folder_hash(tmp_path) == first
    (tmp_path / "unet" / "model.safetensors").write_bytes(b"2")
    assert folder_hash(tmp_path) != first


def test_where_a_folder_lies_does_not_count_and_where_its_files_lie_does(tmp_path: Path) -> None:
    for name, inner in (("a", "x"), ("b", "x"), ("c", "y")):
        (tmp_path / name / inner).mkdir(parents=True)
        (tmp_path / name / inner / "config.json").write_text("{}")
    assert folder_hash(tmp_path / "a") == folder_hash(tmp_path / "b")
    assert folder_hash(tmp_path / "a") != folder_hash(tmp_path / "c")


def find(name: str, bundled_kind: str = "") -> Checkpoint:
    return find_checkpoint(
        name,
        what="editor",
        marker="model_index.json",
        hint="it lies beside unet/",
        instead="use another",
        bundled_kind=bundled_kind,
    )


def test_a_folder_is_known_by_what_it_holds(tmp_path: Path) -> None:
    folder = tmp_path / "x@y"
    folder.mkdir()
    (folder / "model_index.json").write_text("{}")
    found = find(str(folder))
    assert (found.location, found.name, found.hub_revision) == (str(folder), "folder", None)
    assert found.full_name == f"folder@{folder_hash(folder)}"


def test_what_is_no_such_checkpoint_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"has no model_index.json, so it is no editor; it lies"):
        find(str(tmp_path))
    with pytest.raises(EngineError, match=r"neither a folder nor a hub id.*or use another"):
        find("./nowhere")
    with pytest.raises(EngineError, match=r"neither a folder nor a hub id"):
        find("bundled:shapes")


def test_a_bundled_model_is_the_folder_that_comes_with_syned() -> None:
    found = find("bundled:shapes", "editor")
    folder = bundled("editor", "shapes")
    assert (found.location, found.name) == (str(folder), "bundled:shapes")
    assert found.revision == folder_hash(folder)
    with pytest.raises(ConfigError, match="ships"):
        find("bundled:ships", "clip")


def test_local_checkpoints_have_a_hash_and_hub_ids_and_new_models_have_none(
    tmp_path: Path,
) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert hash_where_local(str(tmp_path)) == folder_hash(tmp_path)
    assert hash_where_local("bundled:shapes") == folder_hash(bundled("clip", "shapes"))
    assert hash_where_local("Salesforce/blip2-opt-2.7b") == ""
    assert hash_where_local(None) == ""
