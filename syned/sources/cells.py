"""Read the picture in a cell of a table, which holds its bytes or names its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from syned.sources.images import BadImage, read_image


def read_cell(
    cell: Any, folder: Path | None, *, moving: bool = False
) -> tuple[Image.Image | None, str]:
    """The picture of a cell, or None and the reason why there is none.

    Args:
        cell: bytes, or a mapping with bytes and path.
        folder: where pictures that are only named may lie; None for a dataset of the hub.
        moving: whether of a picture that moves the first frame is taken.
    """
    data, path = (cell.get("bytes"), cell.get("path")) if isinstance(cell, dict) else (cell, None)
    if data is None and path:
        data = _read_path(str(path), folder)
    if not isinstance(data, bytes):
        return None, "missing_file" if path else "missing_image"
    try:
        return read_image(data, moving=moving), ""
    except BadImage as error:
        return None, error.reason


def holds_picture(cell: Any, folder: Path | None) -> bool:
    """Whether a cell has a picture, or names one that is there; it is not decoded."""
    data, path = (cell.get("bytes"), cell.get("path")) if isinstance(cell, dict) else (cell, None)
    if data is None and path:
        return "hf://" in path or _inside(str(path), folder) is not None
    return data is not None


def _read_path(path: str, folder: Path | None) -> bytes | None:
    """The bytes of an image that a row only names: on the hub, or inside the dataset's folder."""
    try:
        if "hf://" in path:
            from datasets.utils.file_utils import xopen

            with xopen(path, "rb") as file:
                return bytes(file.read())
        found = _inside(path, folder)
        return None if found is None else found.read_bytes()
    except FileNotFoundError:
        return None


def _inside(path: str, folder: Path | None) -> Path | None:
    """The file that a row names, if it is there.

    Other places are not read, lest a dataset pull private files of this machine into another one.
    """
    if folder is None or not (folder / path).resolve().is_relative_to(folder.resolve()):
        return None
    return folder / path if (folder / path).is_file() else None
