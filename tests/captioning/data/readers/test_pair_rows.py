from __future__ import annotations

import pytest
from PIL import Image

from syned.captioning.data.pairs import PairInfo, Pairs
from syned.captioning.data.readers.pair_rows import (
    Row,
    own_split_name,
    pairs_of,
    taken,
    without_pictures,
)
from syned.errors import ConfigError, DataError
from tests.captioning.data.readers.miniature import gray, ids, levels


def row(pair_id: str, place: int, *references: str, missing: str = "") -> Row:
    info = PairInfo(pair_id, references or (f"do {place}",), "add", "train", f"source/{place}")
    return Row(info, place, missing)


def read(place: int) -> tuple[Image.Image, Image.Image]:
    return gray(place), gray(place + 100)


def made(*rows: Row) -> Pairs:
    return pairs_of(rows, read, where="some/set (train)")


def test_rows_become_pairs_in_their_order_with_all_that_is_known_of_them() -> None:
    pairs = made(row("a", 5, "it moved", "a thing moved"), row("b", 2))
    assert pairs.infos[0] == PairInfo(
        "a", ("it moved", "a thing moved"), "add", "train", "source/5"
    )
    assert (levels(pairs, 0), levels(pairs, 1)) == ((5, 105), (2, 102))
    assert pairs.notes == ()


def test_a_row_without_a_picture_or_a_reference_takes_no_others_place() -> None:
    pairs = made(
        row("a", 0, missing="a.png"),
        row("b", 1),
        row("c", 2, " "),
        row("d", 3),
        row("e", 4, missing="e.png"),
    )
    assert ids(pairs) == ["b", "d"]
    assert (levels(pairs, 0), levels(pairs, 1)) == ((1, 101), (3, 103))
    assert pairs.notes == (
        "some/set (train): left out 2 rows that have no picture (first: a.png)",
        "some/set (train): left out 1 row without a reference",
        "some/set (train): dropped 1 empty reference",
    )


def test_a_row_that_lacks_both_is_counted_as_lacking_its_picture() -> None:
    notes = made(row("a", 0), row("b", 1, "", missing="b.png")).notes
    assert notes == (
        "some/set (train): left out 1 row that has no picture (first: b.png)",
        "some/set (train): dropped 1 empty reference",
    )


def test_a_row_without_any_reference_is_left_out() -> None:
    bare = Row(PairInfo("b", ()), 1)
    pairs = made(row("a", 0), bare)
    assert ids(pairs) == ["a"]
    assert pairs.notes == ("some/set (train): left out 1 row without a reference",)


def test_references_are_stripped_and_empty_ones_are_dropped_and_counted() -> None:
    pairs = made(row("a", 0, " it moved\n", "", "\t", "it left"))
    assert pairs.infos[0].references == ("it moved", "it left")
    assert pairs.notes == ("some/set (train): dropped 2 empty references",)


def test_an_id_that_occurs_again_gets_a_number() -> None:
    pairs = made(row("a", 0), row("b", 1), row("a", 2), row("a", 3), row("b", 4))
    assert ids(pairs) == ["a", "b", "a#1", "a#2", "b#1"]
    assert pairs.notes == ("some/set (train): 3 pair ids occurred before and got a number",)


def test_rows_that_are_left_out_do_not_count_as_an_earlier_occurrence() -> None:
    pairs = made(row("a", 0, missing="a.png"), row("a", 1))
    assert ids(pairs) == ["a"]
    assert len(pairs.notes) == 1


def test_when_nothing_is_left_the_error_says_why() -> None:
    with pytest.raises(DataError) as caught:
        made(row("a", 0, missing="a.png"), row("b", 1, " "))
    assert str(caught.value) == (
        "no pair is left of some/set (train): left out 1 row that has no picture (first: a.png), "
        "left out 1 row without a reference, dropped 1 empty reference; a pair needs two images "
        "and a caption"
    )


def test_a_dataset_without_rows_is_an_error_that_says_so() -> None:
    with pytest.raises(DataError, match="there are no rows; a pair needs two images"):
        made()


def test_rows_may_come_from_an_iterator() -> None:
    assert ids(pairs_of(iter([row("a", 0), row("b", 1)]), read, where="x")) == ["a", "b"]


def test_rows_are_marked_by_their_places_and_not_by_where_they_stand() -> None:
    rows = [row("a", 7), row("b", 3), row("c", 5, missing="c.png")]
    marked = without_pictures(rows, [3, 99])
    assert [each.missing for each in marked] == ["", "row 3", "c.png"]
    assert [each.info.pair_id for each in marked] == ["a", "b", "c"]


OWN_NAMES = {"train": "train", "validation": "dev"}


@pytest.mark.parametrize("split", ["validation", "val", "Valid", "dev"])
def test_a_split_may_have_any_of_its_names(split: str) -> None:
    assert own_split_name(split, OWN_NAMES) == "dev"


def test_a_split_with_a_name_of_the_datasets_own_is_found() -> None:
    assert own_split_name("odd name", {"odd name": "odd"}) == "odd"


def test_a_split_that_the_dataset_lacks_is_refused_with_those_it_has() -> None:
    with pytest.raises(ConfigError) as caught:
        own_split_name("test", OWN_NAMES)
    assert str(caught.value) == "split is 'test'; there are train, validation"


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [(0, None, "abcde"), (2, None, "cde"), (2, 2, "cd"), (3, 9, "de"), (9, 1, ""), (1, 0, "")],
)
def test_rows_are_taken_from_a_start_up_to_a_limit(
    start: int, limit: int | None, expected: str
) -> None:
    assert "".join(taken("abcde", start, limit)) == expected
