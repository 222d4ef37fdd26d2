"""The card: what the hub reads at its head, and that data cannot do anything in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from datasets import Features
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt

from syned.config import PublishConfig
from syned.publish.card import card, features, licence_fields
from syned.run.published import INSTRUCT_PIX2PIX_SCHEMA, PUBLISHED_SCHEMA
from syned.run.shards import parquet_schema
from tests.publish.made_up_facts import FACTS, SELECTION


def head_of(text: str) -> dict[str, Any]:
    """What the hub's own reader finds at the head of a card."""
    data: Any = DatasetCard(text).data
    return dict(data.to_dict())


def test_the_hub_reads_the_head_of_the_card() -> None:
    data = head_of(card(FACTS))

    assert data["license"] == "cc-by-nc-4.0"
    assert data["language"] == ["en"]
    assert data["pretty_name"] == "my edits"
    assert data["source_datasets"] == ["facebook/emu"]
    assert data["size_categories"] == ["1K<n<10K"]
    assert "synthetic" in data["tags"]
    assert data["dataset_info"]["download_size"] == 8800
    assert data["dataset_info"]["dataset_size"] == 10000
    assert data["dataset_info"]["splits"] == [
        {"name": "train", "num_bytes": 9000, "num_examples": 900},
        {"name": "test", "num_bytes": 1000, "num_examples": 100},
    ]
    assert data["configs"] == [
        {
            "config_name": "default",
            "data_files": [
                {"split": "train", "path": "data/train-*"},
                {"split": "test", "path": "data/test-*"},
            ],
        }
    ]


@pytest.mark.parametrize("schema", [PUBLISHED_SCHEMA, INSTRUCT_PIX2PIX_SCHEMA])
def test_features_are_listed_as_datasets_would_list_them(schema: Any) -> None:
    theirs = Features.from_arrow_schema(parquet_schema(schema))._to_yaml_list()

    assert features(schema) == theirs


@pytest.mark.parametrize(
    ("licence", "fields"),
    [
        ("cc-by-4.0", {"license": "cc-by-4.0"}),
        ("CC-BY-4.0", {"license": "cc-by-4.0"}),
        ("mit, cc0-1.0", {"license": ["mit", "cc0-1.0"]}),
        ("unknown", {"license": "unknown"}),
        ("Ask: my uncle!", {"license": "other", "license_name": "ask-my-uncle"}),
        ("", {"license": "other", "license_name": "unnamed"}),
    ],
)
def test_a_licence_is_named_as_the_hub_names_it(licence: str, fields: dict[str, Any]) -> None:
    assert licence_fields(licence) == fields


def test_whatever_stands_in_the_data_is_shown_and_does_nothing() -> None:
    evil = "<script>alert('x')</script> | [a](javascript:alert(1)) `b` ![](http://e.com/x.png)"
    facts = replace(
        FACTS,
        title=f"{evil}\n---\nlicense: mit",
        options=PublishConfig(citation=f"@misc{{x}}\n```\n{evil}"),
        settings={
            "config": FACTS.settings["config"],
            "versions": {
                "editor": {"name": evil, "revision": evil},
                "source": {"name": evil, "revision": evil, "licence": evil},
                "similarity_model": evil,
            },
        },
        selection={
            **SELECTION,
            "dropped": {evil: 1},
            "thresholds": {"all": {evil: evil}, "tasks": {evil: {evil: 1}}},
            "encoder": evil,
            "contamination": {evil: {"images": 1, "captions": 1}},
        },
        paraphrased={(evil, evil): 1},
        examples=[{"task": evil, "instruction": evil, "captions": [evil, f"{evil}\n\n# b"]}],
    )

    text = card(facts)
    html = MarkdownIt("gfm-like", {"linkify": False}).render(DatasetCard(text).text)

    assert head_of(text)["license"] == "other"
    assert yaml.safe_load(text.split("---\n")[1])["dataset_info"]["download_size"] == 8800
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("<a ") == html.count('<a href="http://cv.iptc.org')
    assert "&lt;script&gt;alert" in html
    rows = html.split("<h2>Examples</h2>")[1].split("<h2>")[0].count("<tr>")
    assert rows == 2
