"""The section of the card that says how a dataset was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from syned import __version__
from syned.markdown import code, escape, table
from syned.publish.card_facts import CardFacts
from syned.run.selection_file import REASON_MEANINGS
from syned.run.truth import RIGHT


def making(facts: CardFacts) -> Iterator[str]:
    """The paragraphs and tables of the card's section "How it was made"."""
    yield f"Made with Syned {__version__}. The source images are from {_source_line(facts)}"
    if facts.options.true_images:
        yield "The edited images are the source's own: the true results of the instructions."
    else:
        yield _editor_line(facts)
    yield _paraphrase_line(facts)
    yield from _filter_lines(facts)
    encoding = facts.options.image_format
    quality = "" if encoding == "png" else f", quality {facts.options.quality}"
    yield (
        f"Both images of a pair were saved in the same way ({encoding}{quality}), so that only "
        "their content tells them apart."
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
    return f"They were edited by the model {name}{revision} with {', '.join(told)}."


def _paraphrase_line(facts: CardFacts) -> str:
    if not facts.has_captions:
        return "The edit prompts are the source's instructions."
    captions = "The captions are the source's, or its instructions where it has none."
    if not facts.paraphrased:
        return f"{captions} Nothing was paraphrased."
    judge = facts.settings.get("versions", {}).get("similarity_model")
    judged = f", which were judged by rules and by {code(judge)}" if judge else ""
    made = "; ".join(
        f"{count:,} by {code(model)} with the prompt {code(prompt)}"
        for (model, prompt), count in sorted(facts.paraphrased.items())
    )
    return (
        f"{captions} They are followed by paraphrases of a language model{judged}. The whole run "
        f"has these accepted paraphrases: {made}."
    )


def _filter_lines(facts: CardFacts) -> Iterator[str]:
    if facts.options.unfiltered and not facts.options.true_images:
        yield "**Nothing was filtered:** edits that did not do what was asked for are here too."
    if facts.selection is None:
        return
    selection = facts.selection
    dropped = selection.get("dropped", {})
    kept, total = selection["kept"], sum(dropped.values())
    encoder = selection.get("encoder")
    scored = f", scored by {code(encoder)}" if encoder else ""
    yield (
        f"Of {kept + total:,} edits{scored}, the filter kept {kept:,} and dropped {total:,}"
        f"{' for these reasons:' if total else '.'}"
    )
    if total:
        yield table(
            ("reason", "edits", "meaning"),
            [(code(r), f"{n:,}", REASON_MEANINGS.get(r, "")) for r, n in dropped.items()],
        )
    yield from _thresholds(selection.get("thresholds") or {})
    yield from _contamination(selection.get("contamination") or {})
    yield from _truth(selection.get("truth"))


def _truth(truth: Mapping[str, int] | None) -> Iterator[str]:
    """Precision and recall, as far as there is something to divide by."""
    if not truth or not truth["kept_judged"]:
        return
    text = (
        f"The true result is known for {truth['judged']:,} of these edits: "
        f"{truth['kept_right'] / truth['kept_judged']:.1%} of the kept ones are right"
    )
    if truth["right"]:
        text += f", and {truth['kept_right'] / truth['right']:.1%} of the right ones were kept"
    yield f"{text} ({RIGHT})."


def _thresholds(thresholds: Mapping[str, Any]) -> Iterator[str]:
    """A row for each threshold, a column for all tasks and for each that has its own."""
    everywhere, tasks = thresholds.get("all", {}), thresholds.get("tasks", {})
    names = list(dict.fromkeys([*everywhere, *(name for own in tasks.values() for name in own)]))
    if not names:
        return
    columns = [everywhere, *tasks.values()]
    rows = [(code(name), *(_value(own, name) for own in columns)) for name in names]
    yield "The thresholds of the filter:"
    yield table(("threshold", "all tasks", *(escape(task) for task in tasks)), rows)
    if tasks:
        yield (
            "Where a task's cell is empty, the threshold of all tasks holds for it. Where it is "
            '"none", the task has no such threshold.'
        )


def _contamination(sets: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    if not sets:
        yield "The edits were not compared with any evaluation set, so some may be part of one."
        return
    yield "Edits with an image or a caption that is in an evaluation set were left out:"
    yield table(
        ("evaluation set", "edits by image", "edits by caption"),
        [
            (code(name), f"{found.get('images', 0):,}", f"{found.get('captions', 0):,}")
            for name, found in sets.items()
        ],
    )


def _value(thresholds: Mapping[str, Any], name: str) -> str:
    """A threshold; nothing where that of all tasks holds, "none" for a task without it."""
    value = thresholds.get(name, "")
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, int | float) else escape(str(value))
