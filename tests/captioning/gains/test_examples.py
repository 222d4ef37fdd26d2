from __future__ import annotations

from pathlib import Path

from PIL import Image

from syned.captioning.data.pairs import PairInfo, Pairs
from syned.captioning.gains.examples import PICTURE_PX, spread_over_tasks, write_examples
from syned.captioning.gains.gains import Finished


def infos(tasks: str) -> list[PairInfo]:
    return [PairInfo(f"p/{n}", ("a", "b"), task) for n, task in enumerate(tasks)]


def test_tasks_take_turns_and_each_is_spread_over_its_pairs() -> None:
    assert spread_over_tasks(infos("aaaaaaaabb"), 4) == [0, 4, 8, 9]
    assert spread_over_tasks(infos("abcd"), 2) == [0, 1]
    assert spread_over_tasks(infos("ab"), 9) == [0, 1]
    assert spread_over_tasks(infos("aab"), 0) == []
    assert spread_over_tasks([], 3) == []


def test_an_example_has_its_picture_its_references_and_what_each_arm_said(
    tmp_path: Path,
) -> None:
    small, wide = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (600, 300), "blue")
    pairs = Pairs(infos("ab"), lambda index: (small, wide))
    finished = [
        Finished("blip2idc", "real", seed, {}, [f"seed {seed} of pair {n}" for n in range(2)])
        for seed in (0, 1)
    ]
    first, second = write_examples(finished, pairs, 2, tmp_path)
    assert second["said"] == {"blip2idc": {"real": "seed 0 of pair 1"}}
    assert (first["references"], first["task"]) == (["a", "b"], "a")
    with Image.open(tmp_path / first["picture"]) as picture:
        assert picture.size == (PICTURE_PX + 8 + 2 * PICTURE_PX, PICTURE_PX)
        assert picture.getpixel((0, 0)) == (255, 0, 0)
