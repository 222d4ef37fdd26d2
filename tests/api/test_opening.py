"""Runs are started by a config and opened by a name, a folder, or as the last one."""

from __future__ import annotations

from pathlib import Path

import pytest

import syned
from syned.config import RunConfig


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYNED_DATA", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


def made(name: str) -> syned.Run:
    settings = ("generate.editor=fake", "generate.n=2", f"name={name}")
    run = syned.start_run("shapes", *settings)
    run.generate(progress=False)
    return run


def test_a_config_comes_by_name_or_as_a_file(tmp_path: Path) -> None:
    config = syned.load_config("shapes", "generate.n=3")
    assert isinstance(config, RunConfig)
    assert (config.name, config.generate.n, config.generate.steps) == ("shapes", 3, 2)
    file = tmp_path / "mine.yaml"
    file.write_text("generate: {n: 5}\n")
    for given in (file, str(file), "mine.yaml"):
        assert syned.load_config(given).generate.n == 5
    with pytest.raises(syned.ConfigError, match="did you mean 'shapes'"):
        syned.load_config("shape")
    plain = tmp_path / "plain"
    plain.write_text("generate: {n: 6}\n")
    assert syned.load_config(plain).generate.n == 6


def test_a_file_of_the_home_folder_can_be_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.yaml").write_text("generate: {n: 5}\n")
    assert syned.load_config("~/mine.yaml").generate.n == 5
    assert syned.start_run("shapes", data_dir="~/other").path == tmp_path / "other" / "shapes"


def test_a_run_is_started_by_a_config_of_any_form_and_writes_nothing_yet(
    own_data_folder: Path,
) -> None:
    config = syned.load_config("shapes", "generate.n=3", "name=mine")
    assert syned.start_run("shapes").path == own_data_folder / "shapes"
    assert syned.start_run(config).config == config
    changed = syned.start_run(config, "generate.steps=4").config
    assert (changed.generate.n, changed.generate.steps, changed.name) == (3, 4, "mine")
    assert syned.start_run(config, data_dir="elsewhere").path == Path("elsewhere/mine")
    assert not own_data_folder.exists()


def test_a_folder_that_holds_something_else_is_refused(own_data_folder: Path) -> None:
    (own_data_folder / "shapes").mkdir(parents=True)
    (own_data_folder / "shapes" / "thesis.tex").touch()
    with pytest.raises(syned.RunError, match=r"it holds 'thesis\.tex'"):
        syned.start_run("shapes")


def test_a_run_is_opened_by_its_name_or_its_folder_or_as_the_last_one(
    own_data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made("one")
    made("two")
    assert syned.open_run().name == "two"
    assert syned.open_run("one").name == "one"
    assert syned.open_run().name == "one"
    for folder in (own_data_folder / "two", "runs/two", "runs/two/"):
        assert syned.open_run(folder).path == own_data_folder / "two"
    assert syned.open_run("one", data_dir=own_data_folder).edits()[0].status == "done"
    monkeypatch.chdir(own_data_folder / "two")
    assert syned.open_run(Path()).name == "two"


def test_a_run_that_is_not_there_is_refused(own_data_folder: Path) -> None:
    with pytest.raises(syned.RunError, match="no run was used"):
        syned.open_run()
    made("shapes")
    with pytest.raises(syned.RunError, match="did you mean 'shapes'"):
        syned.open_run("shape")
    with pytest.raises(syned.RunError, match="has no run 'nothing'"):
        syned.open_run(own_data_folder / "nothing")
    with pytest.raises(syned.RunError, match="the name of the run is empty"):
        syned.open_run("")


def test_a_run_by_its_folder_is_as_lasting_as_the_folder(
    own_data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made("one")
    run = syned.open_run("runs/one")
    monkeypatch.chdir("/")
    assert len(run.edits()) == 2
