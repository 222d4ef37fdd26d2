"""How a dataset was made, in words: source, editor, language model, filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from syned import __version__
from syned.markdown import code, escape, table
from syned.publish.card_facts import CardFacts


def making(facts: CardFacts) -> Iterator[str]:
    """The paragraphs and tables of the card's section of this name."""
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
    rows = [(code(name), *(_value(own, name) for own in columns)) for name in names]
    yield "Thresholds for all tasks, and where a task has its own:"
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


def _value(thresholds: Mapping[str, Any], name: str) -> str:
    """A threshold; nothing where that of all tasks holds, "none" for a task without it."""
    value = thresholds.get(name, "")
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, int | float) else escape(str(value))
