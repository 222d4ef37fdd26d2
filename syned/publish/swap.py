"""Build a dataset beside the old one, and put it in its place when it is complete.

dataset/            what others load
dataset.partial/    what is being built; the next command goes on with it
dataset.old/        what it replaces, for the moment between two renames
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from syned.errors import RunError
from syned.publish.parquet_files import DataFile, data_files, final_name, is_strange
from syned.run.atomic import flush, remove_temporaries, write_atomically

CARD, DATA = "README.md", "data"

_OURS = re.compile(r"README\.md|data|\.cache|\.gitattributes|README\.md\.tmp-\d+")
_OURS_IN_DATA = re.compile(r"\w+-\d{5}(-of-\d{5})?\.parquet(\.tmp-\d+)?")


class DatasetFolder:
    """A folder that holds a whole dataset or none, whenever it is looked at.

    Args:
        path: where the dataset will lie.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._partial = path.with_name(f"{path.name}.partial")
        self._old = path.with_name(f"{path.name}.old")

    @property
    def building(self) -> Path:
        """Where the files of a dataset in the making lie."""
        return self._partial / DATA

    def recover(self) -> None:
        """Put in order what a kill between two renames left behind.

        Raises:
            RunError: the folder holds what Syned did not write, or cannot be changed.
        """
        _refuse_strangers(self.path)
        try:
            if self._old.exists() and not self.path.exists():
                self._old.rename(self.path)
            _remove(self._old)
        except OSError as error:
            raise self._cannot(error) from error

    def is_current(self, made_from: str, rows: Mapping[str, int]) -> bool:
        """Whether the dataset that is there has just the rows that would be written.

        Args:
            made_from: hash of all that decides them.
            rows: split -> how many.
        """
        files = data_files(self.path / DATA)
        if not files or not (self.path / CARD).is_file():
            return False
        counts = Counter(file.split for file in files)
        named = all(file.path.name == final_name(file, counts[file.split]) for file in files)
        return named and _made_from(files, made_from) and _rows_of(files) == dict(rows)

    def go_on(self, made_from: str) -> list[DataFile]:
        """The files that an earlier call has finished; those of other rows are thrown away.

        Raises:
            RunError: the folder cannot be changed.
        """
        try:
            files = data_files(self.building)
            if files is None or not _made_from(files, made_from):
                _remove(self._partial)
                files = []
            self.building.mkdir(parents=True, exist_ok=True)
            remove_temporaries(self.building)
        except OSError as error:
            raise self._cannot(error) from error
        return files

    def files(self, *, building: bool) -> list[DataFile]:
        """The files of the dataset, or of the one in the making."""
        return data_files(self.building if building else self.path / DATA) or []

    def finish(self, card: str) -> None:
        """Give the files their names, add the card, and put it all in the place of what was there.

        Raises:
            RunError: the folder cannot be changed.
        """
        files = self.files(building=True)
        counts = Counter(file.split for file in files)
        try:
            for file in files:
                file.path.rename(self.building / final_name(file, counts[file.split]))
            flush(self.building)
            write_atomically(self._partial / CARD, card.encode())
            if self.path.exists():
                self.path.rename(self._old)
            self._partial.rename(self.path)
            flush(self.path.parent)
            _remove(self._old)
        except OSError as error:
            raise self._cannot(error) from error

    def renew_card(self, card: str) -> None:
        """Replace the card of a dataset whose rows stay; what was being built is given up.

        Raises:
            RunError: it cannot be written.
        """
        if (self.path / CARD).read_bytes() != card.encode():
            write_atomically(self.path / CARD, card.encode())
        _remove(self._partial)

    def _cannot(self, error: OSError) -> RunError:
        return RunError(
            f"{self.path} cannot be written: {error.strerror or error}; run the same command again "
            "when that is put right"
        )


def _made_from(files: list[DataFile], made_from: str) -> bool:
    return all(file.made_from == made_from for file in files)


def _rows_of(files: list[DataFile]) -> dict[str, int]:
    rows: Counter[str] = Counter()
    for file in files:
        rows[file.split] += file.rows
    return dict(rows)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _refuse_strangers(path: Path) -> None:
    """Publishing replaces the folder, so nothing else may lie in it."""
    if path.exists() and not path.is_dir():
        raise RunError(f"{path} is a file; name a folder for the dataset with --out")
    found = [p.name for p in path.glob("*") if not _OURS.fullmatch(p.name)]
    found += [
        f"{DATA}/{p.name}"
        for p in (path / DATA).glob("*")
        if not _OURS_IN_DATA.fullmatch(p.name) or is_strange(p)
    ]
    if (path / CARD).exists() and not (path / DATA).exists():
        found.append(CARD)
    if found:
        raise RunError(
            f"{path} holds {sorted(found)[0]!r}, which Syned did not write; move it away, or name "
            "another folder with --out"
        )
