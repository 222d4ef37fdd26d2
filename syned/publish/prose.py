"""The text of a dataset card, section by section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from syned.markdown import code, escape, table
from syned.publish.card_facts import CardFacts
from syned.publish.making import making
from syned.run.published import DIGITAL_SOURCE_TYPE, MEANINGS

PAPER = """@inproceedings{evennou2025reframing,
  title     = {Reframing Image Difference Captioning with {BLIP2IDC} and Synthetic Augmentation},
  author    = {Evennou, Gautier and Chaffin, Antoine and Chappelier, Vivien and Kijak, Ewa},
  booktitle = {IEEE/CVF Winter Conference on Applications of Computer Vision (WACV)},
  year      = {2025},
  eprint    = {2412.15939},
  archivePrefix = {arXiv}
}"""
"""The paper whose method this is."""


def text(facts: CardFacts) -> str:
    """The Markdown of a card."""
    parts = [
        f"# {escape(facts.title)}",
        _summary(facts),
        _loading(facts),
        "## Splits",
        *_splits(facts),
        "## Columns",
        _columns(facts.schema),
        "## Examples",
        _examples(facts),
        "## How it was made",
        *making(facts),
        "## Limits",
        _limits(facts),
        "## Licence and provenance",
        *_licence(facts),
        "## Citation",
        *_citation(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(facts: CardFacts) -> str:
    rows = sum(size.rows for size in facts.splits.values())
    what = "an edited image"
    if facts.options.true_images:
        what = "the true result of the instruction (no editor took part)"
    captions = " and with captions that say what changed" if facts.has_captions else ""
    return (
        f"{rows:,} pairs of a source image and {what}, each with the instruction for the "
        f"edit{captions}. They serve to train and test models that describe the difference between "
        "two images, or that edit images."
    )


def _loading(facts: CardFacts) -> str:
    place = facts.options.push_to_hub or "path/to/this/folder"
    split = next(iter(facts.splits))
    return (
        "```python\nfrom datasets import load_dataset\n\n"
        f'pairs = load_dataset("{place}", split="{split}")\n```'
    )


def _splits(facts: CardFacts) -> Iterator[str]:
    yield table(
        ("split", "pairs", "files", "bytes"),
        [
            (split, f"{size.rows:,}", str(size.files), f"{size.size_bytes:,}")
            for split, size in facts.splits.items()
        ],
    )
    fractions = facts.options.fractions
    by_hash = (
        f"by a hash of the image's pixels ({fractions.train:g} train, {fractions.validation:g} "
        f"validation, {fractions.test:g} test; seed {facts.options.split_seed})"
    )
    how = f"It is chosen {by_hash}."
    if facts.from_source:
        how = f"It is the source's own split, or if the source names none, it is chosen {by_hash}."
    yield f"All pairs of a source image are in the same split. {how}"
    if facts.conflicts:
        yield (
            f"{facts.conflicts:,} source images are in several splits of the source. Here each of "
            "them is in test if one of these is test, and else in validation."
        )


def _columns(schema: pa.Schema) -> str:
    return table(
        ("column", "type", "meaning"),
        [(f"`{field.name}`", column_type(field.type), MEANINGS[field.name]) for field in schema],
    )


def column_type(kind: pa.DataType) -> str:
    """A column's type in a word or two."""
    if pa.types.is_struct(kind):
        return "image"
    if pa.types.is_list(kind):
        return f"list of {kind.value_type}"
    return {"double": "float64"}.get(str(kind), str(kind))


def _examples(facts: CardFacts) -> str:
    def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
        task, captions = escape(row["task"] or ""), row.get("captions") or []
        if not facts.has_captions:
            return task, escape(row["edit_prompt"])
        return (
            task,
            escape(row["instruction"]),
            "<br>".join(escape(caption) for caption in captions[:5]),
        )

    header = ("task", "instruction", "captions") if facts.has_captions else ("task", "edit prompt")
    return table(header, [cells(row) for row in facts.examples])


def _limits(facts: CardFacts) -> str:
    texts = "captions" if facts.has_captions else "edit prompts"
    captions = (
        f"The {texts} say what was asked for. Where an edit did something else as well, or only a "
        "part of it, they do not say so."
    )
    kinds = (
        "An editor follows some kinds of instructions better than others, so the kinds are not as "
        "frequent here as in the source."
    )
    biases = "The biases of the source and of every model that took part are in the data."
    scores = (
        "The filter decides by scores of models, which err. So some pairs here may be wrong, and "
        "some good ones may have been dropped."
    )
    lines = [biases] if facts.options.true_images else [captions, kinds, biases]
    if facts.selection is not None and not facts.options.true_images:
        lines.append(scores)
    return "\n".join(f"- {line}" for line in lines)


def _licence(facts: CardFacts) -> Iterator[str]:
    licence = facts.source.get("licence", "unknown")
    if licence == "unknown":
        yield (
            "The licence of the source images is not known. Find out what they may be used for "
            "before you use them."
        )
    else:
        editor = "" if facts.options.true_images else " The licence of the editor may hold as well."
        yield (
            f"The source images are under {code(licence)}, which also holds for what was made from "
            f"them.{editor}"
        )
    if not facts.options.true_images:
        yield (
            "Every edited image is synthetic. `digital_source_type` says so in IPTC's terms: "
            f"<{DIGITAL_SOURCE_TYPE}>."
        )


def _citation(facts: CardFacts) -> Iterator[str]:
    yield "The method:"
    yield f"```bibtex\n{PAPER}\n```"
    if facts.options.citation:
        yield "The source:"
        yield f"```bibtex\n{_fenced(facts.options.citation)}\n```"


def _fenced(block: str) -> str:
    """A text in which no line ends a fenced block."""
    return "\n".join(line.replace("```", "'''") for line in block.strip().splitlines())
