"""The facts of a dataset that nobody published, for the tests of its card."""

from __future__ import annotations

from typing import Any

from syned.config import PublishConfig
from syned.publish.card_facts import CardFacts, SplitSize
from syned.run.published import PUBLISHED_SCHEMA

SELECTION: dict[str, Any] = {
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
