"""Commits beside the model: one at a time, none lost, none counted that failed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from syned.errors import RunError
from syned.run.committer import Committer
from syned.run.shards import CommitRecord


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def record(shard: int, rows: int = 4, **counts: int) -> CommitRecord:
    return CommitRecord(shard, rows, "", 0, "", counts, 0.0, "", "")


def failing() -> CommitRecord:
    raise RunError("the disk is full")


def waiting_for(event: threading.Event, shard: int = 0) -> Callable[[], CommitRecord]:
    def write() -> CommitRecord:
        assert event.wait(60)
        return record(shard)

    return write


def test_what_was_committed_is_added_up(thread: ThreadPoolExecutor) -> None:
    with Committer(thread) as committer:
        committer.commit(lambda: record(0, 4, done=3, failed=1))
        committer.commit(lambda: record(1, 2, done=2))
    assert (committer.shards, committer.rows) == (2, 6)
    assert committer.counts == {"done": 5, "failed": 1}


def test_the_model_goes_on_while_a_shard_is_written(thread: ThreadPoolExecutor) -> None:
    written = threading.Event()
    with Committer(thread) as committer:
        committer.commit(waiting_for(written))
        assert committer.shards == 0
        written.set()
    assert committer.shards == 1


def test_a_shard_waits_for_the_one_before(thread: ThreadPoolExecutor) -> None:
    written = threading.Event()
    threading.Timer(0.02, written.set).start()
    with Committer(thread) as committer:
        committer.commit(waiting_for(written))
        committer.commit(lambda: record(1))
        assert written.is_set()
        assert committer.shards == 1


def test_a_shard_that_cannot_be_written_stops_the_next(thread: ThreadPoolExecutor) -> None:
    begun: list[int] = []

    def second() -> CommitRecord:
        begun.append(1)
        return record(1)

    committer = Committer(thread)
    committer.commit(failing)
    with pytest.raises(RunError, match="the disk is full"):
        committer.commit(second)
    assert (committer.shards, begun) == (0, [])
    committer.commit(second)  # the error was told, and is not told again


def test_the_last_shard_that_cannot_be_written_is_an_error_too(thread: ThreadPoolExecutor) -> None:
    committer = Committer(thread)
    with pytest.raises(RunError, match="the disk is full"), committer:
        committer.commit(failing)
    assert committer.shards == 0


def test_an_error_of_the_model_waits_for_the_shard_in_hand(thread: ThreadPoolExecutor) -> None:
    written = threading.Event()
    committer = Committer(thread)
    committer.commit(waiting_for(written))
    threading.Timer(0.02, written.set).start()
    with pytest.raises(ValueError, match="the model is gone"), committer:
        raise ValueError("the model is gone")
    assert committer.shards == 1


def test_an_interrupt_waits_for_nothing(thread: ThreadPoolExecutor) -> None:
    written = threading.Event()
    committer = Committer(thread)
    committer.commit(waiting_for(written))
    with pytest.raises(KeyboardInterrupt), committer:
        raise KeyboardInterrupt
    assert committer.shards == 0
    written.set()  # so that the thread ends
