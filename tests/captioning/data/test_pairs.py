from __future__ import annotations

from PIL import Image

from syned.captioning.data.pairs import (
    PairInfo,
    Pairs,
    concatenated,
    notes_of,
    subset,
    with_references,
)


def gray(level: int) -> Image.Image:
    return Image.new("RGB", (8, 8), (level, level, level))


def level_of(images: tuple[Image.Image, Image.Image]) -> int:
    pixel = images[0].getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return int(pixel[0])


def some(*levels: int, note: str = "") -> Pairs:
    infos = [PairInfo(f"p/{n}", (f"one {n}", f"two {n}")) for n in levels]
    notes = (note,) if note else ()
    return Pairs(infos, lambda index: (gray(levels[index]), gray(0)), notes)


def test_a_subset_keeps_its_order_and_its_images() -> None:
    part = subset(some(10, 20, 30, note="one is missing"), [2, 0])
    assert [info.pair_id for info in part.infos] == ["p/30", "p/10"]
    assert [level_of(part.images(index)) for index in range(2)] == [30, 10]
    assert notes_of(part) == ("one is missing",)


def test_sets_follow_one_another() -> None:
    whole = concatenated([some(1, 2, note="a"), some(), some(3, note="b")])
    assert [info.pair_id for info in whole.infos] == ["p/1", "p/2", "p/3"]
    assert [level_of(whole.images(index)) for index in range(3)] == [1, 2, 3]
    assert notes_of(whole) == ("a", "b")


def test_a_pair_for_which_no_reference_is_chosen_is_left_out() -> None:
    chosen = with_references(
        some(1, 2, 3), lambda info: () if info.pair_id == "p/2" else info.references[1:]
    )
    assert [info.references for info in chosen.infos] == [("two 1",), ("two 3",)]
    assert level_of(chosen.images(1)) == 3
