from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from syned.captioning.data.leaks import leaking, refuse_leaks
from syned.captioning.data.pairs import PairInfo, Pairs
from syned.captioning.data.readers import open_pairs
from syned.config import PairSource
from syned.errors import DataError


def photo(number: int) -> Image.Image:
    """A picture with large and small parts, never the same for two numbers."""
    coarse = np.random.default_rng(number).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(coarse).resize((96, 64), Image.Resampling.BICUBIC)


def made(images: Sequence[Image.Image], ids: Sequence[str]) -> Pairs:
    infos = [PairInfo(f"p/{n}", ("it changed",), source_id=name) for n, name in enumerate(ids)]
    return Pairs(infos, lambda index: (images[index], images[index]))


def unread(ids: Sequence[str]) -> Pairs:
    """Pairs whose images nobody may ask for."""
    return made([], ids)


def test_ids_tell_within_a_dataset_and_no_image_is_read() -> None:
    train, test = unread(["spot/1", "spot/2", "spot/1"]), unread(["spot/3", "spot/1"])
    assert leaking(train, test) == [0, 2]
    with pytest.raises(DataError, match=r"here: 2 of 3 pairs .* \(the first are p/0, p/2\)"):
        refuse_leaks(train, test, where="here")
    refuse_leaks(train, unread(["spot/4"]), where="here")


def test_the_same_picture_is_known_again_in_another_dataset() -> None:
    file = io.BytesIO()
    photo(2).resize((192, 128), Image.Resampling.LANCZOS).save(file, "JPEG", quality=75)
    hashes = ["0a", "0b", "0b", "0c"]
    train = made([photo(1), photo(2), photo(2), photo(3)], hashes)
    test = made([Image.open(file).convert("RGB"), photo(9)], ["ier/a.jpg", "ier/b.jpg"])
    assert leaking(train, test) == [1, 2]
    assert leaking(test, train) == [0]


def test_pictures_without_ids_are_compared() -> None:
    train, test = made([photo(1), photo(2)], ["", ""]), made([photo(2)], [""])
    assert leaking(train, test) == [1]


def test_one_picture_stands_for_all_pairs_of_its_source() -> None:
    read: list[int] = []
    train = made([photo(n // 4) for n in range(12)], [f"0{n // 4}" for n in range(12)])

    def counted_images(index: int) -> tuple[Image.Image, Image.Image]:
        read.append(index)
        return train.images(index)

    counted = Pairs(train.infos, counted_images)
    assert leaking(counted, made([photo(1)], ["ier/a"])) == [4, 5, 6, 7]
    assert read == [0, 4, 8]


def test_drawn_scenes_that_differ_a_little_are_not_the_same() -> None:
    some = open_pairs(PairSource(kind="shapes", limit=24))
    images = [some.images(n)[0] for n in range(24)]
    anonymous = made(images, [""] * 24)
    assert [leaking(made([image], [""]), anonymous) for image in images] == [[0]] * 24
    halves = made(images[:12], [""] * 12), made(images[12:], [""] * 12)
    assert leaking(*halves) == []
