"""Small things that many tests need: jobs, configs, a run with a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from syned.config import GenerateConfig, RunConfig, SourceConfig
from syned.run.directory import Run
from syned.run.records import (
    IMAGE_SCHEMA,
    REQUEST_SCHEMA,
    EditJob,
    Request,
    SourceImage,
    to_table,
)
from syned.run.shards import ShardFolder
from syned.sources.png import png_bytes


def make_job(number: int, *, width_px: int = 16, height_px: int = 16) -> EditJob:
    """A job with its own picture, instruction and seed; never the same for two numbers."""
    pixels = np.random.default_rng(number).integers(0, 256, (height_px, width_px, 3), np.uint8)
    request = Request(
        edit_id=f"edit{number}",
        source_id=f"source{number}",
        image_shard=0,
        image_row=number,
        variant_index=0,
        instruction=f"instruction {number}",
        seed=number,
        guidance_scale=7.5,
        image_guidance_scale=1.5,
        width_px=width_px,
        height_px=height_px,
    )
    return EditJob(request, pixels)


def make_config(name: str = "test", /, **generate: object) -> RunConfig:
    """The shapes world at 64 px and the fake editor; 12 edits in shards of 4."""
    settings = {"n": 12, "editor": "fake", "batch_size": 2, "shard_rows": 4, **generate}
    return RunConfig(
        name=name,
        source=SourceConfig(kind="shapes", image_size_px=64),
        generate=GenerateConfig.model_validate(settings),
    )


def plan_of(run: Run, shards: Sequence[Sequence[EditJob | Request]]) -> None:
    """Write a plan: shards of jobs, or of requests that failed; images lie in one shard."""
    jobs = [row for rows in shards for row in rows if isinstance(row, EditJob)]
    _commit(run.images, 0, to_table([_image_of(job) for job in jobs], IMAGE_SCHEMA))
    places = {job.request.edit_id: row for row, job in enumerate(jobs)}
    for shard, rows in enumerate(shards):
        requests = [row.request if isinstance(row, EditJob) else row for row in rows]
        placed = [
            replace(request, image_row=places.get(request.edit_id, -1)) for request in requests
        ]
        _commit(run.requests, shard, to_table(placed, REQUEST_SCHEMA))


def failed_request(number: int, reason: str = "unreadable") -> Request:
    request = make_job(number).request
    return replace(request, status="failed", reason=reason, image_shard=-1, image_row=-1)


def _commit(folder: ShardFolder, shard: int, table: pa.Table) -> None:
    folder.commit(shard, table, inputs="", counts={"planned": table.num_rows}, seconds=0.0)


def _image_of(job: EditJob) -> SourceImage:
    height, width, _ = job.pixels.shape
    png = png_bytes(Image.fromarray(job.pixels))
    return SourceImage(job.request.source_id, png, width, height)


@dataclass
class HeardProgress:
    """Notes what it hears, for tests to read."""

    total: int = 0
    skipped: int = 0
    done: int = 0
    failed: int = 0
    seconds: list[float] = field(default_factory=list)
    stops: int = 0
    said: list[str] = field(default_factory=list)

    def started(self, total: int) -> None:
        self.total = total

    def shard_skipped(self, rows: int) -> None:
        self.skipped += rows

    def batch_done(self, done: int, failed: int, seconds: float) -> None:
        self.done += done
        self.failed += failed
        self.seconds.append(seconds)

    def stopping(self) -> None:
        self.stops += 1

    def say(self, text: str) -> None:
        self.said.append(text)


def new_run(folder: Path, config: RunConfig | None = None) -> Run:
    """A run with settings and nothing else."""
    config = config or make_config()
    run = Run.create_or_open(config, data_dir=folder)
    run.write_settings(config, {}, sections=())
    return run


def silent(done: int, total: int) -> None:
    """Progress of a plan that nobody reads."""
