from __future__ import annotations

from pathlib import Path

from syned.models.hashes import folder_hash


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
