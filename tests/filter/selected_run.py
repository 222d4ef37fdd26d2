"""Scored runs and small evaluation sets, for the tests of the filter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from syned.config import EvaluationSet
from syned.filter.contamination import Sameness, contaminations
from syned.filter.evaluation_sets import known_sets
from syned.filter.scored import read_scored
from syned.filter.select import Rules
from syned.filter.selection import write_selection
from syned.filter.shards import find_work, score_run
from syned.models.fake import FakeImageTextEncoder
from syned.run.directory import Run
from syned.sources.png import png_bytes
from tests.conftest import HeardProgress
from tests.scored_run import Made, fake_models, noise, scored_run

KEEP_ALL = Rules({}, {}, near_duplicate_distance=None, best_per_request=None)
NEAR = Sameness(distance=6, similarity=0.9999)
BLACK = np.zeros((32, 32, 3), np.uint8)


def patched(number: int) -> Any:
    """The source image with a patch of its own: a local edit."""
    picture = noise(number).copy()
    picture[4:12, 4:12] = 255 - picture[4:12, 4:12]
    return picture


ROWS = [
    [Made(0, patched(0), task="add", right=True), Made(1, noise(1), task="add", right=False)],
    [Made(2, BLACK, task="style"), Made(3, None, task="style"), Made(4, patched(4), right=True)],
]


def scored(folder: Path, rows: Sequence[Sequence[Made]]) -> Run:
    run = scored_run(folder, rows)
    work = find_work(run, fake_models().identity)
    models = fake_models(FakeImageTextEncoder())
    score_run(run, models, work, batch_size=4, progress=HeardProgress())
    return run


def select(
    run: Run,
    rules: Rules = KEEP_ALL,
    sets: Sequence[EvaluationSet] = (),
    sameness: Sameness = NEAR,
    encoder: FakeImageTextEncoder | None = None,
) -> dict[str, Any]:
    models = fake_models(encoder)
    work = find_work(run, models.identity)
    known = known_sets(run, work, sets, models, batch_size=4, say=lambda text: None)
    edits = read_scored(run, work, captions=bool(sets))
    found = contaminations(run, edits, known, sameness)
    return write_selection(run, edits, rules, found, encoder=models.encoder_name)


def reasons(run: Run) -> list[str]:
    rows = pq.read_table(run.path / "selection.parquet").to_pylist()
    return [row["reason"] or ("kept" if row["kept"] else "?") for row in rows]


def evaluation_folder(folder: Path, *pictures: Any, captions: str = "") -> EvaluationSet:
    images = folder / "evaluation"
    images.mkdir()
    for number, pixels in enumerate(pictures):
        (images / f"{number}.png").write_bytes(png_bytes(Image.fromarray(pixels)))
    (folder / "captions.txt").write_text(captions)
    return EvaluationSet(name="mine", path=str(images), captions_file=str(folder / "captions.txt"))


def larger(pixels: Any) -> Any:
    """As a copy of a picture is found elsewhere: another size, a little noise."""
    image = Image.fromarray(pixels).resize((48, 48), Image.Resampling.BICUBIC)
    speckle = np.random.default_rng(0).integers(-4, 5, (48, 48, 3))
    return np.clip(np.asarray(image, np.int16) + speckle, 0, 255).astype(np.uint8)
