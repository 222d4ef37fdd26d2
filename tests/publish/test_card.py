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
from syned.publish.card_facts import CardFacts, SplitSize
from syned.run.published import INSTRUCT_PIX2PIX_SCHEMA, PUBLISHED_SCHEMA
from syned.run.shards import parquet_schema

SELECTION = {
    "kept": 900,
    "dropped": {"scene_lost": 80, "near_duplicate": 20},
    "by_task": {},
    "thresholds": {
        "all": {"image_similarity": 0.7, "directional_similarity": 0.2},
        "tasks": {"style": {"image_similarity": 0.5}, "text": {"directional_similarity": None}},
    },
    "encoder": "openai/clip-vit-large-patch14@32bd64",
    "contamination": {"emu_edit_test": {"images": 3, "captions": 1}},
    "truth": {"judged": 1000, "right": 800, "kept_judged": 900, "kept_right": 720},
}
FACTS = CardFacts(
    title="my edits",
    schema=PUBLISHED_SCHEMA,
    splits={"train": SplitSize(900, 9000, 8000, 2), "test": SplitSize(100, 1000, 800, 1)},
    from_source=0,
    conflicts=0,
    options=PublishConfig(),
    settings={
        "config": {
            "source": {"dataset": "facebook/emu", "split": "validation", "image_size_px": 512},
            "generate": {"steps": 20, "guidance_scale": [6.0, 9.0], "seed": 0},
        },
        "versions": {
            "editor": {"name": "vinesmsuic/magicbrush-jul7", "revision": "77a1"},
            "source": {"name": "facebook/emu", "revision": "abc", "licence": "cc-by-nc-4.0"},
            "similarity_model": "minilm",
        },
    },
    selection=SELECTION,
    paraphrased={("allenai/Olmo@1", "paraphrase_caption v1 0123"): 4000},
    examples=[{"task": "add", "instruction": "add a cat", "captions": ["a cat is new"]}],
)


def head_of(text: str) -> dict[str, Any]:
    """What the hub's own reader finds at the head of a card."""
    data: Any = DatasetCard(text).data
    return dict(data.to_dict())


def prose_of(facts: CardFacts) -> str:
    return str(DatasetCard(card(facts)).text)


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


def test_the_card_says_how_the_data_were_made_and_filtered() -> None:
    prose = prose_of(FACTS)

    assert "`vinesmsuic/magicbrush-jul7` (revision `77a1`)" in prose
    assert "guidance scale `6.0` to `9.0`" in prose
    assert "4,000 by `allenai/Olmo@1` with the prompt `paraphrase_caption v1 0123`" in prose
    assert "Of 1,000 edits, scored by `openai/clip-vit-large-patch14@32bd64`" in prose
    assert "| `scene_lost` | 80 |" in prose
    assert "| threshold | all | style | text |" in prose
    assert "| `image_similarity` | 0.7 | 0.5 |  |" in prose
    assert "| `directional_similarity` | 0.2 |  | none |" in prose
    assert "| `emu_edit_test` | 3 | 1 |" in prose
    assert "80.0% of the kept ones are right, and 90.0% of the right ones were kept" in prose
    assert "arXiv" in prose
    assert "compositeWithTrainedAlgorithmicMedia" in prose


def test_the_card_says_when_nothing_was_filtered_compared_or_paraphrased() -> None:
    unfiltered = replace(
        FACTS, options=PublishConfig(unfiltered=True), selection=None, paraphrased={}
    )

    assert "**Nothing was filtered:**" in prose_of(unfiltered)
    assert "nothing was paraphrased" in prose_of(unfiltered)
    clean = replace(FACTS, selection={**SELECTION, "contamination": {}, "truth": None})
    assert "compared with no evaluation set" in prose_of(clean)
    assert "are right" not in prose_of(clean)


def test_the_card_says_how_it_was_split() -> None:
    assert "(0.9 train, 0.05 validation, 0.05 test; seed 0)" in prose_of(FACTS)
    own = prose_of(replace(FACTS, from_source=9, conflicts=2))
    assert "the source's own where it names one" in own
    assert "2 source images are in several splits of the source" in own


def test_true_images_are_not_called_synthetic() -> None:
    prose = prose_of(replace(FACTS, options=PublishConfig(true_images=True)))

    assert "no editor took part" in prose
    assert "digitalsourcetype" not in prose.replace("`digital_source_type`", "")
    assert "magicbrush" not in prose


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


def test_instruct_pix2pix_columns_have_a_card_too() -> None:
    examples = [{"task": "add", "edit_prompt": "add a cat"}]
    facts = replace(FACTS, schema=INSTRUCT_PIX2PIX_SCHEMA, examples=examples)

    assert "| add | add a cat |  |" in prose_of(facts)
    assert "| `edit_prompt` | string | The instruction: what was asked for. |" in prose_of(facts)
