"""The card of a dataset: README.md, with the metadata that the hub reads at its head.

What comes from data or from a config is escaped, in YAML by its writer and in Markdown by `escape`.
There is no time in it, so that the same dataset has the same card.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from huggingface_hub import DatasetCardData

from syned.config import PublishConfig
from syned.publish import prose
from syned.publish.card_facts import CardFacts, SplitSize

HUB_LICENCES = frozenset(
    "apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0 "
    "bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause "
    "bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 "
    "cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 "
    "cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 "
    "cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 "
    "agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc lppl-1.3c ms-pl mpl-2.0 odc-by "
    "odbl openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl unknown other".split()
)
"""Identifiers that the hub accepts (hf.co/docs/hub/repositories-licenses)."""

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"),
          (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"))  # fmt: skip


def card(facts: CardFacts) -> str:
    """The whole of README.md."""
    head = DatasetCardData(**metadata(facts)).to_yaml(line_break="\n")
    return f"---\n{head}\n---\n\n{prose.text(facts)}"


def metadata(facts: CardFacts) -> dict[str, Any]:
    """What the hub and `datasets` read: features, splits, licence, tags."""
    options, source = facts.options, facts.source
    found: dict[str, Any] = {
        "pretty_name": _line(facts.title),
        **licence_fields(source.get("licence", "unknown")),
        "task_categories": ["image-to-image", "image-to-text"],
        "tags": ["synthetic", "image-editing", "image-difference-captioning", "syned"],
        "annotations_creators": ["machine-generated"],
        "source_datasets": [_line(facts.source_dataset or "original")],
        "size_categories": [_size_category(sum(size.rows for size in facts.splits.values()))],
        "dataset_info": _dataset_info(facts.schema, facts.splits),
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": split, "path": f"data/{split}-*"} for split in facts.splits
                ],
            }
        ],
    }
    return found | _language(options)


def licence_fields(licence: str) -> dict[str, Any]:
    """A source's licence, named as the hub names it; another one is `other`, with its name."""
    names = [name.strip().lower() for name in licence.split(",") if name.strip()]
    if names and all(name in HUB_LICENCES for name in names):
        return {"license": names[0] if len(names) == 1 else names}
    plain = re.sub(r"[^a-z0-9.]+", "-", licence.lower()).strip("-")
    return {"license": "other", "license_name": plain or "unnamed"}


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """The columns as a card lists them; equal to what `datasets` would write."""
    return [{"name": field.name, **_kind(field.type)} for field in schema]


def _kind(kind: pa.DataType) -> dict[str, str]:
    if pa.types.is_struct(kind):
        return {"dtype": "image"}
    if pa.types.is_list(kind):
        return {"list": str(kind.value_type)}
    return {"dtype": {"double": "float64"}.get(str(kind), str(kind))}


def _language(options: PublishConfig) -> dict[str, Any]:
    return {"language": [_line(options.language)]} if options.language else {}


def _line(text: str) -> str:
    """A text without line breaks: readers of cards look for the end of the head line by line."""
    return " ".join(text.split())


def _dataset_info(schema: pa.Schema, splits: Mapping[str, SplitSize]) -> dict[str, Any]:
    return {
        "features": features(schema),
        "splits": [
            {"name": split, "num_bytes": size.num_bytes, "num_examples": size.rows}
            for split, size in splits.items()
        ],
        "download_size": sum(size.size_bytes for size in splits.values()),
        "dataset_size": sum(size.num_bytes for size in splits.values()),
    }


def _size_category(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), "n>10M")
