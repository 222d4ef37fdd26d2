"""Find the files of a dataset in a folder, or fetch them once from the hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from syned.captioning.data.readers.annotations import folder_at
from syned.captioning.data.readers.parquet_pictures import ParquetTable
from syned.config import PairSource
from syned.errors import ConfigError, DataError


def split_table(
    config: PairSource, dataset: str, split: str, *, images: Sequence[str], texts: Sequence[str]
) -> ParquetTable:
    """The rows of a split that lies in Parquet files as the hub names them.

    Args:
        config: where they are.
        dataset: its id, for a config that names neither path nor dataset.
        split: as its files are called.
        images: the columns that hold pictures.
        texts: the other columns that are needed.

    Raises:
        ConfigError: there is no such folder or split.
        DataError: the hub cannot be reached, a file is damaged, or lacks a column.
    """
    patterns = [f"{folder}{split}-*.parquet" for folder in ("", "*/")]
    folder = fetched_folder(config, dataset=dataset, patterns=patterns)
    files = sorted(folder.rglob(f"{split}-*.parquet"))
    if not files:
        names = {path.name.partition("-")[0] for path in folder.rglob("*-*.parquet")}
        there = f"its splits are {', '.join(sorted(names))}" if names else "it has no Parquet file"
        raise ConfigError(f"{folder} has no {split}-*.parquet; {there}")
    found = pq.read_schema(files[0]).names
    missing = [name for name in (*images, *texts) if name not in found]
    if missing:
        raise DataError(
            f"{files[0]} has no column {', '.join(missing)}; its columns are {', '.join(found)}"
        )
    return ParquetTable(files, images, folder)


def fetched_folder(
    config: PairSource, *, patterns: Sequence[str], dataset: str | None = None
) -> Path:
    """The folder of a dataset; of one on the hub, its copy in the hub's cache.

    Args:
        config: names a path or a dataset id.
        patterns: which files are fetched from the hub; files that are there are not fetched again.
        dataset: its id, for a config that names neither.

    Raises:
        ConfigError: there is no such folder.
        DataError: the hub cannot be reached, or does not know the dataset.
    """
    if config.path:
        return folder_at(config.path)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    errors: tuple[type[Exception], ...] = (OSError, ValueError, *HfHubHTTPError.__bases__)
    name = str(config.dataset or dataset)
    try:
        return Path(
            snapshot_download(
                name,
                repo_type="dataset",
                revision=config.revision,
                allow_patterns=list(patterns),
            )
        )
    except errors as error:
        first, *_ = str(error).strip().splitlines() or [""]
        raise DataError(
            f"{name} cannot be fetched ({type(error).__name__}: {first}); check its name, "
            "`hf auth login` and the network, or point path at a folder with its files"
        ) from error
