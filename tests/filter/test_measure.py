"""Pictures of a shard, read and measured."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from syned.errors import RunError
from syned.filter.measure import Measurer
from syned.filter.pixels import pixel_scores
from syned.run.directory import Run
from syned.sources.likeness import perceptual_hash, thumbnail
from tests.scored_run import SIZE_PX, Made, noise, scored_run

pytest.importorskip("imagehash")
pytest.importorskip("skimage")

PICTURE_BYTES = SIZE_PX * SIZE_PX * 3
ROWS = [
    [Made(0, noise(10), input_caption="a kite", output_caption="a boat"), Made(1, None)],
    [replace(Made(0, noise(11)), variant_index=1), Made(2, noise(12))],
]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return scored_run(tmp_path, ROWS)


def test_source_images_are_measured_in_the_order_of_their_shard(
    run: Run, threads: ThreadPoolExecutor
) -> None:
    images = Measurer(run, threads).images(0)
    assert [image.source_id for image in images] == run.images.read(0)["source_id"].to_pylist()
    for image, number in zip(images, (0, 1, 0, 2), strict=True):
        np.testing.assert_array_equal(image.pixels, noise(number))
        assert image.perceptual_hash == perceptual_hash(noise(number))
        assert image.thumbnail == thumbnail(noise(number))


def test_an_edit_is_measured_against_its_own_source_image(
    run: Run, threads: ThreadPoolExecutor
) -> None:
    shard = Measurer(run, threads).edits(0)
    (edit,) = shard.edits.values()
    assert (edit.edit_id, edit.source_id) == ("edit0-0", "source0")
    assert (edit.input_caption, edit.output_caption) == ("a kite", "a boat")
    np.testing.assert_array_equal(edit.source, noise(0))
    np.testing.assert_array_equal(edit.edited, noise(10))
    assert edit.pixel_scores == pixel_scores(noise(0), noise(10))


def test_failed_edits_are_named_and_not_measured(run: Run, threads: ThreadPoolExecutor) -> None:
    shard = Measurer(run, threads).edits(0)
    assert shard.edit_ids == ["edit0-0", "edit0-1"]
    assert list(shard.edits) == list(shard.places) == [0]


def test_the_place_of_each_source_image_is_told(run: Run, threads: ThreadPoolExecutor) -> None:
    shard = Measurer(run, threads).edits(1)
    assert list(shard.edits) == [0, 1]
    found = run.requests.read(1, ["image_shard", "image_row"]).to_pylist()
    assert list(shard.places.values()) == [(row["image_shard"], row["image_row"]) for row in found]


def test_a_source_image_that_was_read_is_kept_for_its_edits(
    run: Run, threads: ThreadPoolExecutor
) -> None:
    measurer = Measurer(run, threads)
    measurer.images(0)
    run.images.remove(0)
    assert len(measurer.edits(0).edits) == 1


def test_a_source_image_that_has_no_room_is_read_again(
    run: Run, threads: ThreadPoolExecutor
) -> None:
    measurer = Measurer(run, threads, cached_bytes=PICTURE_BYTES)
    measurer.images(0)  # of which the last is kept
    (edit,) = measurer.edits(0).edits.values()
    np.testing.assert_array_equal(edit.source, noise(0))
    run.images.remove(0)
    with pytest.raises(RunError, match="images shard 0 is not the file that was committed"):
        measurer.edits(1)


def test_the_oldest_picture_gives_way_and_no_more_are_kept_than_have_room(
    run: Run, threads: ThreadPoolExecutor
) -> None:
    measurer = Measurer(run, threads, cached_bytes=2 * PICTURE_BYTES + 7)
    measurer.images(0)
    assert list(measurer._pictures) == [(0, 2), (0, 3)]
    assert measurer._free == 7


@pytest.mark.parametrize("folder", ["edits", "images"])
def test_a_damaged_shard_is_refused_by_its_name(
    run: Run, threads: ThreadPoolExecutor, folder: str
) -> None:
    file = getattr(run, folder).file(0)
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(data)
    with pytest.raises(RunError, match=rf"{folder} shard 0 is not the file that was committed"):
        Measurer(run, threads).edits(0)
