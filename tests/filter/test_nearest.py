"""What counts as known from an evaluation set."""

from __future__ import annotations

import numpy as np
import pytest

from syned.filter.nearest import (
    folded,
    folded_set,
    hashes_from,
    known_texts,
    nearest,
)

NO_HASHES = np.zeros(0, np.uint64)
NO_VECTORS = np.zeros((0, 2), np.float32)


def test_distances_count_bits_and_take_the_nearest() -> None:
    hashes = np.array([0, 2**64 - 1, 0b1011], np.uint64)
    of_set = np.array([0b0011, 2**63], np.uint64)
    expected = [min((int(h) ^ int(s)).bit_count() for s in of_set) for h in hashes]
    found = nearest(hashes, np.zeros((3, 2), np.float32), of_set, NO_VECTORS)
    assert found.distance.tolist() == expected == [1, 62, 1]
    assert found.similarity.tolist() == [-1, -1, -1]


def test_distances_are_exact_for_many_hashes() -> None:
    rng = np.random.default_rng(0)
    hashes, of_set = (rng.integers(0, 2**64, n, np.uint64) for n in (1500, 40))
    found = nearest(hashes, np.zeros((1500, 2), np.float32), of_set, NO_VECTORS)
    assert (found.distance == np.bitwise_count(hashes[:, None] ^ of_set).min(axis=1)).all()


def test_similarity_is_the_largest_cosine() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 0]], np.float32)
    of_set = np.array([[0, 1], [1, 0]], np.float32)
    found = nearest(np.zeros(3, np.uint64), vectors, NO_HASHES, of_set)
    assert found.similarity.tolist() == pytest.approx([1.0, 0.8, 0.0])
    assert found.distance.tolist() == [64, 64, 64]


def test_pictures_without_embeddings_are_like_none_of_the_set() -> None:
    """A shard of edits that all failed has no width."""
    of_set = np.array([[0, 1], [1, 0]], np.float32)
    found = nearest(np.zeros(2, np.uint64), np.zeros((2, 0), np.float32), NO_HASHES, of_set)
    assert found.similarity.tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Add a red kite.", "add a red  kite"),
        ('"Add a red kite"', "add a red kite"),
        ("\u201cADD A RED KITE!\u201d", "add\ta red\nkite"),
        ("STRASSE", "stra\u00dfe"),
    ],
)
def test_case_spacing_quotes_and_stops_make_no_difference(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_another_word_makes_a_difference_and_no_words_are_nothing() -> None:
    known = folded_set(["Add a kite", " . ", ""])
    assert known == {"add a kite"}
    assert known_texts(["add a kite!", "add a blue kite", ""], known).tolist() == [
        True,
        False,
        False,
    ]


def test_hashes_are_read_from_their_digits() -> None:
    assert hashes_from(["00000000000000ff", None, "8000000000000000"]).tolist() == [255, 0, 2**63]
    assert hashes_from([]).tolist() == []
