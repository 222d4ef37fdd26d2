"""Decide which edits of a run are kept, from columns alone: no picture is read, no model loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from syned.errors import RunError
from syned.executors.evaluation import KnownSet
from syned.records import SELECTION_SCHEMA
from syned.run import Run
from syned.shards import write_atomically
from syned.stages.contamination import Nearest, hashes_from, known_texts
from syned.stages.select import KEPT, REASONS, SCORES, Columns, Rules, select

SELECTION_FILE = "selection.parquet"
METADATA_KEY = b"syned"
"""Of the file's schema metadata: counts and thresholds as JSON."""

_REQUEST_COLUMNS = [
    "edit_id",
    "source_id",
    "image_shard",
    "image_row",
    "variant_index",
    "instruction",
    "task",
]
_SCORE_COLUMNS = ["edit_id", *SCORES, "perceptual_hash", "flat"]
_TRUTH_COLUMNS = ["true_error", "source_error"]
_READERS = 4


@dataclass(frozen=True, slots=True)
class Scored:
    """All edits of a run that have scores, in the order of edits/."""

    table: pa.Table
    """edit_id, source_id, shard, row, task, instruction, captions, image_shard, image_row."""
    columns: Columns
    right: NDArray[np.int8]
    """1 where the edit is near the true result, 0 where it is not, -1 where no truth is known."""


@dataclass(frozen=True, slots=True)
class Sameness:
    """When a picture counts as one of an evaluation set."""

    distance: int | None
    """Bits of 64; None asks the embedding alone."""
    similarity: float | None
    """Cosine; None asks the hash alone."""

    def same(self, near: Nearest) -> NDArray[np.bool_]:
        """Which pictures are, shape (n,)."""
        found = np.zeros(len(near.distance), bool)
        if self.distance is not None:
            found |= near.distance <= self.distance
        if self.similarity is not None:
            found |= near.similarity >= self.similarity
        return found


def read_scored(run: Run, shards: Sequence[int], *, captions: bool) -> Scored:
    """Read what selection needs, and nothing else.

    Args:
        run: what is there.
        shards: of edits, all of them scored.
        captions: whether difference captions are needed as well.

    Raises:
        RunError: a shard cannot be read, or scores and plan do not fit together.
    """
    names = [*_REQUEST_COLUMNS, *(["captions"] if captions else [])]
    with ThreadPoolExecutor(_READERS) as threads:
        parts = list(threads.map(lambda shard: _read_shard(run, shard, names), shards))
    if not parts:
        raise RunError(f"{run.path} has no edits yet; make some with `syned generate`")
    table = pa.concat_tables([part for part, _ in parts]).combine_chunks()
    right = np.concatenate([truth for _, truth in parts])
    return Scored(table, _columns(table), right)


def contaminations(
    run: Run, scored: Scored, sets: Sequence[KnownSet], sameness: Sameness
) -> dict[str, dict[str, NDArray[np.bool_]]]:
    """Set -> "images" and "captions" -> which edits are known from it, shape (n,).

    An edit is known by its source image or its edited image; or by any of the texts that would be
    published with it: its instruction, its difference captions, their paraphrases.
    """
    if not sets:
        return {}
    place = _image_positions(run, scored.table)
    instructions = _Texts(run, scored.table)
    return {
        each.name: {
            "images": sameness.same(each.edits) | sameness.same(each.images)[place],
            "captions": instructions.known(each.texts),
        }
        for each in sets
    }


def write_selection(
    run: Run,
    scored: Scored,
    rules: Rules,
    contaminated: Mapping[str, Mapping[str, NDArray[np.bool_]]],
    *,
    encoder: str,
) -> dict[str, Any]:
    """Select, and write selection.parquet.

    Args:
        run: its scores are locked by the caller.
        scored: what is chosen from.
        rules: what is asked of an edit.
        contaminated: as from `contaminations`.
        encoder: what the scores were made with, its revision included.

    Returns:
        The file's metadata: counts by reason and task, thresholds, contamination, truth.

    Raises:
        RunError: it cannot be written.
    """
    flags = [rows for of_set in contaminated.values() for rows in of_set.values()]
    any_set = np.any(flags, axis=0) if flags else np.zeros(len(scored.columns), bool)
    outcome = select(scored.columns, rules, any_set)
    told = {
        **_counts(outcome),
        "by_task": {
            task: _counts(outcome[scored.columns.task == position])
            for position, task in sorted(enumerate(scored.columns.tasks), key=lambda pair: pair[1])
        },
        "thresholds": _shown(rules),
        "encoder": encoder,
        "contamination": {
            name: {
                what: int((rows & (outcome == REASONS.index("contaminated"))).sum())
                for what, rows in of_set.items()
            }
            for name, of_set in contaminated.items()
        },
        "truth": truth_counts(scored.right, outcome == KEPT),
    }
    _write(run, scored.table, outcome, told)
    return told


def truth_counts(right: NDArray[np.int8], kept: NDArray[np.bool_]) -> dict[str, int] | None:
    """How the choice compares with the truth; None where none is known."""
    judged = right >= 0
    if not judged.any():
        return None
    return {
        "judged": int(judged.sum()),
        "right": int((right == 1).sum()),
        "kept_judged": int((judged & kept).sum()),
        "kept_right": int(((right == 1) & kept).sum()),
    }


class _Texts:
    """The texts of edits, each told apart once however many edits share it."""

    def __init__(self, run: Run, table: pa.Table) -> None:
        captions = table["captions"].combine_chunks()
        self._instructions = table["instruction"].combine_chunks().dictionary_encode()
        self._captions = captions.flatten().dictionary_encode()
        self._row_of_caption = pc.list_parent_indices(captions).to_numpy()
        self._paraphrases = _paraphrases(run)

    def known(self, texts: frozenset[str]) -> NDArray[np.bool_]:
        """Which edits have a text, or a paraphrase of one, that is in the folded set."""
        found = self._flags(self._instructions, texts)
        found[self._row_of_caption[self._flags(self._captions, texts)]] = True
        return found

    def _flags(self, column: pa.DictionaryArray, texts: frozenset[str]) -> NDArray[np.bool_]:
        words = column.dictionary.to_pylist()
        known = known_texts(words, texts) if texts else np.zeros(len(words), bool)
        for position, text in enumerate(words if texts else ()):
            known[position] |= known_texts(self._paraphrases.get(text, ()), texts).any()
        return known[column.indices.to_numpy()] if len(words) else np.zeros(len(column), bool)


def _paraphrases(run: Run) -> dict[str, list[str]]:
    """Text -> its accepted paraphrases, as far as captions/ is made."""
    rows = (
        row
        for shard in run.captions.recorded()
        for row in run.captions.read(shard, ["text", "paraphrases"]).to_pylist()
    )
    return {row["text"]: row["paraphrases"] for row in rows}


def _read_shard(run: Run, shard: int, names: list[str]) -> tuple[pa.Table, NDArray[np.int8]]:
    requests = run.requests.read(shard, names)
    scores = run.edit_scores.read(shard, _SCORE_COLUMNS)
    if not requests["edit_id"].equals(scores["edit_id"]):
        raise RunError(
            f"{run.edit_scores.path} shard {shard} has other rows than {run.requests.path}; "
            "remove it and run the same command again"
        )
    table = requests
    for name in _SCORE_COLUMNS[1:]:
        table = table.append_column(scores.schema.field(name), scores[name])
    places = {"shard": np.full(len(table), shard), "row": np.arange(len(table))}
    for name, values in places.items():
        table = table.append_column(name, pa.array(values, pa.int32()))
    return table, _truth(run, shard, len(table))


def _truth(run: Run, shard: int, rows: int) -> NDArray[np.int8]:
    """1 right, 0 wrong, -1 unknown; edits/ is opened only where its record speaks of a truth."""
    record = run.edits.record(shard)
    if record is None or not record.counts.get("judged"):
        return np.full(rows, -1, np.int8)
    errors = run.edits.read(shard, _TRUTH_COLUMNS)
    true, source = (errors[name].to_numpy() for name in _TRUTH_COLUMNS)
    unknown = np.isnan(true) | np.isnan(source)
    return np.where(unknown, -1, true <= 0.5 * source).astype(np.int8)


def _columns(table: pa.Table) -> Columns:
    def codes(name: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        encoded = table[name].combine_chunks().dictionary_encode()
        return encoded.indices.to_numpy().astype(np.int64), tuple(encoded.dictionary.to_pylist())

    source, _ = codes("source_id")
    instruction, instructions = codes("instruction")
    _, request = np.unique(source * len(instructions) + instruction, return_inverse=True)
    task, tasks = codes("task")
    return Columns(
        request=request,
        variant_index=table["variant_index"].to_numpy(),
        task=task,
        tasks=tasks,
        failed=table["perceptual_hash"].is_null().to_numpy(),
        flat=table["flat"].fill_null(False).to_numpy(),
        perceptual_hash=hashes_from(table["perceptual_hash"].to_pylist()),
        scores={name: table[name].to_numpy() for name in SCORES},
    )


def _image_positions(run: Run, table: pa.Table) -> NDArray[np.int64]:
    """Where each edit's source image stands among all of plan/images/; 0 for one without."""
    records = [record for s in run.images.recorded() if (record := run.images.record(s))]
    before = np.zeros(max((r.shard for r in records), default=0) + 1, np.int64)
    before[[record.shard for record in records]] = np.cumsum([0, *(r.rows for r in records)])[:-1]
    shard, row = (table[name].to_numpy() for name in ("image_shard", "image_row"))
    return np.where(shard < 0, 0, before[shard] + row)


def _counts(outcome: NDArray[np.uint8]) -> dict[str, Any]:
    of_reason = np.bincount(outcome, minlength=KEPT + 1)
    dropped = {reason: int(of_reason[i]) for i, reason in enumerate(REASONS) if of_reason[i]}
    return {"kept": int(of_reason[KEPT]), "dropped": dropped}


def _shown(rules: Rules) -> dict[str, Any]:
    """All numbers that held; null for one that holds for all tasks but this."""
    common: dict[str, float | None] = {
        **rules.bounds,
        "near_duplicate_distance": rules.near_duplicate_distance,
        "best_per_request": rules.best_per_request,
    }
    common = {name: number for name, number in common.items() if number is not None}
    tasks = {
        task: {
            name: number for name, number in bounds.items() if number is not None or name in common
        }
        for task, bounds in sorted(rules.tasks.items())
    }
    return {"all": common, "tasks": tasks}


def _write(run: Run, table: pa.Table, outcome: NDArray[np.uint8], told: Mapping[str, Any]) -> None:
    words = np.array([*REASONS, *[""] * (KEPT + 1 - len(REASONS))])
    columns = {name: table[name] for name in ("edit_id", "source_id", "shard", "row", "task")}
    columns |= {"kept": pa.array(outcome == KEPT), "reason": pa.array(words[outcome])}
    selection = pa.table(columns, schema=SELECTION_SCHEMA)
    metadata = {METADATA_KEY: json.dumps(told)}
    sink = pa.BufferOutputStream()
    pq.write_table(selection.replace_schema_metadata(metadata), sink, compression="ZSTD")
    write_atomically(run.path / SELECTION_FILE, sink.getvalue())


def read_selection(run: Run) -> dict[str, Any] | None:
    """What selection.parquet says of itself, and `edits`, its rows; None when there is none.

    Raises:
        RunError: it is damaged.
    """
    path = run.path / SELECTION_FILE
    try:
        with pq.ParquetFile(path) as file:
            told = json.loads((file.schema_arrow.metadata or {})[METADATA_KEY])
            return {**told, "edits": file.metadata.num_rows}
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error}; run `syned filter` again") from error
