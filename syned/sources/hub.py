"""Any dataset of the Hugging Face hub, or a local folder of Parquet files, as a source.

Rows are streamed and images stay bytes until their row is reached: one bad image is one bad row,
and a dataset of terabytes takes no more memory than one of megabytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
from datasets.exceptions import DatasetsError
from datasets.packaged_modules.parquet.parquet import ParquetConfig
from datasets.utils.file_utils import xopen
from huggingface_hub import DatasetCard, HfApi
from huggingface_hub.errors import HfHubHTTPError
from PIL import Image

from syned.config import SourceConfig
from syned.errors import ConfigError, DataError
from syned.run.records import SourceRecord
from syned.sources.base import UNKNOWN_LICENCE, Source, folder_of
from syned.sources.cells import read_cell
from syned.sources.columns import resolve_columns, row_texts
from syned.sources.parquet import hash_parquet_files, parquet_rows, row_count

TIMEOUT_SECONDS = 30.0

_CONNECTION_ERRORS: tuple[type[Exception], ...] = (OSError, *HfHubHTTPError.__bases__)
"""The second is the base error of the HTTP client that huggingface_hub uses, whichever that is."""

_LOADING_ERRORS: tuple[type[Exception], ...] = (
    *_CONNECTION_ERRORS,
    ValueError,
    RuntimeError,
    DatasetsError,
    pa.ArrowInvalid,
)


@dataclass(frozen=True)
class Provenance:
    """Which version of a dataset is read, and under which licence."""

    revision: str
    licence: str


@dataclass(frozen=True)
class Table:
    """A split of a dataset whose columns are known."""

    name: str
    place: str
    """What `datasets` loads: a dataset id or a folder."""
    revision: str | None
    config: SourceConfig
    columns: Mapping[str, str]
    files: Sequence[str]
    """The split's Parquet files; none for a dataset in another format."""
    class_names: Mapping[str, Sequence[str]]
    """Column -> what its numbers stand for, for columns of classes."""

    @property
    def folder(self) -> Path | None:
        return Path(self.place) if self.config.path is not None else None


def open_hub(config: SourceConfig, *, edited_images: bool) -> Source:
    """Open a split of a dataset; reads its columns, and no row.

    Raises:
        ConfigError: no dataset is named, or the split or the columns do not fit.
        DataError: the dataset cannot be reached or is damaged.
    """
    table, known = find_table(config, edited_images=edited_images)

    def records(start: int) -> Iterator[SourceRecord]:
        for number, row in enumerate(read_rows(table, start), start):
            yield _record(table, row, number)

    return Source(
        name=table.name,
        licence=known.licence,
        revision=known.revision,
        records=records,
        fingerprint={
            "kind": "hub",
            "dataset": table.name,
            "subset": config.subset,
            "revision": known.revision,
            "split": config.split,
            "columns": {n: c for n, c in table.columns.items() if n != "edited_image"},
        },
    )


def find_table(
    config: SourceConfig,
    *,
    edited_images: bool,
    needed: Sequence[str] = ("source_image", "instruction"),
    setting: str = "source.",
) -> tuple[Table, Provenance]:
    """Find a split and its columns; no row is read.

    Args:
        config: what to look for.
        edited_images: whether the edited images will be read, too.
        needed: Syned's names that must have a column.
        setting: what stands before a setting's name in messages.

    Raises:
        ConfigError: no dataset is named, or the split or the columns do not fit.
        DataError: the dataset cannot be reached or is damaged.
    """
    place, known = _find(config)
    revision = None if config.path is not None else known.revision
    name = config.dataset or Path(place).name
    found = _look(place, revision, config, edited_images, needed, setting)
    return Table(name, place, revision, config, *found), known


def ask_hub(config: SourceConfig, api: HfApi) -> Provenance:
    """Resolve the commit of a dataset and its licence, as far as the config does not say them.

    Raises:
        DataError: the hub cannot be reached or does not know the dataset.
    """
    dataset = str(config.dataset)
    try:
        info = api.dataset_info(dataset, revision=config.revision, timeout=TIMEOUT_SECONDS)
    except _CONNECTION_ERRORS as error:
        raise DataError(_unreachable(dataset, error)) from error
    card = info.card_data
    licence = config.licence or _licence_text(card.get("license") if card is not None else None)
    return Provenance(info.sha or config.revision or "main", licence)


def look_into(folder: Path, licence: str | None) -> Provenance:
    """The version of a local folder: a hash of its Parquet files' names, sizes and footers.

    Raises:
        ConfigError: it holds no Parquet file.
        DataError: one of them is cut off or something else.
    """
    paths = sorted(folder.rglob("*.parquet"))
    if not paths:
        raise ConfigError(
            f"{folder} holds no .parquet file, and a source of kind hub reads nothing else; for a "
            "folder of images set source.kind to folder"
        )
    revision = hash_parquet_files(folder, paths)
    return Provenance(revision, licence or _card_licence(folder / "README.md"))


def read_rows(table: Table, start: int) -> Iterator[dict[str, Any]]:
    """The rows of a split from `start` on, their images still bytes.

    Raises:
        DataError: the data are damaged, or the network broke off.
    """
    try:
        for row in _parquet_files(table, start) if table.files else _streamed(table, start):
            yield row | {
                column: _class_name(row.get(column), names)
                for column, names in table.class_names.items()
            }
    except _LOADING_ERRORS as error:
        raise DataError(
            f"{table.name} cannot be read any further ({_short(error)}); run the same command "
            "again to go on from there"
        ) from error


def _find(config: SourceConfig) -> tuple[str, Provenance]:
    if config.path is None:
        known = ask_hub(config, HfApi())
        return str(config.dataset), known
    # Absolute, since `datasets` takes a bare "parquet" or "json" for one of its own loaders.
    folder = folder_of(config.path).resolve()
    return str(folder), look_into(folder, config.licence)


def _look(
    place: str,
    revision: str | None,
    config: SourceConfig,
    edited_images: bool,
    needed: Sequence[str],
    setting: str,
) -> tuple[dict[str, str], list[str], dict[str, list[str]]]:
    """The columns that will be read, the Parquet files of the split, and names of classes."""
    try:
        builder = datasets.load_dataset_builder(place, name=config.subset, revision=revision)
        splits = builder.as_streaming_dataset()
    except _LOADING_ERRORS as error:
        raise DataError(_unreachable(place, error)) from error
    if config.split not in splits:
        raise ConfigError(
            f"{setting}split is {config.split!r}; {place} has {', '.join(sorted(splits))}"
        )
    found = _columns_of(splits[config.split], place)
    where = f"{place} ({config.split})"
    columns = resolve_columns(
        list(found), config.columns, where=where, needed=needed, setting=f"{setting}columns"
    )
    if not edited_images:
        columns.pop("edited_image", None)
    for name in {"source_image", "edited_image"} & columns.keys():
        _check_holds_images(found[columns[name]], columns[name], f"{setting}columns.{name}", where)
    names = {
        column: list(found[column].names)
        for column in columns.values()
        if isinstance(found[column], datasets.ClassLabel)
    }
    if not isinstance(builder.config, ParquetConfig):
        return columns, [], names
    return columns, [str(file) for file in builder.config.data_files[config.split]], names


def _class_name(value: Any, names: Sequence[str]) -> Any:
    known = isinstance(value, int) and 0 <= value < len(names)
    return names[value] if known else value


def _columns_of(dataset: Any, place: str) -> dict[str, Any]:
    """Column -> feature; of a format without a schema, the first row's columns without features."""
    if dataset.features is not None:
        return dict(dataset.features)
    try:
        return dict.fromkeys(next(iter(dataset), {}))
    except _LOADING_ERRORS as error:
        raise DataError(_unreachable(place, error)) from error


def _check_holds_images(feature: Any, column: str, setting: str, where: str) -> None:
    """Images are bytes, alone or beside a path; None stands for a column without a schema."""
    holds = (
        feature is None
        or isinstance(feature, datasets.Image)
        or (isinstance(feature, dict) and "bytes" in feature)
        or getattr(feature, "dtype", "") in ("binary", "large_binary")
    )
    if not holds:
        raise ConfigError(
            f"{where}: column {column} holds {feature} instead of images; "
            f"name the column of the images with {setting}"
        )


def _parquet_files(table: Table, start: int) -> Iterator[dict[str, Any]]:
    columns = list(table.columns.values())
    for name in table.files:
        with xopen(name, "rb") as file:
            rows = row_count(file) if start else 0
            if start < rows or not start:
                file.seek(0)
                yield from parquet_rows(file, columns=columns, start=start)
            start = max(0, start - rows)


def _streamed(table: Table, start: int) -> Iterator[dict[str, Any]]:
    """Rows of other formats; those before `start` are read and not decoded."""
    builder = datasets.load_dataset_builder(
        table.place, name=table.config.subset, revision=table.revision
    )
    dataset = builder.as_streaming_dataset(split=table.config.split)
    for column, feature in (dataset.features or {}).items():
        if isinstance(feature, datasets.Image):
            dataset = dataset.cast_column(column, datasets.Image(decode=False))
    yield from dataset.skip(start)


def _record(table: Table, row: Mapping[str, Any], number: int) -> SourceRecord:
    texts = row_texts(row, table.columns, split=table.config.split)
    image, reason = _read_cell(table, row, "source_image")
    if not reason and not texts.instruction:
        reason = "no_instruction"
    edited = None
    if "edited_image" in table.columns and not reason:
        edited, _ = _read_cell(table, row, "edited_image")
    return SourceRecord(
        key=f"{table.name}/{table.config.split}/{number}",
        image=image,
        reason=reason,
        edited_image=edited,
        **asdict(texts),
    )


def _read_cell(table: Table, row: Mapping[str, Any], name: str) -> tuple[Image.Image | None, str]:
    return read_cell(row.get(table.columns[name]), table.folder)


def _card_licence(card: Path) -> str:
    if not card.is_file():
        return UNKNOWN_LICENCE
    try:
        return _licence_text(DatasetCard.load(card).data.get("license"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{card} cannot be read as a dataset card: {error}; put it right, or say the licence "
            "with source.licence"
        ) from error


def _licence_text(licence: object) -> str:
    if isinstance(licence, list):
        return ", ".join(str(each) for each in licence) or UNKNOWN_LICENCE
    return str(licence) if licence else UNKNOWN_LICENCE


def _unreachable(place: str, error: Exception) -> str:
    return (
        f"{place} cannot be opened ({_short(error)}); check its name and the network, log in with "
        "`hf auth login` if it is not public, and unset HF_HUB_OFFLINE; on a machine without a "
        "network, point source.path at a folder that was filled elsewhere by "
        "`hf download --repo-type dataset`"
    )


def _short(error: Exception) -> str:
    """The first line of an error, with its type: libraries append pages to it."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
