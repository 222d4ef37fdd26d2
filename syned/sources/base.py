"""What a source is: records in a fixed order, with a name, a licence and a revision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from syned.errors import ConfigError
from syned.run.records import SourceRecord

UNKNOWN_LICENCE = "unknown"


@dataclass(frozen=True)
class Source:
    """Images with instructions, in a fixed order."""

    name: str
    licence: str
    """As on Hugging Face cards: "cc-by-4.0"; "unknown" where nobody said."""
    revision: str
    """The version of the data: a commit, or a hash of what lies in the folder."""
    records: Callable[[int], Iterator[SourceRecord]]
    """records(start): from source row `start` on, 0 being the first."""
    fingerprint: Mapping[str, object]
    """What decides the rows and their order; not how many of them are read."""


def folder_of(path: str | None) -> Path:
    """The folder that source.path names.

    Raises:
        ConfigError: there is no such folder.
    """
    folder = Path(path or "").expanduser()
    if not path or not folder.is_dir():
        raise ConfigError(
            f"source.path is {path!r}, which is not a folder (seen from {Path.cwd()})"
        )
    return folder
