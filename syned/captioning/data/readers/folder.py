"""Reader of any folder of images with a table that names both images and the captions.

    photos/a.jpg b.jpg ...
    photos/metadata.csv     file_name,edited_file_name,captions,task,split,idx; or .jsonl, .parquet

A .jsonl table may give a list of captions. Columns go by the names that `syned.sources.columns`
knows; `split` chooses among the rows of a table that has such a column.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from syned.captioning.data.pairs import PairInfo, Pairs
from syned.captioning.data.readers.annotations import PictureFolder, PicturePairs, Wanted, folder_at
from syned.captioning.data.readers.hub import check_references, pair_info
from syned.captioning.data.readers.pair_rows import Row, pairs_of, taken
from syned.config import PairSource
from syned.errors import ConfigError
from syned.run.published import split_name
from syned.sources.columns import FILE_ALIASES, resolve_columns, text_of
from syned.sources.metadata import METADATA_NAMES, metadata_columns, metadata_rows


def read_folder(config: PairSource) -> Pairs:
    """The pairs that a table names.

    Raises:
        ConfigError: no such folder, not one table in it, or its columns are not known.
        DataError: the table cannot be read, or no pair can be used.
    """
    root = folder_at(config.path)
    table = _table_in(root)
    columns = resolve_columns(
        metadata_columns(table),
        config.columns,
        where=str(table),
        needed=("source_image", "edited_image"),
        aliases=FILE_ALIASES,
        setting="columns",
    )
    check_references(columns, columns, str(table))
    folders = _Folders(table.parent)
    pictures = PicturePairs()
    rows = []
    scope = root.resolve().name
    found = [
        (pair_info(row, columns, number, scope=scope, split=config.split), row)
        for number, row in enumerate(metadata_rows(table))
    ]
    for info, row in taken(_of_split(found, config.split, table), config.start, config.limit):
        source, edited = (text_of(row.get(columns[n])) for n in ("source_image", "edited_image"))
        place, missing = pictures.add(folders.wanted(source), folders.wanted(edited))
        rows.append(Row(info, place, missing))
    return pairs_of(rows, pictures.read, where=f"{root} ({config.split})")


class _Folders:
    """The folders that names like "before/a.jpg" lead to, each listed once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, PictureFolder] = {}

    def wanted(self, name: str) -> Wanted:
        parent, _, last = name.rpartition("/")
        if parent not in self._known:
            self._known[parent] = PictureFolder(self._root / parent)
        return self._known[parent], last


def _of_split(
    found: list[tuple[PairInfo, dict[str, Any]]], split: str, table: Path
) -> list[tuple[PairInfo, dict[str, Any]]]:
    """The rows of a split; those that name none belong to whichever is asked for."""
    name = split_name(split) or split
    chosen = [(info, row) for info, row in found if info.split == name]
    if not chosen:
        there = ", ".join(sorted({info.split for info, _ in found}))
        raise ConfigError(
            f"split is {split!r}; {table} has {f'rows of {there} only' if there else 'no rows'}"
        )
    return chosen


def _table_in(root: Path) -> Path:
    found = sorted(path for name in METADATA_NAMES for path in root.rglob(name))
    if len(found) == 1:
        return found[0]
    names = ", ".join(str(path.relative_to(root)) for path in found)
    raise ConfigError(
        f"{root} holds {f'{len(found)} tables ({names})' if found else 'no table'}; one "
        "metadata.csv, .jsonl or .parquet is needed, with the columns file_name, edited_file_name "
        "and captions"
    )
