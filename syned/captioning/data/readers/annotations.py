"""Helpers for datasets in a folder: find files, read JSON annotations, open pictures."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

from syned.errors import ConfigError, DataError
from syned.sources.images import BadImage, read_image

_NUMBER = re.compile(r"(\d+)(?:\.\w+)?$")


def folder_at(path: str | None) -> Path:
    """The folder that a path names.

    Raises:
        ConfigError: there is no such folder.
    """
    folder = Path(path or "").expanduser()
    if not path or not folder.is_dir():
        raise ConfigError(
            f"path is {path!r}, which is not a folder (looked for from {Path.cwd()}); the folder "
            "of the dataset is expected"
        )
    return folder


def first_file(folder: Path, names: Sequence[str], *, dataset: str) -> Path:
    """The first of these files that is there.

    Args:
        folder: of the dataset.
        names: of the file, as different copies of the dataset have it.
        dataset: what comes with such a file, for the message.

    Raises:
        ConfigError: none of them is.
    """
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise ConfigError(
        f"{folder} has no {' or '.join(names)}, which comes with {dataset}; set path to the folder "
        "that has it"
    )


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as JSON: {error}; get the file again") from error


def read_lists(path: Path) -> dict[str, list[Any]]:
    """A JSON file with an object of lists, as captions by image and ids by split are.

    Raises:
        DataError: it holds something else.
    """
    found = read_json(path)
    if not isinstance(found, dict):
        raise DataError(
            f"{path} holds a {type(found).__name__}; an object of lists is expected, such as "
            '{"0": ["a dog is gone"]}'
        )
    for key, values in found.items():
        if not isinstance(values, list):
            raise DataError(
                f"{path}: the value of {key!r} is a {type(values).__name__}; a list is expected"
            )
    return found


def read_entries(path: Path, fields: Sequence[str]) -> list[dict[str, Any]]:
    """A JSON file with a list of objects that all have some fields.

    Raises:
        DataError: it holds something else.
    """
    found = read_json(path)
    if not isinstance(found, list):
        raise DataError(f"{path} holds a {type(found).__name__}; a list of objects is expected")
    for number, entry in enumerate(found):
        if not isinstance(entry, dict) or not set(fields) <= entry.keys():
            raise DataError(
                f"{path}: entry {number} is {str(entry)[:80]}; "
                f"an object with {', '.join(fields)} is expected"
            )
    return found


def texts_in(values: object) -> tuple[str, ...]:
    """The texts of a list, or a text alone; those that are empty too, which get counted."""
    listed = values if isinstance(values, list) else [values]
    return tuple("" if value is None else str(value) for value in listed)


def number_of(key: object, where: Path) -> int:
    """The number in a key of any style: 0, "0", "0.png", "CLEVR_default_000000.png".

    Args:
        key: of a pair.
        where: the file that it is from, for the message.

    Raises:
        DataError: there is none at its end.
    """
    found = _NUMBER.search(str(key))
    if found is None:
        raise DataError(
            f"{where}: the key {key!r} does not end in a number; one like 0, '0.png' or "
            "'CLEVR_default_000000.png' is expected"
        )
    return int(found.group(1))


class PictureFolder:
    """The files of a folder by name; upper and lower case matter only where both are there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, *names: str) -> Path | None:
        """The first of these files that is there."""
        for name in names:
            found = name if name in self._names else self._folded.get(name.lower())
            if found is not None:
                return self.path / found
        return None

    @cached_property
    def _names(self) -> frozenset[str]:
        if not self.path.is_dir():
            return frozenset()
        return frozenset(path.name for path in self.path.iterdir())

    @cached_property
    def _folded(self) -> dict[str, str]:
        times = Counter(name.lower() for name in self._names)
        return {name.lower(): name for name in self._names if times[name.lower()] == 1}


def read_picture(path: Path) -> Image.Image:
    """A picture, RGB; of one that moves, the first frame.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return read_image(path.read_bytes(), moving=True)
    except BadImage as error:
        raise DataError(
            f"{path} is {error.reason}; get it again, or delete it to have its pairs left out"
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


Wanted = tuple[PictureFolder, *tuple[str, ...]]
"""A folder, and the names that a file may have in it."""


class PicturePairs:
    """The files of pairs, in the order in which they were looked for."""

    def __init__(self) -> None:
        self._files: list[tuple[Path, Path]] = []

    def add(self, source: Wanted, edited: Wanted) -> tuple[int, str]:
        """Look for the files of a pair.

        Returns:
            The pair's place, and the first file that is missing; "" if none is.
        """
        found = []
        for folder, *names in (source, edited):
            path = folder.find(*names)
            if path is None:
                return -1, str(folder.path / names[0])
            found.append(path)
        self._files.append((found[0], found[1]))
        return len(self._files) - 1, ""

    def read(self, place: int) -> tuple[Image.Image, Image.Image]:
        """Both pictures of a pair.

        Raises:
            DataError: one of them cannot be read.
        """
        source, edited = self._files[place]
        return read_picture(source), read_picture(edited)
