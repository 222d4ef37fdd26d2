"""Scores of a run: every edit in its place, nothing twice, nothing lost."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from syned.errors import RunError
from syned.filter.shards import Models, ScoreSummary, embeddings_of, find_work, score_run
from syned.models.fake import FakeImageTextEncoder
from syned.run.directory import Run
from syned.run.records import EditScore, ImageScore, from_rows
from tests.conftest import HeardProgress
from tests.scored_run import Made, commit_edits, fake_models, noise, scored_run

pytest.importorskip("imagehash")
pytest.importorskip("skimage")

ROWS = [
    [
        Made(0, noise(0), input_caption="a kite", output_caption="a boat"),
        Made(1, None),
        Made(2, noise(12)),
    ],
    [Made(0, noise(10), variant_index=1), Made(3, np.zeros((32, 32, 3), np.uint8))],
]


def score(
    run: Run,
    encoder: FakeImageTextEncoder | None,
    progress: HeardProgress | None = None,
    batch_size: int = 2,
) -> ScoreSummary:
    return score_with(fake_models(encoder), run, batch_size, progress)


def score_with(
    models: Models, run: Run, batch_size: int = 2, progress: HeardProgress | None = None
) -> ScoreSummary:
    work = find_work(run, models.identity)
    heard = progress or HeardProgress()
    return score_run(run, models, work, batch_size=batch_size, progress=heard)


def edit_scores(run: Run) -> list[EditScore]:
    return [
        row
        for shard in run.edit_scores.done()
        for row in from_rows(run.edit_scores.read(shard).to_pylist(), EditScore)
    ]


def files_of(run: Run) -> dict[str, bytes]:
    paths = sorted((run.path / "scores").rglob("*.parquet"))
    return {path.relative_to(run.path).as_posix(): path.read_bytes() for path in paths}


def test_every_picture_gets_its_row_in_order(tmp_path: Path) -> None:
    run, progress = scored_run(tmp_path, ROWS), HeardProgress()
    made = score(run, FakeImageTextEncoder(), progress)

    images = from_rows(run.image_scores.read(0).to_pylist(), ImageScore)
    assert [row.source_id for row in images] == run.images.read(0)["source_id"].to_pylist()
    same, failed, other, variant, black = edit_scores(run)
    assert [row.edit_id for row in (same, failed, other, variant, black)] == [
        "edit0-0",
        "edit0-1",
        "edit0-2",
        "edit1-0",
        "edit1-1",
    ]
    assert failed == EditScore("edit0-1")
    assert same.image_similarity == pytest.approx(1.0, abs=1e-3)
    assert same.changed_fraction == same.patch_change == 0.0
    assert same.directional_similarity is not None
    assert other.directional_similarity is other.edited_text_similarity is None
    assert other.image_similarity is not None
    assert other.image_similarity < 0.9
    assert (black.flat, variant.flat) == (True, False)
    assert (made.images, made.edits, made.known, made.waiting) == (5, 5, 0, 0)
    assert (progress.total, progress.done, progress.failed) == (10, 9, 1)


def test_each_picture_is_embedded_once_in_batches(tmp_path: Path) -> None:
    encoder = FakeImageTextEncoder()
    score(scored_run(tmp_path, ROWS), encoder)
    assert encoder.images == 9


def test_the_same_command_again_loads_no_model(tmp_path: Path) -> None:
    run, progress = scored_run(tmp_path, ROWS), HeardProgress()
    score(run, FakeImageTextEncoder())
    again = score(run, None, progress)
    assert (again.edits, again.known) == (0, 5)
    assert (progress.total, progress.skipped) == (10, 10)


def test_batches_change_nothing(tmp_path: Path) -> None:
    one, other = (scored_run(tmp_path / name, ROWS) for name in "ab")
    score(one, FakeImageTextEncoder(), batch_size=1)
    score(other, FakeImageTextEncoder(), batch_size=64)
    assert files_of(one) == files_of(other)


def test_an_edit_that_was_made_again_is_scored_again_and_no_other(tmp_path: Path) -> None:
    run = scored_run(tmp_path, ROWS)
    score(run, FakeImageTextEncoder())
    before = files_of(run)
    scored_run(tmp_path, [ROWS[0], [ROWS[1][0], replace(ROWS[1][1], edited=noise(20))]], run)
    made = score(run, FakeImageTextEncoder())
    assert made.edits == 2
    after = files_of(run)
    assert after["scores/edits/00000.parquet"] == before["scores/edits/00000.parquet"]
    assert after["scores/edits/00001.parquet"] != before["scores/edits/00001.parquet"]


def test_another_model_scores_everything_again(tmp_path: Path) -> None:
    run = scored_run(tmp_path, ROWS)
    score(run, FakeImageTextEncoder())
    other = Models(FakeImageTextEncoder, "fake@2")
    made = score_with(other, run)
    assert (made.images, made.edits) == (5, 5)


def test_an_altered_shard_of_scores_is_noticed_and_made_again(tmp_path: Path) -> None:
    run = scored_run(tmp_path, ROWS)
    score(run, FakeImageTextEncoder())
    before = files_of(run)
    data = bytearray(run.edit_scores.file(0).read_bytes())
    data[len(data) // 2] ^= 1
    run.edit_scores.file(0).write_bytes(data)
    assert score(run, FakeImageTextEncoder()).edits == 3
    assert files_of(run) == before


def test_edits_that_are_not_made_yet_wait(tmp_path: Path) -> None:
    run = scored_run(tmp_path, ROWS)
    run.edits.remove(0)
    made = score(run, FakeImageTextEncoder())
    assert (made.edits, made.waiting) == (2, 3)


@pytest.mark.parametrize("folder", ["edits", "images"])
def test_a_damaged_shard_is_refused(tmp_path: Path, folder: str) -> None:
    run = scored_run(tmp_path, ROWS)
    file = getattr(run, folder).file(0)
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(data)
    with pytest.raises(RunError, match=r"not the file that was committed"):
        score(run, FakeImageTextEncoder())


class InterruptingEncoder(FakeImageTextEncoder):
    """Presses Ctrl-C when it has seen so many pictures."""

    def __init__(self, pictures: int) -> None:
        super().__init__()
        self.pictures = pictures

    def embed_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        if self.images < self.pictures <= self.images + len(images):
            signal.raise_signal(signal.SIGINT)
        return super().embed_images(images)


@pytest.mark.parametrize(("pictures", "shards"), [(1, 0), (3, 0), (5, 1), (6, 2)])
def test_ctrl_c_keeps_what_is_complete_and_the_next_call_ends_the_same(
    tmp_path: Path, pictures: int, shards: int
) -> None:
    whole, stopped = (scored_run(tmp_path / name, ROWS) for name in "ab")
    score(whole, FakeImageTextEncoder())
    progress = HeardProgress()
    made = score(stopped, InterruptingEncoder(pictures), progress)
    assert made.stopped
    assert progress.stops == 1
    assert len(files_of(stopped)) == shards
    assert not score(stopped, FakeImageTextEncoder()).stopped
    assert files_of(stopped) == files_of(whole)


class TinyDino(FakeImageTextEncoder):
    name = "dino@1"


def test_dinov2_is_asked_once_for_a_source_image(tmp_path: Path) -> None:
    run, dino = scored_run(tmp_path, ROWS), TinyDino()
    models = replace(
        fake_models(FakeImageTextEncoder()), dino=lambda: dino, dino_name=TinyDino.name
    )
    score_with(models, run)
    rows = edit_scores(run)
    assert rows[0].dino_similarity == pytest.approx(1.0, abs=1e-3)
    assert rows[1].dino_similarity is None
    assert rows[2].dino_similarity == pytest.approx(rows[2].image_similarity, abs=1e-3)
    assert dino.images == 3 + 4


def test_embeddings_are_read_back_with_zeros_for_failed_edits(tmp_path: Path) -> None:
    run = scored_run(tmp_path, ROWS)
    score(run, FakeImageTextEncoder())
    found = embeddings_of(run.edit_scores, 0)
    assert found.shape == (3, 48)
    assert np.linalg.norm(found, axis=1).tolist() == pytest.approx([1, 0, 1], abs=1e-3)
    scored_run(tmp_path, [[Made(1, None)]], run)
    commit_edits(run, 1, [])
    score(run, FakeImageTextEncoder())
    assert not embeddings_of(run.edit_scores, 0).any()
