"""From the settings of a config to what is asked, and how strictly answers are judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("jinja2")

from syned.config import ParaphraseConfig, TextKind
from syned.errors import ConfigError
from syned.models.base import Reply
from syned.paraphrase.from_config import (
    load_prompts,
    open_judge,
    paraphrase_options,
    paraphrase_settings,
)
from syned.paraphrase.prompts import Prompt
from syned.resources import prompt_path
from syned.run.records import Original

PROMPTS = load_prompts(ParaphraseConfig())
HAT = Original("1", "instruction", "Add a hat to the bear")

OF_ANSWERS: list[dict[str, object]] = [
    {"answers": 9},
    {"temperature": 0.5},
    {"top_p": 0.5},
    {"max_new_tokens": 32},
]
OF_JUDGEMENT: list[dict[str, object]] = [
    {"similarity_model": "minilm"},
    {"similarity_threshold": 0.5},
    {"word_threshold": 0.5},
]


class Alike:
    """All sentences are alike, and no word is like another."""

    name = "alike"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        words = [0 if " " in text else 1 + sum(map(ord, text)) % 500 for text in texts]
        return np.eye(501, dtype=np.float32)[words]


def settings_of(**changes: object) -> dict[str, object]:
    return paraphrase_settings(ParaphraseConfig.model_validate(changes), "m@1", PROMPTS)


def judged_by(**changes: object) -> str:
    options = ParaphraseConfig.model_validate(changes)
    return paraphrase_options(options, "m@1", PROMPTS).judged_by


def reason(text: str, changes: dict[str, object], encoder: Alike | None = None) -> str:
    """Why a paraphrase of HAT is rejected by the judge that these settings describe."""
    judge = open_judge(ParaphraseConfig.model_validate(changes), encoder)
    ((candidate,),) = judge.judge([(HAT, [Reply("k", (text,), (False,), 1)])])
    return candidate.reason


def test_every_kind_of_text_has_the_prompt_that_is_named_for_it(tmp_path: Path) -> None:
    mine = tmp_path / "mine.md"
    text = prompt_path("paraphrase_instruction").read_text("utf-8")
    mine.write_text(text.replace("id: paraphrase_instruction", "id: mine"), "utf-8")
    prompts = load_prompts(ParaphraseConfig(instruction_prompt=str(mine)))
    assert {kind: prompt.id for kind, prompt in prompts.items()} == {
        "instruction": "mine",
        "caption": "paraphrase_caption",
    }


@pytest.mark.parametrize("kind", ["instruction", "caption"])
def test_a_prompt_that_cannot_be_used_is_refused_whichever_it_is(kind: str) -> None:
    options = ParaphraseConfig.model_validate({f"{kind}_prompt": "nonsense"})
    with pytest.raises(ConfigError, match="'nonsense' is no prompt"):
        load_prompts(options)


@pytest.mark.parametrize("change", OF_ANSWERS, ids=lambda change: next(iter(change)))
def test_what_changes_the_answers_changes_the_settings_of_a_run(change: dict[str, object]) -> None:
    (name,) = change
    assert settings_of(**change) == {**settings_of(), f"paraphrase.{name}": change[name]}
    assert settings_of(**change) != settings_of()


@pytest.mark.parametrize("change", OF_JUDGEMENT, ids=lambda change: next(iter(change)))
def test_what_changes_verdicts_alone_judges_anew_and_asks_for_nothing(
    change: dict[str, object],
) -> None:
    assert judged_by(**change) != judged_by()
    assert settings_of(**change) == settings_of()


def test_another_model_or_another_prompt_changes_the_settings_of_a_run() -> None:
    options = ParaphraseConfig()
    assert paraphrase_settings(options, "m@2", PROMPTS) != settings_of()
    swapped: dict[TextKind, Prompt] = {
        "instruction": PROMPTS["caption"],
        "caption": PROMPTS["instruction"],
    }
    assert paraphrase_settings(options, "m@1", swapped) != settings_of()


def test_what_is_asked_for_is_what_the_config_says() -> None:
    options = ParaphraseConfig(
        paraphrases=3,
        rounds=7,
        shard_rows=11,
        answers=5,
        temperature=0.4,
        top_p=0.6,
        max_new_tokens=33,
    )
    asked = paraphrase_options(options, "m@1", PROMPTS)
    assert (asked.model, asked.prompts) == ("m@1", PROMPTS)
    assert (asked.paraphrases, asked.rounds, asked.shard_rows) == (3, 7, 11)
    sampling = asked.sampling
    assert (sampling.answers, sampling.max_new_tokens) == (5, 33)
    assert (sampling.temperature, sampling.top_p) == (0.4, 0.6)


@pytest.mark.parametrize("fake", [{"engine": "fake"}, {"similarity_model": "fake"}])
def test_a_fake_engine_or_similarity_model_loads_no_real_one(fake: dict[str, object]) -> None:
    assert reason("Put a hat on the bear", fake) == ""


def test_a_similarity_model_may_be_given_in_place_of_the_one_that_is_named() -> None:
    named: dict[str, object] = {"similarity_model": "nowhere"}
    assert reason("Put a cap on the bear", named, Alike()) == "object_lost"


def test_the_judge_is_as_strict_as_the_config_says() -> None:
    text = "Put a cap on the bear"
    loose: dict[str, object] = {"similarity_threshold": -1, "word_threshold": -1}
    assert reason(text, loose, Alike()) == ""
    assert reason(text, {**loose, "word_threshold": 0.5}, Alike()) == "object_lost"
    strict: dict[str, object] = {"engine": "fake", **loose, "similarity_threshold": 1}
    assert reason(text, strict) == "too_far"
