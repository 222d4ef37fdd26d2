"""Options that many commands have."""

from __future__ import annotations

from pathlib import Path

import pytest

from syned.cli.options import command_again, data_dir_of, overrides_of, settings_of
from syned.errors import ConfigError, RunError
from tests.conftest import make_config, new_run


def test_flags_that_were_given_become_overrides_as_they_were_typed() -> None:
    flags = {"generate.n": 4, "generate.editor": None, "source.instruction": 'say "null" 夜'}
    assert overrides_of(flags) == ["generate.n=4", r'source.instruction="say \"null\" 夜"']


def test_runs_lie_where_the_option_says_then_the_environment(
    own_data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert data_dir_of(Path("mine")) == Path("mine")
    assert data_dir_of(None) == own_data_folder
    monkeypatch.delenv("SYNED_DATA")
    assert data_dir_of(None) == Path("data")


def test_settings_come_from_a_config_by_name_or_file_or_from_an_earlier_run(
    tmp_path: Path,
) -> None:
    assert settings_of("shapes", None, None, [], None).generate.editor == "bundled:shapes"
    file = tmp_path / "mine.yaml"
    file.write_text("generate: {n: 3}\n")
    assert settings_of(None, file, None, ["generate.steps=7"], None).generate.n == 3
    new_run(tmp_path, make_config("one", n=5))
    new_run(tmp_path, make_config("two", n=6))
    assert settings_of(None, None, None, [], tmp_path).name == "two"
    again = settings_of(None, None, "one", ["generate.n=9"], tmp_path)
    assert (again.name, again.generate.n, again.generate.editor) == ("one", 9, "fake")


def test_what_one_command_asked_for_is_not_asked_for_by_the_next(tmp_path: Path) -> None:
    config = make_config(retry_failed=True)
    publish = config.publish.model_copy(update={"unfiltered": True, "push_to_hub": "me/mine"})
    new_run(tmp_path, config.model_copy(update={"publish": publish}))
    again = settings_of(None, None, None, [], tmp_path)
    assert not again.generate.retry_failed
    assert not again.publish.unfiltered
    assert again.publish.push_to_hub is None


def test_two_configs_or_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give one of them"):
        settings_of("shapes", tmp_path / "a.yaml", None, [], None)
    with pytest.raises(RunError, match="no run was used"):
        settings_of(None, None, None, [], tmp_path)


def test_the_command_that_goes_on_names_the_folder_of_runs_where_it_must(
    tmp_path: Path, own_data_folder: Path
) -> None:
    assert command_again("filter", new_run(own_data_folder)) == "syned filter --run test"
    elsewhere = tmp_path / "my runs"
    assert command_again("filter", new_run(elsewhere)) == (
        f"syned filter --run test --data-dir '{elsewhere}'"
    )
