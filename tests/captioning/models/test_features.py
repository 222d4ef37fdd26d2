"""Features are computed once, kept on disk, and found by the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from PIL import Image  # noqa: E402

from syned.captioning.models import features  # noqa: E402
from syned.captioning.models.features import FeatureStore, ImageEncoder, image_key  # noqa: E402
from tests.tiny_captioners import DrawnPairs, drawn_pairs, square, write_clip  # noqa: E402


class CountingEncoder(ImageEncoder):
    """Notes how many images it is given at a time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), device=torch.device("cpu"), batch_size=4)
        self.asked: list[int] = []

    def encode(self, images: Sequence[Image.Image]) -> NDArray[np.float16]:
        self.asked.append(len(images))
        return super().encode(images)


@pytest.fixture
def encoder(tmp_path: Path) -> CountingEncoder:
    return CountingEncoder(write_clip(tmp_path / "clip"))


def silent(text: str) -> None:
    """Heard by nobody."""


def test_features_are_the_encoders_source_image_first(
    encoder: CountingEncoder, tmp_path: Path
) -> None:
    pairs = drawn_pairs(6)
    seen = FeatureStore(tmp_path / "f", encoder).reader(pairs, silent)
    for index, images in enumerate(pairs.pictures):
        expected = encoder.encode(images)
        np.testing.assert_allclose(seen(index), expected, rtol=1e-2, atol=1e-3)


def test_an_image_is_encoded_once_however_often_it_occurs(
    encoder: CountingEncoder, tmp_path: Path
) -> None:
    FeatureStore(tmp_path / "f", encoder).reader(drawn_pairs(12), silent)
    assert encoder.asked == [4]  # four colors
    FeatureStore(tmp_path / "f", encoder).reader(drawn_pairs(12), silent)
    assert encoder.asked == [4]


def test_what_is_missing_is_added(encoder: CountingEncoder, tmp_path: Path) -> None:
    FeatureStore(tmp_path / "f", encoder).reader(drawn_pairs(1), silent)
    store = FeatureStore(tmp_path / "f", encoder)
    seen = store.reader(drawn_pairs(12), silent)
    assert encoder.asked == [2, 2]
    again = FeatureStore(tmp_path / "f", encoder).reader(drawn_pairs(12), silent)
    assert all((seen(i) == again(i)).all() for i in range(12))


def test_a_large_set_is_encoded_block_by_block(
    encoder: CountingEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "BLOCK_IMAGES", 2)
    said: list[str] = []
    FeatureStore(tmp_path / "f", encoder).reader(drawn_pairs(12), said.append)
    assert encoder.asked == [2, 2]
    assert said[0] == "image features: 1 of 12 pairs"


def test_a_block_that_was_cut_off_is_made_again(encoder: CountingEncoder, tmp_path: Path) -> None:
    FeatureStore(tmp_path / "f", encoder).reader(drawn_pairs(1), silent)
    (block,) = (tmp_path / "f").rglob("*.npy")
    block.unlink()  # its list of keys was written first
    FeatureStore(tmp_path / "f", encoder).reader(drawn_pairs(1), silent)
    assert encoder.asked == [2, 2]


def test_another_encoder_has_features_of_its_own(tmp_path: Path) -> None:
    one, other = (CountingEncoder(write_clip(tmp_path / f"c{s}", seed=s)) for s in (0, 1))
    assert one.key != other.key
    assert CountingEncoder(tmp_path / "c0").key == one.key
    for encoder in (one, other):
        FeatureStore(tmp_path / "f", encoder).reader(drawn_pairs(1), silent)
    assert other.asked == [2]


def test_an_image_is_known_by_its_pixels_and_its_size() -> None:
    assert image_key(square("red")) == image_key(square("red").copy())
    assert image_key(square("red")) != image_key(square("blue"))
    wide, tall = Image.new("RGB", (4, 2)), Image.new("RGB", (2, 4))
    assert image_key(wide) != image_key(tall)


def test_pairs_without_pictures_in_common_keep_their_places(
    encoder: CountingEncoder, tmp_path: Path
) -> None:
    pairs = drawn_pairs(3)
    turned = DrawnPairs(pairs.infos, [(b, a) for a, b in pairs.pictures])
    store = FeatureStore(tmp_path / "f", encoder)
    seen, other = store.reader(pairs, silent), store.reader(turned, silent)
    assert (seen(0)[0] == other(0)[1]).all()
    assert not (seen(0)[0] == other(0)[0]).all()
