"""In which order pairs are learned from."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

from syned.captioning.data.pairs import PairInfo
from syned.captioning.training import draws
from syned.captioning.training.draws import Draws, Looked, Prepared

INFOS = [PairInfo(f"p{i}", (f"first {i}", f"second {i}", f"third {i}")) for i in range(5)]


def rows(count: int, *, seed: int = 0) -> list[tuple[int, str]]:
    order = Draws(lambda index: index, INFOS, count=count, seed=(seed,))
    return [(order[i].seen, order[i].caption) for i in range(count)]


def test_every_pass_goes_through_all_pairs_in_an_order_of_its_own() -> None:
    seen = [index for index, _ in rows(15)]
    passes = [seen[:5], seen[5:10], seen[10:]]
    assert all(sorted(one) == [0, 1, 2, 3, 4] for one in passes)
    assert len({tuple(one) for one in passes}) == 3


def test_captions_are_references_of_their_pair_and_all_get_their_turn() -> None:
    drawn = rows(300)
    assert all(caption in INFOS[index].references for index, caption in drawn)
    assert {caption for _, caption in drawn} == {c for info in INFOS for c in info.references}
    assert max(Counter(caption for _, caption in drawn).values()) < 40


def test_a_row_follows_from_the_seed_and_its_place_alone() -> None:
    order = Draws(lambda index: index, INFOS, count=20, seed=(0,), blur_sigma=(0.1, 0.5))
    late = order[17]
    again = Draws(lambda index: index, INFOS, count=20, seed=(0,), blur_sigma=(0.1, 0.5))
    assert [again[i] for i in range(20)][17] == late
    assert late.blur_sigma is not None
    assert 0.1 <= late.blur_sigma <= 0.5


def test_another_seed_gives_another_order() -> None:
    assert rows(10, seed=0) != rows(10, seed=1)


def test_a_training_has_as_many_rows_as_it_was_given() -> None:
    order = Draws(lambda index: index, INFOS, count=7, seed=(0,))
    assert len(order) == 7
    with pytest.raises(IndexError):
        order[7]


def test_validation_looks_at_every_pair_once_with_its_first_reference() -> None:
    looked = Looked(lambda index: index, INFOS)
    assert [looked[i].seen for i in range(len(looked))] == [0, 1, 2, 3, 4]
    assert looked[3].caption == "first 3"


class Counting:
    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, index: int) -> NDArray[np.uint8]:
        self.calls.append(index)
        return np.full((2, 2), index, np.uint8)


def test_a_small_set_is_prepared_once() -> None:
    counting = Counting()
    prepared = Prepared(counting, 3)
    assert [int(prepared(i)[0, 0]) for i in (2, 0, 2, 2, 0)] == [2, 0, 2, 2, 0]
    assert counting.calls == [2, 0]


def test_a_set_without_room_is_prepared_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draws, "CACHED_BYTES", 11)
    counting = Counting()
    prepared = Prepared(counting, 3)
    assert [int(prepared(i)[0, 0]) for i in (2, 2)] == [2, 2]
    assert counting.calls == [2, 2]
