"""The settings of a run, as the next call takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from syned.config import RunConfig
from syned.errors import ConfigError, RunError
from syned.run.directory import Run
from syned.run.stored_settings import ONCE, stored_settings
from tests.conftest import make_config, new_run

ASKED = {
    "generate": {"retry_failed": True},
    "paraphrase": {"engine": "server", "url": "http://127.0.0.1:8000/v1"},
    "publish": {
        "unfiltered": True,
        "true_images": True,
        "push_to_hub": "me/mine",
        "private": False,
        "title": "Mine",
    },
}


def test_what_one_call_asked_for_is_not_asked_for_by_the_next(tmp_path: Path) -> None:
    run = new_run(tmp_path, RunConfig.model_validate({"name": "test", **ASKED}))
    settings, default = stored_settings(run), RunConfig(name="test")
    assert settings.generate.retry_failed is False
    assert settings.paraphrase.url is None
    assert settings.publish == default.publish.model_copy(update={"title": "Mine"})
    assert settings.paraphrase.engine == "server"


@pytest.mark.parametrize("name", ONCE)
def test_each_of_them_is_a_setting_and_can_be_asked_for_again(name: str, tmp_path: Path) -> None:
    section, _, setting = name.partition(".")
    value = {"paraphrase.url": "http://a/v1", "publish.push_to_hub": "me/mine"}.get(name)
    plain = getattr(getattr(RunConfig(name="any"), section), setting)
    override = f"{name}={value or str(not plain).lower()}"
    again = stored_settings(new_run(tmp_path), [override])
    assert getattr(getattr(again, section), setting) == (value or (not plain))


def test_a_copied_run_is_called_as_its_folder_is(tmp_path: Path) -> None:
    run = new_run(tmp_path, make_config("one", n=5))
    run.path.rename(tmp_path / "2024")
    settings = stored_settings(Run(tmp_path / "2024"))
    assert (settings.name, settings.generate.n) == ("2024", 5)


def test_overrides_go_before_what_is_stored(tmp_path: Path) -> None:
    run = new_run(tmp_path, make_config(n=5))
    assert stored_settings(run, ["generate.n=7"]).generate.n == 7
    with pytest.raises(ConfigError, match=r"generate\.n is 0"):
        stored_settings(run, ["generate.n=0"])


def test_a_run_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is not a run: it has no run\.yaml"):
        stored_settings(Run(tmp_path / "nothing"))
