"""Reader of any dataset of the hub, or folder of Parquet files, with columns of known names.

References are the captions where a row has some, else its instruction; of a list, all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
from PIL import Image

from syned.captioning.data.pairs import PairInfo, Pairs
from syned.captioning.data.readers.annotations import folder_at, texts_in
from syned.captioning.data.readers.hub_files import fetched_folder
from syned.captioning.data.readers.pair_rows import (
    Row,
    pairs_of,
    taken,
    without_pictures,
)
from syned.captioning.data.readers.parquet_pictures import ParquetTable
from syned.config import PairSource, SourceConfig
from syned.errors import ConfigError, DataError
from syned.run.published import split_name
from syned.sources.cells import holds_picture, read_cell
from syned.sources.columns import row_texts
from syned.sources.hub import Table, find_table, read_rows

Picture = Callable[[int, str], Image.Image]
"""From a row and a column to the picture."""


def read_hub(config: PairSource) -> Pairs:
    """The pairs of a split of a dataset.

    Raises:
        ConfigError: there is no such folder or split, or its columns are not known.
        DataError: the dataset cannot be reached, or is damaged.
    """
    table, _ = find_table(
        _source_of(config),
        edited_images=True,
        needed=("source_image", "edited_image"),
        setting="",
    )
    where = f"{table.name} ({config.split})"
    source, edited = (table.columns[name] for name in ("source_image", "edited_image"))
    texts = {name: c for name, c in table.columns.items() if c not in (source, edited)}
    check_references(texts, table.columns, where)
    local, picture, missing = _local(table, config, (source, edited))
    rows = [
        Row(pair_info(row, texts, place, scope=table.name, split=config.split), place)
        for place, row in enumerate(read_rows(replace(local, columns=texts), 0))
    ]
    chosen = without_pictures(taken(rows, config.start, config.limit), missing)
    return pairs_of(chosen, lambda row: (picture(row, source), picture(row, edited)), where=where)


def check_references(texts: Mapping[str, str], found: Mapping[str, str], where: str) -> None:
    """Refuse a table that has no column for references.

    Raises:
        ConfigError: neither captions nor instruction has a column.
    """
    if not {"captions", "instruction"} & texts.keys():
        raise ConfigError(
            f"{where} has no column with a name that is usual for captions or instruction; the "
            f"columns that were recognized are {', '.join(found.values())}; name the right one "
            "with columns.captions"
        )


def pair_info(
    row: Mapping[str, Any], columns: Mapping[str, str], number: int, *, scope: str, split: str
) -> PairInfo:
    """What a row says about its pair.

    Args:
        row: the table's column -> value.
        columns: Syned's name -> the table's column.
        number: the row's, for an id where the row has none.
        scope: what ids begin with.
        split: the split of a row that does not name its own.
    """
    known = row_texts(row, columns, split=split)
    captions = texts_in(row.get(columns.get("captions", "")))
    if not any(caption.strip() for caption in captions):
        captions = texts_in(row.get(columns.get("instruction", "")))
    return PairInfo(
        pair_id=f"{scope}/{known.idx or number}",
        references=captions,
        task=known.task,
        split=split_name(known.split) or known.split,
    )


def _source_of(config: PairSource) -> SourceConfig:
    return SourceConfig(
        kind="hub",
        path=None if config.path is None else str(folder_at(config.path)),
        dataset=config.dataset,
        subset=config.subset,
        revision=config.revision,
        split=config.split,
        columns=config.columns,
    )


def _local(
    table: Table, config: PairSource, images: tuple[str, str]
) -> tuple[Table, Picture, list[int]]:
    """The table on this machine, a way to its pictures, and the rows that lack one."""
    if not table.files:
        return table, *_arrow(table, images)
    files = [Path(name) for name in table.files]
    if table.folder is None:
        # hf://datasets/OWNER/NAME@COMMIT/data/train-00000-of-00002.parquet
        names = [name.partition(f"@{table.revision}/")[2] for name in table.files]
        at_commit = config.model_copy(update={"revision": table.revision})
        folder = fetched_folder(at_commit, patterns=names)
        files = [folder / name for name in names]
    parquet = ParquetTable(files, images, table.folder)
    local = replace(table, files=[str(path) for path in files])
    return local, parquet.picture, parquet.without_picture()


def _arrow(table: Table, images: tuple[str, str]) -> tuple[Picture, list[int]]:
    """A dataset in another format, which `datasets` keeps on disk as Arrow."""
    dataset = datasets.load_dataset(
        table.place, name=table.config.subset, revision=table.revision, split=table.config.split
    )
    return arrow_pictures(dataset, images, table.name)


def arrow_pictures(dataset: Any, images: tuple[str, str], name: str) -> tuple[Picture, list[int]]:
    """A way to the pictures of a dataset that is held as Arrow, and the rows that lack one."""
    for column in images:
        if isinstance(dataset.features[column], datasets.Image):
            dataset = dataset.cast_column(column, datasets.Image(decode=False))

    def picture(row: int, column: str) -> Image.Image:
        image, reason = read_cell(_with_bytes(dataset[row][column]), None, moving=True)
        if image is None:
            raise DataError(f"{name}: the {column} of row {row} is {reason}; get the dataset again")
        return image

    missing = [
        row
        for row, cells in enumerate(dataset.select_columns(list(images)))
        if not all(holds_picture(_with_bytes(cell), None) for cell in cells.values())
    ]
    return picture, missing


def _with_bytes(cell: Any) -> Any:
    """A cell whose picture `datasets` has fetched to a file of its cache, with the bytes."""
    if isinstance(cell, dict) and cell.get("bytes") is None and cell.get("path"):
        path = Path(cell["path"])
        return {"bytes": path.read_bytes() if path.is_file() else None, "path": cell["path"]}
    return cell
