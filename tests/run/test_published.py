"""The names that datasets give their splits."""

from __future__ import annotations

import pytest

from syned.run.published import SPLITS, split_name


@pytest.mark.parametrize(
    ("name", "split"),
    [("dev", "validation"), (" VAL ", "validation"), ("Training", "train"), ("testing", "test")],
)
def test_datasets_call_the_same_split_by_many_names(name: str, split: str) -> None:
    assert split_name(name) == split
    assert all(split_name(each) == each for each in SPLITS)


def test_an_unknown_split_has_no_name() -> None:
    assert split_name("FreeForm") == ""
