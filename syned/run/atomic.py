"""Files that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from syned.errors import RunError

_TEMPORARY = ".tmp-"


def write_atomically(path: Path, data: bytes | memoryview | pa.Buffer) -> None:
    """Write a file so that, whatever happens, its name holds the old content or the new.

    Raises:
        RunError: it cannot be written; what had the name before is still there.
    """
    with open_atomically(path) as file:
        file.write(data)


@contextmanager
def open_atomically(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which gets its name when the block ends without an error.

    Raises:
        RunError: it cannot be written; what had the name before is still there.
    """
    with written_whole(path) as temporary, temporary.open("wb") as file:
        yield file


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Another name to write a file to, which gets its own when the block ends without an error.

    For libraries that want a name and not an open file.

    Raises:
        RunError: it cannot be written; what had the name before is still there.
    """
    temporary = path.with_name(f"{path.name}{_TEMPORARY}{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _removed_on_failure(temporary):
            yield temporary
            flush(temporary)
            temporary.replace(path)
        flush(path.parent)
    except OSError as error:
        raise RunError(
            f"{path} cannot be written: {error.strerror or error}; nothing was changed, run the "
            "same command again when that is put right"
        ) from error


def write_json(path: Path, values: Any) -> None:
    """Write values atomically, as JSON that a person can read.

    Raises:
        RunError: they cannot be written; what had the name before is still there.
    """
    write_atomically(path, (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> dict[str, Any] | None:
    """What a file holds; None when it is not there or was cut off."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def remove_temporaries(folder: Path) -> list[str]:
    """Delete the temporary files of writes that were cut off; returns their names.

    Only for who is the one writer to the folder: another's files would go too.
    """
    names = sorted(path.name for path in folder.glob(f"*{_TEMPORARY}*"))
    for name in names:
        (folder / name).unlink(missing_ok=True)
    return names


def flush(path: Path) -> None:
    """Make what a file holds, or the names in a folder, last through a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _removed_on_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
