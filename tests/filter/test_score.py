"""From pictures and captions to scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from syned.errors import DataError
from syned.filter.pixels import PixelScores
from syned.filter.score import (
    Captions,
    MeasuredEdit,
    MeasuredImage,
    cosines,
    directional_similarity,
    embed_in_batches,
    halved,
    score_edits,
    score_images,
)
from syned.models.fake import FakeImageTextEncoder
from tests.scored_run import noise

PIXELS = PixelScores(0.5, 0.25, 0.75, "0123456789abcdef", False, bytes(768))


class AxesEncoder:
    """A picture is as far along each axis as its channels are bright; a text as its digits say."""

    name = "axes@1"

    def embed_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return np.stack([pixels[0, 0].astype(np.float32) for pixels in images])

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[float(digit) for digit in text] for text in texts], np.float32)


def picture(*color: int) -> NDArray[np.uint8]:
    return np.full((8, 8, 3), color, np.uint8)


def measured(
    source: NDArray[np.uint8], edited: NDArray[np.uint8], before: str = "", after: str = ""
) -> MeasuredEdit:
    return MeasuredEdit("e", "s", source, edited, PIXELS, before, after)


def scores_of(edits: Sequence[MeasuredEdit]) -> list[dict[str, float | None]]:
    encoder = AxesEncoder()
    sources = encoder.embed_images([edit.source for edit in edits])
    found = score_edits(edits, sources, encoder, Captions(encoder), [None] * len(edits))
    names = ("image", "source_text", "edited_text", "directional")
    return [{name: getattr(row, f"{name}_similarity") for name in names} for row in found]


def test_each_score_compares_what_its_name_says() -> None:
    edit = measured(picture(1, 0, 0), picture(0, 1, 0), before="100", after="010")
    (scores,) = scores_of([edit])
    assert scores == {
        "image": 0.0,
        "source_text": 1.0,
        "edited_text": 1.0,
        "directional": pytest.approx(1.0),
    }


def test_an_edit_that_went_the_other_way_has_a_negative_direction() -> None:
    (scores,) = scores_of([measured(picture(0, 1, 0), picture(1, 0, 0), "100", "010")])
    assert scores["directional"] == pytest.approx(-1.0)


def test_without_captions_there_are_no_scores_that_need_them() -> None:
    source, edited = picture(1, 0, 0), picture(1, 1, 0)
    none, before, after, same = scores_of(
        [
            measured(source, edited),
            measured(source, edited, before="100"),
            measured(source, edited, after="010"),
            measured(source, edited, before="100", after="100"),
        ]
    )
    assert none["source_text"] is None
    assert none["edited_text"] is None
    assert before["source_text"] == 1.0
    assert before["edited_text"] is None
    assert after["edited_text"] == pytest.approx(0.5**0.5, abs=1e-3)
    assert [s["directional"] for s in (none, before, after, same)] == [None] * 4
    assert same["edited_text"] is not None


def test_what_was_measured_on_pixels_is_passed_on() -> None:
    encoder = FakeImageTextEncoder()
    edit = measured(noise(1), noise(2))
    sources = encoder.embed_images([edit.source])
    (score,) = score_edits([edit], sources, encoder, Captions(encoder), [0.25])
    assert (score.changed_fraction, score.patch_change, score.ssim) == (0.5, 0.25, 0.75)
    assert (score.perceptual_hash, score.flat, score.dino_similarity) == (
        PIXELS.perceptual_hash,
        False,
        0.25,
    )
    assert score.embedding is not None
    assert len(score.embedding) == 48


class ListeningEncoder(FakeImageTextEncoder):
    """Notes which texts it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[list[str]] = []

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.heard.append(list(texts))
        return super().embed_texts(texts)


def test_a_caption_that_comes_again_is_embedded_once() -> None:
    encoder = ListeningEncoder()
    captions = Captions(encoder)
    first = captions.embed(["a", "b", "a"], batch_size=8)
    again = captions.embed(["b"], batch_size=8)
    assert encoder.heard == [["a", "b"]]
    assert (first[1] == again[0]).all()


def test_captions_are_embedded_in_batches_and_forgotten_when_there_are_too_many() -> None:
    encoder = ListeningEncoder()
    captions = Captions(encoder, most=3)
    captions.embed(["a", "b", "c"], batch_size=2)
    captions.embed(["d", "a"], batch_size=2)
    assert encoder.heard == [["a", "b"], ["c"], ["d", "a"]]


def test_embeddings_are_what_is_stored() -> None:
    encoder = FakeImageTextEncoder()
    image = MeasuredImage("s", noise(1), "0" * 16, b"small")
    (score,) = score_images([image], encoder)
    assert (score.source_id, score.thumbnail) == ("s", b"small")
    stored = np.array(score.embedding, np.float16).astype(np.float32)
    assert (np.array(score.embedding, np.float32) == stored).all()
    batched = embed_in_batches([noise(1), noise(2), noise(3)], encoder, batch_size=2)
    assert (batched[0] == stored).all()
    assert batched.shape == (3, 48)


def test_a_pair_that_did_not_move_scores_0() -> None:
    still = np.array([[1, 0]], np.float32)
    assert directional_similarity(still, still, still, still * 2).tolist() == [0.0]
    assert cosines(np.zeros((1, 2), np.float32), still).tolist() == [0.0]


def test_embeddings_of_other_shapes_are_refused() -> None:
    one = np.zeros((1, 2), np.float32)
    with pytest.raises(DataError, match=r"share one shape"):
        directional_similarity(one, one, one, np.zeros((1, 3), np.float32))


def test_halving_rounds_to_half_precision() -> None:
    assert halved(np.array([[0.1]], np.float32)).tolist() == [[np.float16(0.1)]]
