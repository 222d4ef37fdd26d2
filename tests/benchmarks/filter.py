"""How long `syned filter` takes to decide again about 100,000 edits, interpreter start included.

Run: python -m tests.benchmarks.filter --edits 100000

A run is made up: plan and edits with pictures of one pixel, and scores as wide as those of CLIP
ViT-L/14. Then the command is run with other thresholds, as a person would, in processes of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from syned.config import FilterConfig, GenerateConfig, RunConfig, SourceConfig
from syned.filter.from_config import filter_settings
from syned.filter.select import SCORES
from syned.filter.shards import Models, find_work
from syned.models.fake import FakeImageTextEncoder
from syned.run.directory import Run
from syned.run.shards import ShardFolder
from syned.sources.png import png_bytes

TASKS = ("add", "remove", "local", "color", "background", "global", "style", "text")
SOURCES = 3_589
WIDTH = 768
THRESHOLDS = ("0.6", "0.8", "{quantile: 0.2}")
PIXEL = {"bytes": png_bytes(Image.new("RGB", (8, 8))), "path": None}


def main() -> None:
    """Make a run up, filter it again and again, and print how long each took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--edits", type=int, default=100_000)
    parser.add_argument("--shard-rows", type=int, default=64)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        run = make_up(Path(folder), given.edits, given.shard_rows)
        shards = len(run.edits.recorded())
        print(f"{given.edits:,} edits in {shards:,} shards, made up in {_since(begin):.1f} s")
        for threshold in THRESHOLDS:
            computing = _computed()
            seconds, words = filter_again(Path(folder), threshold)
            computing = _computed() - computing
            took = f"{seconds:.2f} s, {computing:.2f} s of them computing"
            print(f"min_image_similarity {threshold}: {took}; {words}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"most memory of a process {peak:.2f} GiB")


def filter_again(data_dir: Path, threshold: str) -> tuple[float, str]:
    """Seconds that the command took, and its line about what is kept."""
    code = "import sys; from syned.cli import main; main(sys.argv[1:])"
    setting = f"filter.thresholds.min_image_similarity={threshold}"
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, "filter", "--data-dir", str(data_dir), "--set", setting],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    kept = next(line for line in done.stdout.splitlines() if line.startswith("kept"))
    return _since(begin), kept


def make_up(data_dir: Path, edits: int, shard_rows: int) -> Run:
    """A scored run with plausible numbers; its variants share sources and instructions."""
    config = RunConfig(
        name="made-up",
        source=SourceConfig(kind="shapes"),
        generate=GenerateConfig(n=edits, editor="fake", shard_rows=shard_rows),
        filter=FilterConfig(encoder="fake"),
    )
    run = Run.create_or_open(config, data_dir=data_dir)
    rng = np.random.default_rng(0)
    for shard, first in enumerate(range(0, SOURCES, shard_rows)):
        rows = np.arange(first, min(first + shard_rows, SOURCES))
        _commit(run.images, shard, _image_columns(rows))
    for shard, first in enumerate(range(0, edits, shard_rows)):
        rows = np.arange(first, min(first + shard_rows, edits))
        _commit(run.requests, shard, _request_columns(rows, shard_rows))
        _commit(run.edits, shard, _edit_columns(rows))
    _write_scores(run, rng)
    return run


def _write_scores(run: Run, rng: np.random.Generator) -> None:
    models = Models(FakeImageTextEncoder, FakeImageTextEncoder.name)
    run.check_fingerprint("filter", filter_settings(FilterConfig(encoder="fake")), made=False)
    names = {"image_text_encoder": models.encoder_name, "dino": models.dino_name}
    run.write_settings(
        RunConfig(name="x", filter=FilterConfig(encoder="fake")), names, sections=("filter",)
    )
    work = find_work(run, models.identity)
    for shard, inputs in work.images_todo.items():
        ids = run.images.read(shard, ["source_id"])["source_id"]
        _commit(run.image_scores, shard, {"source_id": ids, **_pictures(len(ids), rng)}, inputs)
    for shard, inputs in work.edits_todo.items():
        ids = run.edits.read(shard, ["edit_id"])["edit_id"]
        scores = {name: rng.beta(5, 2, len(ids)) for name in SCORES}
        columns = {"edit_id": ids, **scores, **_pictures(len(ids), rng)}
        _commit(run.edit_scores, shard, {**columns, "flat": [False] * len(ids)}, inputs)


def _pictures(count: int, rng: np.random.Generator) -> dict[str, Any]:
    hashes = [f"{value:016x}" for value in rng.integers(0, 2**64, count, np.uint64)]
    thumbnails = [row.tobytes() for row in rng.integers(0, 256, (count, 768), np.uint8)]
    values = pa.array(rng.normal(0, WIDTH**-0.5, count * WIDTH).astype(np.float16))
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * WIDTH)
    embeddings = pa.ListArray.from_arrays(offsets, values)
    return {"perceptual_hash": hashes, "thumbnail": thumbnails, "embedding": embeddings}


def _image_columns(rows: Any) -> dict[str, Any]:
    sizes = {"width_px": [8] * len(rows), "height_px": [8] * len(rows)}
    return {"source_id": [f"{row:032x}" for row in rows], "image": [PIXEL] * len(rows), **sizes}


def _request_columns(rows: Any, shard_rows: int) -> dict[str, Any]:
    sources = rows % SOURCES
    texts = ("reason", "split", "idx", "hash", "input_caption", "output_caption")
    plain: dict[str, Any] = {name: [""] * len(rows) for name in texts}
    return {
        **plain,
        "edit_id": [f"{row:032x}" for row in rows],
        "source_id": [f"{source:032x}" for source in sources],
        "image_shard": sources // shard_rows,
        "image_row": sources % shard_rows,
        "variant_index": rows // SOURCES,
        "instruction": [f"add thing number {source} to the picture" for source in sources],
        "seed": rows,
        "guidance_scale": [7.5] * len(rows),
        "image_guidance_scale": [1.5] * len(rows),
        "width_px": [8] * len(rows),
        "height_px": [8] * len(rows),
        "status": ["planned"] * len(rows),
        "key": [str(row) for row in rows],
        "task": [TASKS[source % len(TASKS)] for source in sources],
        "captions": [["a thing has been added"]] * len(rows),
        "true_image": [None] * len(rows),
    }


def _edit_columns(rows: Any) -> dict[str, Any]:
    return {
        "edit_id": [f"{row:032x}" for row in rows],
        "source_id": [f"{row % SOURCES:032x}" for row in rows],
        "variant_index": rows // SOURCES,
        "status": ["done"] * len(rows),
        "reason": [""] * len(rows),
        "edited_image": [PIXEL] * len(rows),
        "truncated": [False] * len(rows),
        "true_error": [None] * len(rows),
        "source_error": [None] * len(rows),
    }


def _commit(folder: ShardFolder, shard: int, columns: dict[str, Any], inputs: str = "") -> None:
    table = pa.table({name: columns[name] for name in folder.schema.names}, schema=folder.schema)
    counts = {"planned": table.num_rows, "done": table.num_rows, "failed": 0, "judged": 0}
    folder.commit(shard, table, inputs=inputs, counts=counts, seconds=0.0)


def _computed() -> float:
    """Processor seconds of finished processes, which a busy machine changes little."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _since(begin: float) -> float:
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
