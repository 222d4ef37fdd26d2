"""Find out which column of a table holds the image, the instruction, the captions, ...

Datasets of edits agree on what they hold and not on what they call it. So there is a map of known
names, which a config may overrule. `resolve_columns` finds the columns once, before any row is
read; `row_texts` then reads a row through them.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syned.errors import ConfigError

ALIASES: dict[str, tuple[str, ...]] = {
    "source_image": (
        "source_image",
        "image",
        "input_image",
        "source_img",
        "src_img",
        "original_image",
        "img0",
    ),
    "edited_image": ("edited_image", "target_img", "edited_img", "output_image", "img1"),
    "instruction": ("instruction", "edit_prompt", "edit", "edited_prompt_list", "prompt", "sents"),
    "captions": ("captions",),
    "task": ("task",),
    "idx": ("idx", "img_id", "omni_edit_id"),
    "hash": ("hash",),
    "split": ("split",),
}
"""Syned's name for a column, and what datasets call it."""

CAPTION_PAIRS: tuple[tuple[str, str], ...] = (
    ("input_caption", "output_caption"),
    ("original_prompt", "edited_prompt"),
    ("source_caption", "target_caption"),
    ("input", "output"),
)
"""Captions of the source image and of the edited image; only found together."""

FILE_SUFFIX = "_file_name"
"""How a metadata file says that a column holds file names, as in Hugging Face's imagefolder."""

FILE_ALIASES: dict[str, tuple[str, ...]] = {
    **ALIASES,
    "source_image": ("file_name", *(name + FILE_SUFFIX for name in ALIASES["source_image"])),
    "edited_image": (
        "edited_file_name",
        *(name + FILE_SUFFIX for name in ALIASES["edited_image"]),
    ),
}
"""The same for tables that name image files instead of holding images."""

COLUMN_NAMES = (*ALIASES, "input_caption", "output_caption")


@dataclass(frozen=True, slots=True)
class RowTexts:
    """All that a row says in words; "" where it says nothing."""

    instruction: str
    task: str
    split: str
    idx: str
    hash: str
    input_caption: str
    output_caption: str
    captions: tuple[str, ...]


def resolve_columns(
    found: Sequence[str],
    given: Mapping[str, str],
    *,
    where: str,
    needed: Sequence[str],
    aliases: Mapping[str, tuple[str, ...]] = ALIASES,
    setting: str = "source.columns",
) -> dict[str, str]:
    """Find the column for each of Syned's names.

    Args:
        found: the table's columns.
        given: Syned's name -> column, as the config says; goes before the aliases.
        where: the table, for messages.
        needed: Syned's names that must have a column.
        aliases: the names that are known.
        setting: what messages call the setting that `given` comes from.

    Returns:
        Syned's name -> the table's column, for those that were found.

    Raises:
        ConfigError: a given column is not there, two columns fit one name, or a needed one is
            missing.
    """
    _check_given(found, given, where, setting)
    free = [column for column in found if column not in given.values()]
    resolved = dict(given)
    for name, known in aliases.items():
        if name not in resolved:
            fitting = [column for column in known if column in free]
            if len(fitting) > 1:
                raise ConfigError(_ambiguous(where, name, fitting, setting))
            if fitting:
                resolved[name] = fitting[0]
    for name in needed:
        if name not in resolved:
            raise ConfigError(_missing(where, name, found, aliases[name], setting))
    if not {"input_caption", "output_caption"} & resolved.keys():
        resolved.update(_caption_pair(where, free, setting))
    return resolved


def row_texts(row: Mapping[str, Any], columns: Mapping[str, str], *, split: str) -> RowTexts:
    """Read the words of a row.

    Args:
        row: the table's column -> value.
        columns: what `resolve_columns` returned.
        split: the split of a row that does not name its own.
    """

    def text(name: str) -> str:
        return text_of(row.get(columns[name])) if name in columns else ""

    return RowTexts(
        instruction=text("instruction"),
        task=text("task"),
        split=text("split") or split,
        idx=text("idx"),
        hash=text("hash"),
        input_caption=text("input_caption"),
        output_caption=text("output_caption"),
        captions=_texts_of(row.get(columns["captions"])) if "captions" in columns else (),
    )


def text_of(value: object) -> str:
    """A cell as stripped text; of a list, the first text that is not empty."""
    return next(iter(_texts_of(value)), "")


def _texts_of(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    values = value if isinstance(value, (list, tuple)) else [value]
    texts = (str(v).strip() for v in values if v is not None)
    return tuple(text for text in texts if text)


def _check_given(found: Sequence[str], given: Mapping[str, str], where: str, setting: str) -> None:
    for name, column in given.items():
        if name not in COLUMN_NAMES:
            raise ConfigError(
                f"{setting}.{name} is not known{_nearest(name, COLUMN_NAMES)}; the columns that "
                f"Syned looks for are {', '.join(COLUMN_NAMES)}"
            )
        if column not in found:
            raise ConfigError(
                f"{setting}.{name} is {column!r}, and {where} has no such column"
                f"{_nearest(column, found)}; its columns are {', '.join(found)}"
            )


def _caption_pair(where: str, free: Sequence[str], setting: str) -> dict[str, str]:
    pairs = [pair for pair in CAPTION_PAIRS if set(pair) <= set(free)]
    if len(pairs) > 1:
        raise ConfigError(_ambiguous(where, "input_caption", [pair[0] for pair in pairs], setting))
    return dict(zip(("input_caption", "output_caption"), pairs[0], strict=True)) if pairs else {}


def _ambiguous(where: str, name: str, fitting: Sequence[str], setting: str) -> str:
    return (
        f"{where} has {' and '.join(fitting)}, which could each be the {name}; "
        f"say which with {setting}.{name}"
    )


def _missing(
    where: str, name: str, found: Sequence[str], known: Sequence[str], setting: str
) -> str:
    close = [c for c in found if difflib.get_close_matches(c, known, n=1)]
    hint = f"; the nearest is {close[0]}" if close else ""
    return (
        f"{where} has columns {', '.join(found) or '(none)'}, and none of these names is known for "
        f"the {name}{hint}; say which it is with {setting}.{name}, "
        f"or rename it to one of {', '.join(known)}"
    )


def _nearest(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f", did you mean {close[0]}" if close else ""
