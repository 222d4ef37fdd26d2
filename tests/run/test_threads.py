"""Work beside the model: in order, bounded, and ended with its reader."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from syned.run.threads import ahead, pool, stop_on_interrupt


def counted(taken: list[int], until: int = 100) -> Iterator[int]:
    for number in range(until):
        taken.append(number)
        yield number


def test_items_come_in_order_and_all_of_them() -> None:
    assert list(ahead(counted([], 10), 3)) == list(range(10))


def test_it_runs_ahead_while_its_reader_works_but_no_further_than_asked() -> None:
    taken: list[int] = []
    numbers = ahead(counted(taken), 3)

    next(numbers)
    time.sleep(0.1)

    assert len(taken) == 5  # one read, three ready, one that waits for room
    numbers.close()


def test_an_error_in_the_thread_is_raised_in_its_place() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise KeyError("lost")

    numbers = ahead(broken(), 3)

    assert next(numbers) == 1
    with pytest.raises(KeyError, match="lost"):
        next(numbers)


def test_closing_ends_the_thread_though_it_waits_for_room() -> None:
    before = threading.active_count()
    numbers = ahead(counted([]), 1)
    next(numbers)

    numbers.close()

    assert threading.active_count() == before


def test_a_pool_gives_up_what_has_not_begun() -> None:
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        time.sleep(0.05)

    with pool(1) as threads:
        for number in range(50):
            threads.submit(work, number)

    assert len(begun) < 5


def test_the_first_interrupt_asks_and_the_second_interrupts() -> None:
    asked: list[bool] = []
    before = signal.getsignal(signal.SIGINT)

    with stop_on_interrupt(lambda: asked.append(True)) as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    assert asked == [True]
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    seen: list[bool] = []

    def work() -> None:
        with stop_on_interrupt(lambda: None) as stop:
            seen.append(stop())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [False]
