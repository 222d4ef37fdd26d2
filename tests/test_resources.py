"""Files that come with Syned are found by name."""

from __future__ import annotations

import pytest

from syned import resources
from syned.errors import ConfigError


def test_every_config_is_found_by_its_name() -> None:
    assert "shapes" in resources.config_names()
    for name in resources.config_names():
        assert resources.config_path(name).name == f"{name}.yaml"


def test_configs_of_training_are_named_apart_from_those_of_runs() -> None:
    runs, trainings = resources.config_names(), resources.config_names(training=True)
    assert not any(name.startswith("train_") for name in runs)
    assert all(name.startswith("train_") for name in trainings)
    for name in trainings:
        assert resources.config_path(name, training=True).is_file()
        with pytest.raises(ConfigError):
            resources.config_path(name)


def test_a_wrong_config_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"'shape' is no config .* did you mean 'shapes'\?"):
        resources.config_path("shape")


def test_a_name_that_resembles_nothing_is_answered_with_all_of_them() -> None:
    with pytest.raises(ConfigError, match=r"there are emu_edit, folder, hub, .*shapes"):
        resources.config_path("zzz")


@pytest.mark.parametrize("name", ["../pyproject", "/etc/passwd", ""])
def test_a_name_leads_to_no_file_elsewhere(name: str) -> None:
    with pytest.raises(ConfigError):
        resources.config_path(name)


def test_a_prompt_that_does_not_exist_is_said_to_be_missing() -> None:
    with pytest.raises(ConfigError, match="'nonsense' is no prompt"):
        resources.prompt_path("nonsense")


def test_bundled_models_are_found_by_kind_and_name() -> None:
    assert (resources.bundled("editor", "shapes") / "model_index.json").is_file()
    assert (resources.bundled("clip", "shapes") / "config.json").is_file()


def test_the_bundled_models_stay_under_25_megabytes() -> None:
    folder = resources.bundled("clip", "shapes").parent
    sizes = {
        path.name: sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        for path in folder.glob("shapes_*")
    }
    assert sizes["shapes_clip"] < 5_000_000
    assert sum(sizes.values()) < 25_000_000


def test_an_editor_that_is_not_bundled_is_said_to_be_missing() -> None:
    with pytest.raises(ConfigError, match="bundled:photos is no editor of this Syned"):
        resources.bundled("editor", "photos")


def test_the_pinned_versions_name_every_library_with_one_version() -> None:
    versions = resources.pinned_versions()
    assert versions["torch"] == "2.13.0"
    assert {"pyarrow", "pydantic", "typer", "diffusers"} <= versions.keys()
    assert all(version[0].isdigit() for version in versions.values())
