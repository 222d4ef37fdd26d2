"""What is kept, for how long, and how much of it."""

from __future__ import annotations

from collections import Counter

import pytest

torch = pytest.importorskip("torch")

from syned.models.editors.cache import CountedCache  # noqa: E402

ONE = torch.ones(5, dtype=torch.float16)
BYTES = 10


def cache(budget_bytes: int = 1000, **uses: int) -> CountedCache:
    made = CountedCache(budget_bytes)
    made.expect(Counter(uses))
    return made


def test_what_is_used_once_is_never_kept() -> None:
    once = cache(a=1)
    once.put("a", ONE, uses_now=1)
    assert once.bytes == 0
    assert once.take("a") is None


def test_what_is_used_again_is_kept_until_its_last_use() -> None:
    again = cache(a=3)
    again.put("a", ONE, uses_now=1)
    assert again.bytes == BYTES
    assert [again.take("a") is ONE for _ in range(3)] == [True, True, True]
    assert again.bytes == 0
    assert again.missing(["a"]) == ["a"]


def test_what_is_used_only_in_the_batch_at_hand_is_not_kept() -> None:
    batch = cache(a=2, b=3)
    batch.put("a", ONE, uses_now=2)
    batch.put("b", ONE, uses_now=2)
    assert batch.missing(["a", "b"]) == ["a"]


def test_uses_that_were_answered_from_elsewhere_count_too() -> None:
    """A value for which there was no room is made anew, and its use is over all the same."""
    full = cache(budget_bytes=0, a=2)
    full.put("a", ONE, uses_now=1)
    assert full.take("a") is None
    full.budget_bytes = 1000
    full.put("a", ONE, uses_now=1)
    assert full.bytes == 0


def test_nothing_is_kept_beyond_the_budget_and_its_last_byte_is_used() -> None:
    tight = cache(budget_bytes=2 * BYTES, a=2, b=2, c=2)
    for key in ("a", "b", "c"):
        tight.put(key, ONE, uses_now=1)
    assert tight.bytes == 2 * BYTES
    assert tight.missing(["a", "b", "c"]) == ["c"]


def test_room_that_becomes_free_is_used_again() -> None:
    tight = cache(budget_bytes=BYTES, a=2, b=2)
    tight.put("a", ONE, uses_now=1)
    tight.take("a")
    tight.take("a")
    tight.put("b", ONE, uses_now=1)
    assert tight.take("b") is ONE


def test_what_is_missing_is_named_once_and_in_order() -> None:
    some = cache(b=2)
    some.put("b", ONE, uses_now=1)
    assert some.missing(["c", "b", "a", "c", "a"]) == ["c", "a"]


def test_another_plan_replaces_the_one_before() -> None:
    planned = cache(a=1)
    planned.expect(Counter(a=2))
    planned.expect(Counter(a=1))
    planned.put("a", ONE, uses_now=1)
    assert planned.bytes == 0


def test_the_plan_of_the_caller_stays_as_it_is() -> None:
    uses = Counter(a=2)
    planned = CountedCache(1000)
    planned.expect(uses)
    planned.take("a")
    assert uses == {"a": 2}
