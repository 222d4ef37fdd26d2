"""Read the scores of all edits of a run as columns, which is all that the selection needs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from syned.errors import RunError
from syned.filter.disagreement import variant_disagreement
from syned.filter.nearest import hashes_from
from syned.filter.select import SCORES, STORED_SCORES, Columns
from syned.filter.shards import Records, Work
from syned.filter.table_cache import cache_table, read_cached
from syned.run.directory import Run
from syned.run.shards import CommitRecord
from syned.run.truth import is_right

_REQUEST_COLUMNS = [
    "edit_id",
    "source_id",
    "image_shard",
    "image_row",
    "variant_index",
    "instruction",
    "captions",
    "task",
]
_SCORE_COLUMNS = ["edit_id", *STORED_SCORES, "perceptual_hash", "flat", "thumbnail"]
_TRUTH_COLUMNS = ["true_error", "source_error"]
_KEPT_COLUMNS = (
    *(name for name in _REQUEST_COLUMNS if name != "captions"),
    *SCORES,
    "perceptual_hash",
    "flat",
    "shard",
    "row",
    "source_position",
    "right",
)
"""All but the captions, which few ask for."""
_READERS = 4


@dataclass(frozen=True, slots=True)
class Scored:
    """n edits of a run, in the order of edits/."""

    table: pa.Table = field(repr=False)
    """What requests and scores say of them, and `shard` and `row`, their place in edits/."""
    columns: Columns

    @property
    def source_position(self) -> NDArray[np.int64]:
        """Where the source image stands among all of plan/images/, shape (n,); 0 without one."""
        return np.asarray(self.table["source_position"])

    @property
    def right(self) -> NDArray[np.int8]:
        """1 where the edit is near the true result, 0 where not, -1 where no truth is known."""
        return np.asarray(self.table["right"])


def read_scored(run: Run, work: Work, *, captions: bool) -> Scored:
    """Read the edits of a run; no picture is read.

    Thousands of shards take seconds to open, so what was read is kept in one file.

    Args:
        run: where they are; its scores are locked by the caller.
        work: what the run holds, all of it scored.
        captions: whether difference captions are needed as well.

    Raises:
        RunError: there are none, a shard cannot be read, or scores and plan do not fit together.
    """
    if not work.edits:
        raise RunError(f"{run.path} has no edits yet; make some with `syned generate`")
    path = run.path / "scores" / "columns.parquet"
    wanted = None if captions else [*_KEPT_COLUMNS]
    table = read_cached(path, work.inputs, wanted)
    if table is None:
        table = _gather(run, work)
        cache_table(path, table, work.inputs)
        table = table if wanted is None else table.select(wanted)
    return Scored(table, _columns(table))


def _gather(run: Run, work: Work) -> pa.Table:
    """All that is known of the edits, from their shards."""
    records = list(work.edits.values())
    with ThreadPoolExecutor(_READERS) as threads:
        tables = list(threads.map(lambda record: _read_shard(run, record), records))
        truths = list(threads.map(lambda record: _truth(run, record), records))
    table = pa.concat_tables(tables)
    position = _source_positions(work.images, table)
    disagreement = _disagreement(run, work, table, position)
    return (
        table.drop_columns(["thumbnail"])
        .append_column("variant_disagreement", pa.array(disagreement, from_pandas=True))
        .append_column("source_position", pa.array(position))
        .append_column("right", pa.array(np.concatenate(truths)))
    )


def _read_shard(run: Run, record: CommitRecord) -> pa.Table:
    requests = run.requests.read(record.shard, _REQUEST_COLUMNS)
    scores = run.edit_scores.read(record.shard, _SCORE_COLUMNS)
    if not requests["edit_id"].equals(scores["edit_id"]):
        raise RunError(
            f"{run.edit_scores.path} shard {record.shard} has other rows than "
            f"{run.requests.path}; score everything again with `syned filter --redo`"
        )
    table = requests
    for name in _SCORE_COLUMNS[1:]:
        table = table.append_column(scores.schema.field(name), scores[name])
    places = {"shard": np.full(len(table), record.shard), "row": np.arange(len(table))}
    for name, values in places.items():
        table = table.append_column(name, pa.array(values, pa.int32()))
    return table


def _truth(run: Run, record: CommitRecord) -> NDArray[np.int8]:
    """1 right, 0 wrong, -1 unknown; edits/ is opened only where its record speaks of a truth."""
    if not record.counts.get("judged"):
        return np.full(record.rows, -1, np.int8)
    errors = run.edits.read(record.shard, _TRUTH_COLUMNS)
    true, source = (errors[name].to_numpy() for name in _TRUTH_COLUMNS)
    unknown = np.isnan(true) | np.isnan(source)
    return np.where(unknown, -1, is_right(true, source)).astype(np.int8)


def _columns(table: pa.Table) -> Columns:
    task, tasks = _codes(table, "task")
    return Columns(
        request=_requests(table),
        variant_index=table["variant_index"].to_numpy(),
        task=task,
        tasks=tasks,
        failed=table["perceptual_hash"].is_null().to_numpy(),
        flat=table["flat"].fill_null(False).to_numpy(),
        perceptual_hash=hashes_from(table["perceptual_hash"].to_pylist()),
        scores={name: table[name].to_numpy() for name in SCORES},
    )


def _requests(table: pa.Table) -> NDArray[np.int64]:
    """Equal for edits of one source image and instruction, shape (n,)."""
    source, _ = _codes(table, "source_id")
    instruction, instructions = _codes(table, "instruction")
    request: NDArray[np.int64]
    _, request = np.unique(source * len(instructions) + instruction, return_inverse=True)
    return request


def _codes(table: pa.Table, name: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """A column of texts as numbers, and the texts that they stand for."""
    encoded = table[name].combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), tuple(encoded.dictionary.to_pylist())


def _disagreement(
    run: Run, work: Work, table: pa.Table, position: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Of each edit with the usable variants of its request, shape (n,); NaN without one."""
    found = np.full(len(table), np.nan)
    rows = np.flatnonzero(~table["flat"].fill_null(True).to_numpy())  # null where it failed
    if len(rows):
        sources = [run.image_scores.read(shard, ["thumbnail"]) for shard in work.images]
        of_sources = _thumbnails(pa.concat_tables(sources)["thumbnail"])
        edited = _thumbnails(table["thumbnail"].take(rows))
        found[rows] = variant_disagreement(
            _requests(table)[rows], edited, of_sources[position[rows]]
        )
    return found


def _thumbnails(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    """Shape (n, t)."""
    data = b"".join(column.to_pylist())
    return np.frombuffer(data, np.uint8).reshape(len(column), -1)


def _source_positions(images: Records, table: pa.Table) -> NDArray[np.int64]:
    before = np.zeros(max(images, default=0) + 1, np.int64)
    before[list(images)] = np.cumsum([0, *(r.rows for r in images.values())])[:-1]
    shard, row = (table[name].to_numpy() for name in ("image_shard", "image_row"))
    return np.where(shard < 0, 0, before[shard] + row)
