"""What follows from the facts of a card, whatever run.yaml holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syned.run.published import INSTRUCT_PIX2PIX_SCHEMA
from tests.publish.made_up_facts import FACTS


def test_the_source_is_told_as_run_yaml_has_it() -> None:
    assert FACTS.source == {"name": "facebook/emu", "revision": "abc", "licence": "cc-by-nc-4.0"}
    assert FACTS.source_dataset == "facebook/emu"


@pytest.mark.parametrize("settings", [{"config": {}}, {"config": {"source": {}}, "versions": {}}])
def test_a_run_that_notes_nothing_of_its_source_has_facts_all_the_same(
    settings: dict[str, Any],
) -> None:
    facts = replace(FACTS, settings=settings)

    assert facts.source == {}
    assert facts.source_dataset is None


def test_a_dataset_in_instruct_pix2pixs_columns_has_no_captions() -> None:
    assert FACTS.has_captions
    assert not replace(FACTS, schema=INSTRUCT_PIX2PIX_SCHEMA).has_captions
