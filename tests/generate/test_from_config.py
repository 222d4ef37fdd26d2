"""From the settings of a run to its editor, and to what its edit ids are made of."""

from __future__ import annotations

from typing import Any

import pytest

from syned.config import RunConfig
from syned.errors import SynedError
from syned.generate.from_config import edit_settings, identity_of_editor, open_editor
from syned.models.fake import FakeEditor
from tests.conftest import make_config

IDENTITY = {"name": "fake", "revision": "1"}


def changed(config: RunConfig, section: str, **settings: Any) -> RunConfig:
    own = getattr(config, section).model_copy(update=settings)
    return config.model_copy(update={section: own})


def test_the_editor_that_a_config_names_is_opened() -> None:
    assert isinstance(open_editor(make_config()), FakeEditor)


def test_an_editor_is_named_without_being_loaded() -> None:
    assert identity_of_editor(make_config()) == IDENTITY
    with pytest.raises(SynedError, match="nowhere"):
        identity_of_editor(make_config(editor="./nowhere"))


@pytest.mark.parametrize(
    ("section", "setting"),
    [
        ("generate", {"scheduler": None}),
        ("generate", {"steps": 7}),
        ("generate", {"guidance_scale": (6.0, 9.0)}),
        ("generate", {"image_guidance_scale": 2.0}),
        ("generate", {"seed": 1}),
        ("source", {"image_size_px": 128}),
    ],
)
def test_every_setting_that_shapes_an_edit_is_listed_under_its_name(
    section: str, setting: dict[str, Any]
) -> None:
    before = edit_settings(make_config(), IDENTITY)
    after = edit_settings(changed(make_config(), section, **setting), IDENTITY)
    ((name, value),) = setting.items()
    assert {key: after[key] for key in after if after[key] != before[key]} == {
        f"{section}.{name}": value
    }


def test_another_editor_or_revision_shapes_an_edit() -> None:
    settings = edit_settings(make_config(), {"name": "a/b", "revision": "0123abc"})
    assert (settings["editor.name"], settings["editor.revision"]) == ("a/b", "0123abc")


@pytest.mark.parametrize(
    "setting",
    [{"n": 99}, {"batch_size": 7}, {"shard_rows": 5}, {"device": "cuda"}, {"retry_failed": True}],
)
def test_how_much_and_where_is_computed_leaves_the_edits_as_they_are(
    setting: dict[str, Any],
) -> None:
    before = edit_settings(make_config(), IDENTITY)
    assert edit_settings(changed(make_config(), "generate", **setting), IDENTITY) == before
