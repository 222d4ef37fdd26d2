"""Reader of datasets that `syned publish` has made, in a folder or on the hub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image

from syned.captioning.data.pairs import PairInfo, Pairs
from syned.captioning.data.readers.hub_files import fetched_folder
from syned.captioning.data.readers.pair_rows import Row, pairs_of, taken
from syned.captioning.data.readers.parquet_pictures import ParquetTable
from syned.config import PairSource
from syned.errors import ConfigError, DataError

_TEXTS = ("id", "source_id", "instruction", "captions", "task")
_ORIGINALS = "original_captions"


def read_published(config: PairSource) -> Pairs:
    """The pairs of a split.

    References are the captions, or the instruction of a row without any. Those that are no
    paraphrases come first, so `references: original` takes as many as `original_captions` says.

    Raises:
        ConfigError: there is no such folder or split, or it cannot be told what is original.
        DataError: the hub cannot be reached, or a file is damaged or of another kind.
    """
    folder = fetched_folder(config, patterns=(f"data/{config.split}-*.parquet",))
    files = _files_of(folder, config.split)
    table = ParquetTable(files, ("image", "edited_image"), folder)
    columns = _columns_of(files[0], config)
    rows = [Row(_info(row, config), place) for place, row in enumerate(table.rows(columns))]

    def read(row: int) -> tuple[Image.Image, Image.Image]:
        return table.picture(row, "image"), table.picture(row, "edited_image")

    where = f"{config.path or config.dataset} ({config.split})"
    return pairs_of(taken(rows, config.start, config.limit), read, where=where)


def _files_of(folder: Path, split: str) -> list[Path]:
    files = sorted((folder / "data").glob(f"{split}-*.parquet"))
    if not files:
        names = {path.name.partition("-")[0] for path in (folder / "data").glob("*-*.parquet")}
        there = "it is not a dataset that `syned publish` has made"
        if names:
            there = f"its splits are {', '.join(sorted(names))}"
        raise ConfigError(f"{folder} has no data/{split}-*.parquet; {there}")
    return files


def _columns_of(file: Path, config: PairSource) -> list[str]:
    found = pq.read_schema(file).names
    missing = [name for name in ("image", "edited_image", *_TEXTS) if name not in found]
    if missing:
        raise DataError(
            f"{file} has no column {', '.join(missing)}, so `syned publish` did not make it; "
            "datasets of other makers are read with kind: hub"
        )
    if config.references != "original":
        return list(_TEXTS)
    if _ORIGINALS not in found:
        raise ConfigError(
            f"{file} does not say which captions are original: it has no column {_ORIGINALS}; "
            "publish it again, or use references: first"
        )
    return [*_TEXTS, _ORIGINALS]


def _info(row: Mapping[str, Any], config: PairSource) -> PairInfo:
    captions = tuple(row["captions"] or ()) or (row["instruction"] or "",)
    if config.references == "original":
        captions = captions[: row[_ORIGINALS]]
    return PairInfo(
        pair_id=row["id"],
        references=captions,
        task=row["task"] or "",
        split=config.split,
        source_id=row["source_id"] or "",
    )
