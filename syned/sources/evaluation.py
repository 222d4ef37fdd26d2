"""Read the pictures and texts of an evaluation set, whatever its layout."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image

from syned.config import EvaluationSet, SourceConfig
from syned.errors import ConfigError, DataError
from syned.run.records import SourceRecord
from syned.sources import open_source
from syned.sources.folder import images_in
from syned.sources.images import BadImage, read_image

CAPTION_KEYS = frozenset(
    "caption captions sentence sentences sents instruction instructions references text".split()
)
"""What captions are called in the JSON of evaluation sets; lists of texts are taken by any name."""


@dataclass(frozen=True, slots=True)
class EvaluationItem:
    """A picture of a set, or texts of it, or both."""

    pictures: tuple[Image.Image, ...] = ()
    """RGB, at full size; those that cannot be read are left out."""
    texts: tuple[str, ...] = ()


def evaluation_items(config: EvaluationSet) -> Iterator[EvaluationItem]:
    """Read a set.

    Spot-the-Diff, CLEVR-Change and Image Editing Request are of kind "images": the folder of
    their pictures, and the JSON file of their captions. Emu Edit and MagicBrush are of kind "hub".

    Raises:
        ConfigError: there is no such folder or file, or a setting does not fit.
        DataError: the data cannot be reached or read.
    """
    if config.kind == "images":
        yield from _images(config)
        return
    for record in open_source(_as_source(config)).records(0):
        yield _item(record)


def evaluation_inputs(config: EvaluationSet) -> str:
    """Hash of what decides what a set holds; of a folder, its files' names and sizes too.

    A dataset of the hub is what it was when it was read, so that it need not be reached again.
    """
    told = config.model_dump_json(exclude={"name", "captions"})
    files = _files_of(config) if config.path is not None else []
    sizes = [f"{path} {path.stat().st_size}" for path in files]
    return hashlib.sha256("\n".join([told, *sizes]).encode()).hexdigest()


def json_captions(value: Any, *, wanted: bool = False) -> Iterator[str]:
    """The captions in a JSON value: all texts under a name of CAPTION_KEYS, and all in lists.

    Args:
        value: as read.
        wanted: whether a text that is met is a caption.
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from json_captions(inner, wanted=key in CAPTION_KEYS)
    elif isinstance(value, list):
        for inner in value:
            yield from json_captions(inner, wanted=True)
    elif isinstance(value, str) and wanted:
        yield value


def _images(config: EvaluationSet) -> Iterator[EvaluationItem]:
    folder = Path(config.path or "").expanduser()
    if not folder.is_dir():
        raise ConfigError(
            f"filter.evaluation {config.name}: path is {config.path!r}, which is not a folder "
            f"(seen from {Path.cwd()})"
        )
    if config.captions_file is not None:
        yield EvaluationItem(texts=tuple(_captions_in(Path(config.captions_file).expanduser())))
    files = images_in(folder)
    if not files:
        raise ConfigError(
            f"filter.evaluation {config.name}: {folder} holds no image; set path to the folder of "
            "the set's pictures"
        )
    for name in islice(files, config.limit):
        try:
            yield EvaluationItem((read_image((folder / name).read_bytes()),))
        except BadImage:  # what cannot be read cannot be evaluated on
            continue
        except OSError as error:
            raise DataError(f"{folder / name} cannot be read: {error.strerror}") from error


def _captions_in(path: Path) -> Iterator[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"captions_file {path} cannot be read as UTF-8 text: {error}") from error
    if path.suffix == ".txt":
        yield from text.splitlines()
        return
    lines = text.splitlines() if path.suffix == ".jsonl" else [text]
    try:
        for line in lines:
            if line.strip():
                yield from json_captions(json.loads(line))
    except ValueError as error:
        raise DataError(
            f"captions_file {path} is not JSON: {error}; for captions as plain lines, let its name "
            "end in .txt"
        ) from error


def _as_source(config: EvaluationSet) -> SourceConfig:
    if config.kind == "shapes":
        return SourceConfig(kind="shapes", split=config.split, limit=config.limit)
    return SourceConfig(
        kind="hub",
        split=config.split,
        path=config.path,
        dataset=config.dataset,
        subset=config.subset,
        revision=config.revision,
        columns=config.columns,
        limit=config.limit,
    )


def _item(record: SourceRecord) -> EvaluationItem:
    pictures = tuple(p for p in (record.image, record.edited_image) if p is not None)
    return EvaluationItem(pictures, (record.instruction, *record.captions))


def _files_of(config: EvaluationSet) -> list[Path]:
    folder = Path(config.path or "").expanduser()
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    captions = [] if config.captions_file is None else [Path(config.captions_file).expanduser()]
    return [*files, *(path for path in captions if path.is_file())]
