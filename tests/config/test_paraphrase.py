from __future__ import annotations

from typing import Any

import pytest

from syned.config import ParaphraseConfig
from syned.errors import ConfigError
from syned.settings import validate


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("device", "gpu"),
        ("kinds", ["picture"]),
        ("kinds", []),
        ("paraphrases", 0),
        ("answers", 0),
        ("rounds", 0),
        ("temperature", 0),
        ("temperature", 2.5),
        ("top_p", 0),
        ("top_p", 1.5),
        ("max_new_tokens", 7),
        ("similarity_threshold", 2),
        ("similarity_threshold", -2),
        ("word_threshold", 2),
        ("timeout_seconds", 0),
        ("retries", -1),
        ("engine", "ollama"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_name(setting: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=setting):
        validate(ParaphraseConfig, {setting: value}, "here")


def test_both_kinds_of_text_are_paraphrased_unless_one_is_named() -> None:
    assert set(ParaphraseConfig().kinds) == {"instruction", "caption"}
    named = validate(ParaphraseConfig, {"kinds": ["caption"]}, "here")
    assert list(named.kinds) == ["caption"]
