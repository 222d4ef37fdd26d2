"""Names of edits, and what follows from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syned.plan.ids import Ids, draw_scale, edit_id, seed_of
from tests.conftest import failed_request, make_job


@pytest.mark.parametrize(
    "other",
    [
        ("b", "make it red", 0, {"steps": 5}),
        ("a", "make it blue", 0, {"steps": 5}),
        ("a", "make it red", 1, {"steps": 5}),
        ("a", "make it red", 0, {"steps": 6}),
    ],
)
def test_everything_that_shapes_an_edit_is_in_its_id(other: tuple[Any, ...]) -> None:
    name = edit_id("a", "make it red", 0, {"steps": 5})
    assert len(name) == 32
    assert edit_id(*other) != name


def test_an_id_does_not_depend_on_the_order_of_the_settings() -> None:
    assert edit_id("a", "b", 0, {"x": 1, "y": 2}) == edit_id("a", "b", 0, {"y": 2, "x": 1})


_KNOWN = ("24eba0958f08f4588f58e1a4c161ca40", 1876672629039649372, 8.98)
"""Another value would orphan every plan that was ever made."""


def test_ids_seeds_and_scales_stay_what_they_were() -> None:
    name = edit_id("a", "make it red", 0, {"steps": 5})
    assert (name, seed_of(name), draw_scale((6.0, 9.0), name, "guidance_scale")) == _KNOWN


@given(st.text(), st.floats(0, 20), st.floats(0, 20))
def test_a_drawn_scale_lies_in_its_range(name: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert low <= draw_scale((low, high), name, "guidance_scale") <= high
    assert draw_scale(one, name, "guidance_scale") == one
    assert 0 <= seed_of(name) < 2**63


def test_scales_are_drawn_all_over_the_range_and_apart() -> None:
    pairs = [
        (draw_scale((6.0, 9.0), str(i), "guidance_scale"), draw_scale((6.0, 9.0), str(i), "other"))
        for i in range(300)
    ]
    assert min(pairs)[0] < 6.1
    assert max(pairs)[0] > 8.9
    assert sum(one == other for one, other in pairs) < 10
    assert all(one == round(one, 2) for one, _ in pairs)


IDS = Ids({"steps": 5}, ((6.0, 9.0), (6.0, 9.0)))
BARE = replace(make_job(0).request, edit_id="", seed=0, guidance_scale=0.0)


def test_a_request_gets_its_id_and_what_follows_from_it() -> None:
    given = IDS.give(BARE)
    assert given.edit_id == edit_id("source0", "instruction 0", 0, {"steps": 5})
    assert given.seed == seed_of(given.edit_id)
    assert given.guidance_scale == draw_scale((6.0, 9.0), given.edit_id, "guidance_scale")
    image_scale = draw_scale((6.0, 9.0), given.edit_id, "image_guidance_scale")
    assert given.image_guidance_scale == image_scale != given.guidance_scale


def test_the_id_does_not_depend_on_where_a_request_comes_from() -> None:
    elsewhere = replace(BARE, key="row7", task="add", captions=("a",), image_shard=3, image_row=9)
    assert IDS.give(elsewhere).edit_id == IDS.give(BARE).edit_id


def test_failed_rows_that_ask_for_the_same_have_ids_of_their_own() -> None:
    failed = [replace(failed_request(0), key=key) for key in ("row1", "row2")]
    ids = {IDS.give(request).edit_id for request in (BARE, *failed)}
    assert len(ids) == 3
