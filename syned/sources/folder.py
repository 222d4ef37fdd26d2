"""A folder of images as a source, with the instructions beside them or in the config.

photos/a.jpg ... + metadata.csv|jsonl|parquet   a row an edit: file_name, instruction, ...
photos/a.jpg ... + source.instruction           one instruction for every image
photos/a.jpg ... + source.instructions_file     every instruction for every image
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image

from syned.config import SourceConfig
from syned.errors import ConfigError, DataError
from syned.run.records import SourceRecord
from syned.sources.base import UNKNOWN_LICENCE, Source, folder_of
from syned.sources.columns import FILE_ALIASES, resolve_columns, row_texts, text_of
from syned.sources.images import BadImage, read_image
from syned.sources.metadata import METADATA_NAMES, metadata_columns, metadata_rows

IMAGE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".jp2", ".avif", ".ppm")
)

_INDEX_PREFIX = re.compile(r"^\s*\d+\s*<INSTRUCT>\s*")


@dataclass(frozen=True)
class _Table:
    """A metadata file whose columns are known."""

    path: Path
    columns: Mapping[str, str]
    split: str
    edited_images: bool


def open_folder(config: SourceConfig, *, edited_images: bool) -> Source:
    """Open a folder of images.

    Instructions of the config go before those of a metadata file, which is then not read.

    Raises:
        ConfigError: no such folder, no image in it, no instructions, or several metadata files.
        DataError: the metadata file or the instructions file cannot be read.
    """
    folder = folder_of(config.path)
    instructions = _given_instructions(config)
    if instructions:
        return _open_images(folder, instructions, config)
    return _open_metadata(folder, config, edited_images=edited_images)


def read_instructions(path: Path) -> list[str]:
    """The instructions of a text file, one a line; a leading "<idx> <INSTRUCT> " is removed.

    Raises:
        ConfigError: there is no such file, or no instruction in it.
        DataError: it is not text.
    """
    if not path.is_file():
        raise ConfigError(f"source.instructions_file is {str(path)!r}, and there is no such file")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as UTF-8 text: {error}") from error
    instructions = [text for line in lines if (text := _INDEX_PREFIX.sub("", line).strip())]
    if not instructions:
        raise ConfigError(f"{path} holds no instruction; write one on each line")
    return list(dict.fromkeys(instructions))


def _given_instructions(config: SourceConfig) -> list[str]:
    if config.instructions_file is not None:
        return read_instructions(Path(config.instructions_file).expanduser())
    if config.instruction is not None:
        if not config.instruction.strip():
            raise ConfigError("source.instruction is empty; say what to do with every image")
        return [config.instruction.strip()]
    return []


def _open_images(folder: Path, instructions: Sequence[str], config: SourceConfig) -> Source:
    images = images_in(folder)
    if not images:
        raise ConfigError(
            f"{folder} holds no image; files ending in {' '.join(sorted(IMAGE_SUFFIXES))} are read"
        )
    revision = _hash_of(_sizes(folder, images))

    def records(start: int) -> Iterator[SourceRecord]:
        for row in range(start, len(images) * len(instructions)):
            yield _image_record(folder, images, instructions, row, config.split)

    return _source(folder, config, records, revision, {"instructions": _hash_of(instructions)})


def _image_record(
    folder: Path, images: Sequence[Path], instructions: Sequence[str], row: int, split: str
) -> SourceRecord:
    """Source row `row`: every image once, then every image with its next instruction, and so on.

    Image i starts with instruction i, so that the first rows already show many of both.
    """
    turn, position = divmod(row, len(images))
    which = (position + turn) % len(instructions)
    image, reason = _read(folder / images[position])
    return SourceRecord(
        key=f"{folder.name}/{images[position].as_posix()}#{which}",
        image=image,
        instruction=instructions[which],
        reason=reason,
        split=split,
    )


def _open_metadata(folder: Path, config: SourceConfig, *, edited_images: bool) -> Source:
    path = _metadata_file(folder)
    columns = resolve_columns(
        metadata_columns(path),
        config.columns,
        where=str(path),
        needed=("source_image", "instruction"),
        aliases=FILE_ALIASES,
    )
    table = _Table(path, columns, config.split, edited_images)
    images = images_in(folder)
    revision = _hash_of([_sha256_of(path), *_sizes(folder, images)])

    def records(start: int) -> Iterator[SourceRecord]:
        for number, row in enumerate(islice(metadata_rows(path), start, None), start):
            yield _metadata_record(table, row, f"{folder.name}/{{}}#{number}")

    return _source(folder, config, records, revision, {"columns": dict(columns)})


def _metadata_record(table: _Table, row: Mapping[str, Any], key: str) -> SourceRecord:
    file_name = text_of(row.get(table.columns["source_image"]))
    texts = row_texts(row, table.columns, split=table.split)
    image, reason = _read(table.path.parent / file_name) if file_name else (None, "missing_file")
    if not reason and not texts.instruction:
        reason = "no_instruction"
    edited_name = text_of(row.get(table.columns.get("edited_image", "")))
    edited = None
    if table.edited_images and edited_name and not reason:
        edited, _ = _read(table.path.parent / edited_name)
    return SourceRecord(
        key=key.format(file_name),
        image=image,
        reason=reason,
        edited_image=edited,
        **asdict(texts),
    )


def _metadata_file(folder: Path) -> Path:
    found = sorted(path for name in METADATA_NAMES for path in folder.rglob(name))
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(folder)) for path in found)
        raise ConfigError(
            f"{folder} holds {len(found)} metadata files ({names}); "
            "keep one, or point source.path at the folder of one"
        )
    if not found:
        raise ConfigError(
            f"{folder} has no instructions for its {len(images_in(folder))} images; give them in "
            "one of three ways: a metadata.csv (or .jsonl, .parquet) in the folder with the columns"
            " file_name and instruction, source.instruction for one that holds for every image, "
            "or source.instructions_file for a text file with one on each line"
        )
    return found[0]


def images_in(folder: Path) -> list[Path]:
    """Image files below the folder, relative to it, in the same order on every machine."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    visible = (
        path.relative_to(folder)
        for path in found
        if path.is_file() and not path.name.startswith("._")
    )
    return sorted(visible, key=lambda path: path.as_posix())


def _read(path: Path) -> tuple[Image.Image | None, str]:
    """The picture of a file, or None and the reason why there is none."""
    try:
        return read_image(path.read_bytes()), ""
    except BadImage as error:
        return None, error.reason
    except (FileNotFoundError, NotADirectoryError):
        return None, "missing_file"
    except OSError:
        return None, "unreadable"


def _sizes(folder: Path, images: Sequence[Path]) -> list[str]:
    return [f"{path.as_posix()} {(folder / path).stat().st_size}" for path in images]


def _hash_of(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _source(
    folder: Path,
    config: SourceConfig,
    records: Any,
    revision: str,
    more: Mapping[str, object],
) -> Source:
    return Source(
        name=folder.resolve().name,
        licence=config.licence or UNKNOWN_LICENCE,
        revision=revision,
        records=records,
        fingerprint={"kind": "folder", "revision": revision, "split": config.split, **more},
    )
