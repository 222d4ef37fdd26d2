"""What a dataset's card says below its head: contents, making, limits, licence, citation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from syned import __version__
from syned.config import PublishConfig
from syned.publish.markdown import code, escape, table
from syned.published import DIGITAL_SOURCE_TYPE, MEANINGS

PAPER = """@inproceedings{evennou2025reframing,
  title     = {Reframing Image Difference Captioning with {BLIP2IDC} and Synthetic Augmentation},
  author    = {Evennou, Gautier and Chaffin, Antoine and Chappelier, Vivien and Kijak, Ewa},
  booktitle = {IEEE/CVF Winter Conference on Applications of Computer Vision (WACV)},
  year      = {2025},
  eprint    = {2412.15939},
  archivePrefix = {arXiv}
}"""
"""The paper whose method this is."""


@dataclass(frozen=True, slots=True)
class SplitSize:
    """How large a split is."""

    rows: int
    num_bytes: int
    """In memory, as Arrow holds it."""
    size_bytes: int
    """On disk."""
    files: int


@dataclass(frozen=True, slots=True)
class CardFacts:
    """All that a card tells."""

    title: str
    schema: pa.Schema
    splits: Mapping[str, SplitSize]
    """In the order train, validation, test; only those that have rows."""
    from_source: int
    """Source images whose split is the source's own."""
    conflicts: int
    """Source images that were in several splits of the source."""
    options: PublishConfig
    settings: Mapping[str, Any]
    """What run.yaml holds."""
    selection: Mapping[str, Any] | None
    """How edits were selected; None where nobody selected."""
    paraphrased: Mapping[tuple[str, str], int]
    """Language model and prompt -> paraphrases."""
    examples: Sequence[Mapping[str, Any]]
    """Some rows, without their images."""

    @property
    def source(self) -> Mapping[str, str]:
        """Name, revision and licence."""
        found: Mapping[str, str] = self.settings.get("versions", {}).get("source", {})
        return found

    @property
    def source_dataset(self) -> str | None:
        """Its id on the hub; None for images that are from elsewhere."""
        dataset: str | None = self.settings["config"].get("source", {}).get("dataset")
        return dataset


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
        *_making(facts),
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
    return (
        f"{rows:,} pairs of a source image and {what}, each with the instruction that was "
        "followed and with captions that say what changed. For training and testing models that "
        "put the difference between two images into words, or that edit images."
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
        f"by a hash of its pixels ({fractions.train:g} train, {fractions.validation:g} validation, "
        f"{fractions.test:g} test; seed {facts.options.split_seed})"
    )
    how = f"each source image is in one of them {by_hash}"
    if facts.from_source:
        how = f"the source's own where it names one, else {by_hash}"
    yield f"Pairs of one source image never lie in two splits: {how}."
    if facts.conflicts:
        yield (
            f"{facts.conflicts:,} source images are in several splits of the source; here, test "
            "wins over validation over train."
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
        captions = row.get("captions") or []
        instruction = row.get("instruction", row.get("edit_prompt", ""))
        return (
            escape(row["task"] or ""),
            escape(instruction),
            "<br>".join(escape(caption) for caption in captions[:5]),
        )

    return table(("task", "instruction", "captions"), [cells(row) for row in facts.examples])


def _making(facts: CardFacts) -> Iterator[str]:
    yield f"Made with Syned {__version__}. The images are those of {_source_line(facts)}"
    if facts.options.true_images:
        yield "The edited images are the source's own, the true results of the instructions."
    else:
        yield _editor_line(facts)
    yield _paraphrase_line(facts)
    yield from _filter_lines(facts)
    encoding = facts.options.image_format
    quality = "" if encoding == "png" else f", quality {facts.options.quality}"
    yield (
        f"Both images of a pair were encoded by the same code ({encoding}{quality}), so that "
        "nothing but their content tells them apart."
    )


def _source_line(facts: CardFacts) -> str:
    source, config = facts.source, facts.settings["config"].get("source", {})
    name = code(source.get("name", "unknown"))
    parts = [f"revision {code(source['revision'])}"] if source.get("revision") else []
    parts += [f"split {code(config['split'])}"] if config.get("split") else []
    parts += (
        [f"longest side {code(config['image_size_px'])} px"] if config.get("image_size_px") else []
    )
    return f"{name}{' (' + ', '.join(parts) + ')' if parts else ''}."


def _editor_line(facts: CardFacts) -> str:
    editor = facts.settings.get("versions", {}).get("editor", {})
    settings = facts.settings["config"].get("generate", {})
    names = ("steps", "guidance_scale", "image_guidance_scale", "scheduler", "seed")
    told = [
        f"{name.replace('_', ' ')} {code(settings[name])}"
        for name in names
        if settings.get(name) is not None
    ]
    name = code(editor.get("name", "unknown"))
    revision = f" (revision {code(editor['revision'])})" if editor.get("revision") else ""
    return f"They were edited by {name}{revision}: {', '.join(told)}."


def _paraphrase_line(facts: CardFacts) -> str:
    if "captions" not in facts.schema.names:
        return "The edit prompts are the source's instructions."
    if not facts.paraphrased:
        return "The captions are the source's, or its instructions; nothing was paraphrased."
    judge = facts.settings.get("versions", {}).get("similarity_model")
    judged = f", judged by rules and by {code(judge)}" if judge else ""
    made = "; ".join(
        f"{count:,} by {code(model)} with the prompt {code(prompt)}"
        for (model, prompt), count in sorted(facts.paraphrased.items())
    )
    return (
        "The captions are the source's, or its instructions, followed by paraphrases of a language "
        f"model{judged}. Accepted: {made}."
    )


def _filter_lines(facts: CardFacts) -> Iterator[str]:
    if facts.options.unfiltered:
        yield "**Nothing was filtered:** every edit that was made is here, whatever it looks like."
    if facts.selection is None:
        return
    selection = facts.selection
    dropped = selection.get("dropped", {})
    total = sum(dropped.values())
    encoder = selection.get("encoder")
    scored = f", scored by {code(encoder)}" if encoder else ""
    yield (
        f"Of {selection['kept'] + total:,} edits{scored}, {selection['kept']:,} were kept and "
        f"{total:,} dropped:"
    )
    yield table(("reason", "edits"), [(code(r), f"{n:,}") for r, n in dropped.items()])
    yield from _thresholds(selection.get("thresholds") or {})
    yield from _contamination(selection.get("contamination") or {})
    truth = selection.get("truth")
    if truth and truth["kept_judged"] and truth["right"]:
        precision = truth["kept_right"] / truth["kept_judged"]
        recall = truth["kept_right"] / truth["right"]
        yield (
            f"The true result is known for {truth['judged']:,} of these edits: {precision:.1%} of "
            f"the kept ones are right, and {recall:.1%} of the right ones were kept."
        )


def _thresholds(thresholds: Mapping[str, Any]) -> Iterator[str]:
    """A row for each threshold, a column for all tasks and for each that has its own."""
    everywhere, tasks = thresholds.get("all", {}), thresholds.get("tasks", {})
    names = list(dict.fromkeys([*everywhere, *(name for own in tasks.values() for name in own)]))
    if not names:
        return
    columns = [everywhere, *tasks.values()]
    rows = [(code(name), *(_value(own.get(name)) for own in columns)) for name in names]
    yield "Thresholds, for all tasks and for those that have their own:"
    yield table(("threshold", "all", *(escape(task) for task in tasks)), rows)


def _contamination(sets: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    if not sets:
        yield "The edits were compared with no evaluation set."
        return
    yield "Edits that match an evaluation set were left out:"
    yield table(
        ("evaluation set", "matching images", "matching captions"),
        [
            (code(name), f"{found.get('images', 0):,}", f"{found.get('captions', 0):,}")
            for name, found in sets.items()
        ],
    )


def _limits(facts: CardFacts) -> str:
    captions = (
        "The captions say what was asked for. Where an edit did something else as well, or only a "
        "part of it, they do not say so."
    )
    kinds = (
        "An editor follows some kinds of instructions better than others, so the kinds are not as "
        "frequent here as in the source."
    )
    biases = "Biases of the source, of the editor and of the language model are in the data."
    lines = [captions, kinds, biases]
    if facts.options.true_images:
        lines = lines[2:]
    elif facts.selection is not None:
        lines.append("The scores that decided are themselves made by a model, and err.")
    return "\n".join(f"- {line}" for line in lines)


def _licence(facts: CardFacts) -> Iterator[str]:
    licence = facts.source.get("licence", "unknown")
    if licence == "unknown":
        yield "Nobody has said what the source images may be used for; ask before you do."
    else:
        yield (
            f"The source images are under {code(licence)}, which stays in force for what was "
            "made of them; so may the licence of the editor."
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


def _value(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, int | float) else escape(str(value))


def _fenced(block: str) -> str:
    """A text in which no line ends a fenced block."""
    return "\n".join(line.replace("```", "'''") for line in block.strip().splitlines())
