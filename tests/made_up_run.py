"""Runs that nobody generated: plan, edits, scores, captions and selection, written in seconds.

Run: python -m tests.made_up_run DATA_DIR --edits 100000
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from syned.config import RunConfig
from syned.run.directory import Run
from syned.run.records import (
    CAPTION_SCHEMA,
    EDIT_SCHEMA,
    EDIT_SCORE_SCHEMA,
    IMAGE_SCHEMA,
    IMAGE_SCORE_SCHEMA,
    REQUEST_SCHEMA,
    SELECTION_SCHEMA,
    Edit,
    Paraphrased,
    Request,
    SourceImage,
    to_table,
)
from syned.run.selection_file import write_selection_file
from syned.run.shards import ShardFolder
from syned.sources.png import png_bytes
from tests.conftest import make_config

TASKS = ("add", "remove", "local", "color", "background", "global", "style", "text")
COUNTED = ("red", "blue", "green", "small", "large", "old", "striped", "round")
THINGS = ("kite", "boat", "lamp", "chair", "tree", "clock", "cup", "door")


@dataclass(frozen=True, slots=True)
class Selected:
    """Whether an edit is kept; in the order of edits/, shard after shard."""

    edit_id: str
    source_id: str
    shard: int
    row: int
    """Where it lies in edits/."""
    task: str
    variant_disagreement: float | None
    """How much the other variants of its request differ from it, in proportion to what it changed;
    None without another variant."""
    kept: bool
    reason: str = ""
    """Why it is dropped; "" for one that is kept."""


@dataclass(frozen=True)
class MadeUp:
    """What a made-up run is like."""

    edits: int
    variants: int = 4
    size_px: int = 16
    shard_rows: int = 256
    failed_every: int = 50
    """Every so many edits, one failed."""
    kept_fraction: float = 0.5
    splits: tuple[str, ...] = ("",)
    """Of the source images, in turn; "" where the source names none."""
    instructions: tuple[str, ...] = ()
    """For the first requests, in place of made-up ones."""
    embedding_width: int = 8
    with_scores: bool = True
    with_captions: bool = True
    with_selection: bool = True
    with_truth: bool = False
    seed: int = 0


def make_run(data_dir: Path, made_up: MadeUp, config: RunConfig | None = None) -> Run:
    """Write a run that looks as if the stages had made it.

    Args:
        data_dir: where runs lie.
        made_up: what it is like.
        config: its settings; by default those of a small run named "test".
    """
    run = Run.create_or_open(config or make_config(), data_dir=data_dir)
    run.write_settings(
        config or make_config(),
        {
            "editor": {"name": "made/up", "revision": "0123abc"},
            "source": {"name": "made/up-source", "revision": "1", "licence": "cc-by-4.0"},
        },
        sections=("generate",),
    )
    rng = np.random.default_rng(made_up.seed)
    _write_images(run, made_up, rng)
    for shard, rows in enumerate(_chunks(range(made_up.edits), made_up.shard_rows)):
        _write_shard(run, made_up, shard, rows, rng)
    if made_up.with_captions:
        _write_captions(run, made_up)
    if made_up.with_selection:
        write_selection(run, select_at_random(run, made_up.kept_fraction, made_up.seed))
    return run


def write_selection(
    run: Run, selected: Sequence[Selected], facts: dict[str, Any] | None = None
) -> None:
    """Write selection.parquet as `syned filter` does.

    Args:
        run: whose edits were selected.
        selected: in the order of edits/.
        facts: over what follows from the rows.
    """
    table = to_table(list(selected), SELECTION_SCHEMA)
    write_selection_file(run, table, _facts_of(selected) | (facts or {}))


def select_at_random(run: Run, kept_fraction: float, seed: int = 0) -> list[Selected]:
    """Keep a share of the edits, and drop the others for reasons drawn by lot."""
    rng = np.random.default_rng(seed)
    return [_selected(edit, rng, kept_fraction) for edit in edits_of(run)]


def edits_of(run: Run) -> Iterator[dict[str, Any]]:
    """All edits, in order, with their place and task and without images."""
    for shard in run.edits.recorded():
        columns = ["edit_id", "source_id", "status", "true_error", "source_error"]
        edits = run.edits.read(shard, columns).to_pylist()
        tasks = run.requests.read(shard, ["task"])["task"].to_pylist()
        for row, (edit, task) in enumerate(zip(edits, tasks, strict=True)):
            yield edit | {"shard": shard, "row": row, "task": task}


def _selected(edit: dict[str, Any], rng: np.random.Generator, kept_fraction: float) -> Selected:
    reasons = ("nothing_changed", "scene_lost", "instruction_ignored", "near_duplicate")
    kept = edit["status"] == "done" and rng.random() < kept_fraction
    reason = "failed" if edit["status"] == "failed" else str(rng.choice(reasons))
    names = ("edit_id", "source_id", "shard", "row", "task")
    return Selected(
        **{name: edit[name] for name in names},
        variant_disagreement=float(rng.random()),
        kept=kept,
        reason="" if kept else reason,
    )


def _facts_of(selected: Sequence[Selected]) -> dict[str, Any]:
    by_task = {
        task: _counts([row for row in selected if row.task == task])
        for task in sorted({row.task for row in selected})
    }
    return {
        **_counts(selected),
        "by_task": by_task,
        "thresholds": {
            "all": {"image_similarity": 0.7, "directional_similarity": 0.2},
            "tasks": {"style": {"image_similarity": 0.5}},
        },
        "encoder": "made/up-clip@0123abc",
        "contamination": {},
        "truth": None,
    }


def _counts(selected: Sequence[Selected]) -> dict[str, Any]:
    dropped = Counter(row.reason for row in selected if not row.kept)
    return {"kept": sum(row.kept for row in selected), "dropped": dict(dropped.most_common())}


def _write_images(run: Run, made_up: MadeUp, rng: np.random.Generator) -> None:
    count = -(-made_up.edits // made_up.variants)
    for shard, numbers in enumerate(_chunks(range(count), made_up.shard_rows)):
        images = [
            SourceImage(_source_id(number), _png(made_up, rng), made_up.size_px, made_up.size_px)
            for number in numbers
        ]
        _commit(run.images, shard, to_table(images, IMAGE_SCHEMA))
        if made_up.with_scores:
            scores = pa.table(
                {
                    "source_id": [_source_id(number) for number in numbers],
                    "perceptual_hash": _hashes(len(numbers), rng),
                    "thumbnail": _thumbnails(len(numbers), rng),
                    "embedding": _embeddings(len(numbers), made_up.embedding_width, rng),
                },
                schema=IMAGE_SCORE_SCHEMA,
            )
            _commit(run.image_scores, shard, scores)


def _write_shard(
    run: Run, made_up: MadeUp, shard: int, rows: range, rng: np.random.Generator
) -> None:
    """A shard of plan/requests/, of edits/ and of scores/edits/."""
    requests = [_request(made_up, number) for number in rows]
    edits = [_edit(made_up, request, rng, i) for i, request in zip(rows, requests, strict=True)]
    failed = sum(edit.status == "failed" for edit in edits)
    planned = {"planned": len(rows), "failed": 0}
    counts = {"done": len(rows) - failed, "failed": failed}
    counts |= {"failed:flat_image": failed} if failed else {}
    judged = [edit.right for edit in edits if edit.right is not None]
    counts |= {"judged": len(judged), "right": sum(judged)}
    _commit(run.requests, shard, to_table(requests, REQUEST_SCHEMA), planned)
    _commit(run.edits, shard, to_table(edits, EDIT_SCHEMA), counts)
    if made_up.with_scores:
        _commit(run.edit_scores, shard, _edit_scores(made_up, edits, rng))


def _request(made_up: MadeUp, number: int) -> Request:
    """All images at variant 0, then all at variant 1, and so on, as a plan has them."""
    images = -(-made_up.edits // made_up.variants)
    variant, image = divmod(number, images)
    task = TASKS[image % len(TASKS)]
    thing = f"{COUNTED[image // 8 % 8]} {THINGS[image // 64 % 8]}"
    instruction = f"{task} the {thing} number {image % 4096}"
    if image < len(made_up.instructions):
        instruction = made_up.instructions[image]
    return Request(
        edit_id=f"{number:032x}",
        source_id=_source_id(image),
        image_shard=image // made_up.shard_rows,
        image_row=image % made_up.shard_rows,
        variant_index=variant,
        instruction=instruction,
        seed=number,
        guidance_scale=7.5,
        image_guidance_scale=1.5,
        width_px=made_up.size_px,
        height_px=made_up.size_px,
        key=f"made-up/{image}",
        task=task,
        split=made_up.splits[image % len(made_up.splits)],
        idx=str(image),
        hash=f"{image:016x}",
        input_caption=f"a picture with a {thing}",
        output_caption=f"a picture, {task}, with a {thing}",
        captions=(f"the {thing} is new", f"there is a {thing} now") if image % 2 else (),
    )


def _edit(made_up: MadeUp, request: Request, rng: np.random.Generator, number: int) -> Edit:
    if number % made_up.failed_every == made_up.failed_every - 1:
        return Edit(
            request.edit_id, request.source_id, request.variant_index, "failed", "flat_image"
        )
    truth = (float(rng.uniform(0, 0.1)), 0.1) if made_up.with_truth else (None, None)
    return Edit(
        request.edit_id,
        request.source_id,
        request.variant_index,
        "done",
        edited_image=_png(made_up, rng),
        true_error=truth[0],
        source_error=truth[1],
    )


def _edit_scores(made_up: MadeUp, edits: Sequence[Edit], rng: np.random.Generator) -> pa.Table:
    done = np.array([edit.status == "done" for edit in edits])
    columns: dict[str, Any] = {"edit_id": [edit.edit_id for edit in edits]}
    for name in EDIT_SCORE_SCHEMA.names:
        kind = EDIT_SCORE_SCHEMA.field(name).type
        if kind == pa.float64():
            values = rng.uniform(0, 1, len(edits))
            columns[name] = pa.array(values, kind, mask=~done)
    columns["dino_similarity"] = pa.nulls(len(edits), pa.float64())
    hashes = np.array(_hashes(len(edits), rng), dtype=object)
    columns["perceptual_hash"] = pa.array(hashes, pa.string(), mask=~done)
    columns["flat"] = pa.array(np.zeros(len(edits), bool), mask=~done)
    thumbnails = np.array(_thumbnails(len(edits), rng), dtype=object)
    columns["thumbnail"] = pa.array(thumbnails, pa.binary(), mask=~done)
    columns["embedding"] = _embeddings(len(edits), made_up.embedding_width, rng, done)
    return pa.table({name: columns[name] for name in EDIT_SCORE_SCHEMA.names}, EDIT_SCORE_SCHEMA)


def _thumbnails(count: int, rng: np.random.Generator) -> list[bytes]:
    """16 by 16 pixels each, RGB."""
    return [rng.bytes(16 * 16 * 3) for _ in range(count)]


def _write_captions(run: Run, made_up: MadeUp) -> None:
    texts: dict[tuple[str, str], str] = {}
    for number in range(-(-made_up.edits // made_up.variants)):
        request = _request(made_up, number)
        texts[("instruction", request.instruction)] = request.task
        texts.update({("caption", caption): request.task for caption in request.captions})
    rows = [
        Paraphrased(
            text_id=f"{number:032x}",
            kind="caption" if kind == "caption" else "instruction",
            text=text,
            task=task,
            status="done",
            paraphrases=(f"in other words, {text}", f"{text}, as it were"),
            asked=1,
            model="made/up-7B@0123abc",
            prompt="paraphrase_made_up v1 0123456789ab",
        )
        for number, ((kind, text), task) in enumerate(texts.items())
    ]
    for shard, some in enumerate(_chunks(rows, made_up.shard_rows)):
        counts = {"done": len(some), "paraphrases": 2 * len(some), "accepted": 2 * len(some)}
        _commit(run.captions, shard, to_table(list(some), CAPTION_SCHEMA), counts)


def _commit(
    folder: ShardFolder, shard: int, table: pa.Table, counts: dict[str, int] | None = None
) -> None:
    folder.commit(shard, table, inputs="", counts=counts or {}, seconds=0.0)


def _source_id(number: int) -> str:
    return f"source{number:026x}"


def _png(made_up: MadeUp, rng: np.random.Generator) -> bytes:
    pixels = rng.integers(0, 256, (made_up.size_px, made_up.size_px, 3), np.uint8)
    return png_bytes(Image.fromarray(pixels))


def _hashes(count: int, rng: np.random.Generator) -> list[str]:
    return [f"{value:016x}" for value in rng.integers(0, 2**63, count)]


def _embeddings(
    count: int, width: int, rng: np.random.Generator, known: NDArray[np.bool_] | None = None
) -> pa.ListArray:
    """Vectors of length 1 in half precision; null where `known` is false."""
    vectors = rng.normal(size=(count, width))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    present = np.ones(count, bool) if known is None else known
    ends = np.cumsum(present) * width
    offsets = pa.array(np.concatenate([[0], ends]), pa.int32())
    values = pa.array(vectors[present].astype(np.float16).ravel(), pa.float16())
    mask = None if known is None else pa.array(~present)
    return pa.ListArray.from_arrays(offsets, values, mask=mask)


def _chunks(items: Any, size: int) -> Iterator[Any]:
    return (items[first : first + size] for first in range(0, len(items), size))


def main() -> None:
    """Write a run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--edits", type=int, default=100_000)
    parser.add_argument("--embedding-width", type=int, default=8)
    given = parser.parse_args()
    made_up = MadeUp(given.edits, embedding_width=given.embedding_width)
    print(make_run(given.data_dir, made_up).path)


if __name__ == "__main__":
    main()
