"""Publish a run as a dataset: choose edits, split them, write the files and the card.

Files are written split after split, each under its name when it is complete, so that a killed call
is gone on with at its last whole file. Memory holds a row group and the pairs in the encoders.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from syned.config import PublishConfig
from syned.errors import RunError
from syned.progress import Progress
from syned.publish.captions import Paraphrases, read_paraphrases
from syned.publish.card import card
from syned.publish.card_facts import CardFacts, SplitSize
from syned.publish.dataset_rows import Encoding, Origin, PairReader, encoded_rows
from syned.publish.parquet_files import ROW_GROUP_BYTES, DataFile, row_groups, write_files
from syned.publish.selected import Choice, Place, choose
from syned.publish.splits import Splits, assign_splits
from syned.publish.swap import DatasetFolder
from syned.run.directory import Run
from syned.run.published import INSTRUCT_PIX2PIX_SCHEMA, PUBLISHED_SCHEMA, SPLITS
from syned.run.shards import ShardFolder

VERSION = "1"
"""Goes up whenever the same run and settings would give other rows."""

EXAMPLES = 8
"""Rows that the card shows."""

_SCHEMAS = {"syned": PUBLISHED_SCHEMA, "instructpix2pix": INSTRUCT_PIX2PIX_SCHEMA}
_OF_ROWS = (
    "format", "splits", "fractions", "split_seed", "image_format", "quality", "max_shard_bytes",
    "true_images",
)  # fmt: skip
"""Settings that decide the files; the others decide the card."""


@dataclass(frozen=True, slots=True)
class Published:
    """A dataset that is complete."""

    path: Path
    splits: dict[str, SplitSize]
    """In the order train, validation, test; only those that have rows."""
    unchanged: bool
    """Whether just these rows were published before."""
    made_since: int
    """Edits that were made after the selection, and are left out for that."""
    conflicts: int
    """Source images that were in several splits of the source."""


def publish_dataset(run: Run, options: PublishConfig, path: Path, progress: Progress) -> Published:
    """Write the dataset of a run, or what an earlier call has left of it.

    Args:
        run: locked by the caller.
        options: what to publish, and how.
        path: of the dataset; what Syned published there before is replaced.
        progress: hears of every row group.

    Raises:
        RunError: there is nothing to publish, the run is damaged, or the disk is full.
    """
    choice = choose(run, unfiltered=options.unfiltered, once_each=options.true_images)
    splits = assign_splits(
        _planned_splits(run), options.fractions, seed=options.split_seed, own=_own(options)
    )
    places = _by_split(choice.places, splits)
    paraphrases, origin = read_paraphrases(run), _origin(run)
    made_from = _made_from(run, options, places, origin)
    folder = DatasetFolder(path)
    folder.recover()
    rows = {split: len(some) for split, some in places.items()}
    progress.started(sum(rows.values()))
    unchanged = folder.is_current(made_from, rows)
    if not unchanged:
        reader = PairReader(run, paraphrases, origin, true_images=options.true_images)
        done = folder.go_on(made_from)
        writer = _Writer(reader, options, folder.building, made_from, progress)
        for split, some in places.items():
            writer.write(split, some, [file for file in done if file.split == split])
    files = folder.files(building=not unchanged)
    text = card(_facts(run, options, choice, splits, paraphrases, files))
    if unchanged:
        progress.shard_skipped(sum(rows.values()))
        folder.renew_card(text)
    else:
        folder.finish(text)
    return Published(path, split_sizes(files), unchanged, choice.made_since, splits.conflicts)


def split_sizes(files: Sequence[DataFile]) -> dict[str, SplitSize]:
    """How large each split is."""
    sizes = {}
    for split in SPLITS:
        own = [file for file in files if file.split == split]
        if own:
            sizes[split] = SplitSize(
                rows=sum(file.rows for file in own),
                num_bytes=sum(file.num_bytes for file in own),
                size_bytes=sum(file.size_bytes for file in own),
                files=len(own),
            )
    return sizes


def _own(options: PublishConfig) -> bool:
    return options.splits == "source"


def _planned_splits(run: Run) -> Iterator[tuple[str, str]]:
    """Source image and split of every request, those of dropped edits among them.

    An image that is tested on elsewhere stays out of train, whatever became of its other edits.
    """
    for shard in run.requests.recorded():
        table = run.requests.read(shard, ["source_id", "split", "status"])
        for source_id, split, status in zip(*(c.to_pylist() for c in table.columns), strict=True):
            if status == "planned":
                yield source_id, split


def _by_split(places: Sequence[Place], splits: Splits) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {split: [] for split in SPLITS}
    for place in places:
        if place.source_id not in splits.by_source:
            raise RunError(
                f"edit {place.edit_id} was selected, but the plan has no such source image; run "
                "`syned filter` again"
            )
        found[splits.by_source[place.source_id]].append(place)
    return {split: some for split, some in found.items() if some}


def _origin(run: Run) -> Origin:
    settings = run.settings()
    versions = settings.get("versions", {})
    editor = versions.get("editor", {})
    return Origin(
        editor=editor.get("name", ""),
        editor_revision=editor.get("revision", ""),
        steps=settings["config"]["generate"]["steps"],
        licence=versions.get("source", {}).get("licence", "unknown"),
    )


def _made_from(
    run: Run, options: PublishConfig, places: Mapping[str, Sequence[Place]], origin: Origin
) -> str:
    """Hash of all that decides the files."""
    settings = options.model_dump(mode="json", include=set(_OF_ROWS))
    schema = _SCHEMAS[options.format].to_string()
    digest = hashlib.sha256(
        json.dumps([VERSION, settings, asdict(origin), schema], sort_keys=True).encode()
    )
    for split, some in places.items():
        for place in some:
            digest.update(f"{split} {place.shard} {place.row} {place.edit_id}\n".encode())
    used = sorted({place.shard for some in places.values() for place in some})
    for folder in (run.requests, run.edits, run.edit_scores):
        _add_records(digest, folder, used)
    _add_records(digest, run.captions, run.captions.recorded())
    return digest.hexdigest()


def _add_records(digest: Any, folder: ShardFolder, shards: Sequence[int]) -> None:
    for shard in shards:
        record = folder.record(shard)
        digest.update(f"{folder.path.name} {shard} {record and record.sha256}\n".encode())


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the files of a split that are not there yet."""

    reader: PairReader
    options: PublishConfig
    folder: Path
    made_from: str
    progress: Progress

    def write(self, split: str, places: Sequence[Place], done: Sequence[DataFile]) -> None:
        options = self.options
        rows_done = sum(file.rows for file in done)
        self.progress.shard_skipped(rows_done)
        encoding = Encoding(options.image_format, options.quality)
        groups = row_groups(
            encoded_rows(self.reader, places[rows_done:], split, encoding),
            _SCHEMAS[options.format],
            max_bytes=min(ROW_GROUP_BYTES, options.max_shard_bytes),
        )
        write_files(
            self._reported(groups),
            self.folder,
            split,
            first=len(done),
            max_bytes=options.max_shard_bytes,
            made_from=self.made_from,
        )

    def _reported(self, groups: Iterator[pa.Table]) -> Iterator[pa.Table]:
        for group in groups:
            yield group
            self.progress.batch_done(group.num_rows, 0, 0.0)


def _facts(
    run: Run,
    options: PublishConfig,
    choice: Choice,
    splits: Splits,
    paraphrases: Paraphrases,
    files: Sequence[DataFile],
) -> CardFacts:
    return CardFacts(
        title=options.title or run.name,
        schema=_SCHEMAS[options.format],
        splits=split_sizes(files),
        from_source=splits.from_source,
        conflicts=splits.conflicts,
        options=options,
        settings=run.settings(),
        selection=choice.facts,
        paraphrased=paraphrases.made_by,
        examples=_examples(files[0]),
    )


def _examples(file: DataFile) -> list[dict[str, Any]]:
    """Some rows of a file without their images, as many of each task as there are of the others."""
    wanted = ("task", "instruction", "edit_prompt", "captions")
    with pq.ParquetFile(file.path) as parquet:
        columns = [name for name in parquet.schema_arrow.names if name in wanted]
        table = parquet.read(columns=columns, use_threads=False)
    by_task: dict[str, list[int]] = {}
    for row, task in enumerate(table["task"].to_pylist()):
        by_task.setdefault(task, []).append(row)
    each = -(-EXAMPLES // len(by_task))
    rows = {own[len(own) * i // each] for own in by_task.values() for i in range(each)}
    examples: list[dict[str, Any]] = table.take(sorted(rows)[:EXAMPLES]).to_pylist()
    return examples
