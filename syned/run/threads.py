"""Work beside the model: an iterator that runs ahead, a thread pool that ends, and Ctrl-C."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _End(Generic[T]):
    error: BaseException | None = None


def ahead(items: Iterator[T], depth: int) -> Generator[T, None, None]:
    """Run an iterator in a thread of its own, at most `depth` items ahead of its reader.

    An error in the thread is raised here, in its place. Close the iterator to end the thread.
    """
    ready: queue.Queue[T | _End[T]] = queue.Queue(depth)
    closed = threading.Event()

    def fill() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                ready.put(item)
                if closed.is_set():
                    return
        except BaseException as raised:  # raised again in the thread of the reader
            error = raised
        ready.put(_End(error))

    thread = threading.Thread(target=fill, name="syned-ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        closed.set()
        while thread.is_alive():
            with suppress(queue.Empty):  # makes room for a put that waits
                ready.get(timeout=0.02)


@contextmanager
def pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """A thread pool whose unstarted work is given up on the way out."""
    executor = ThreadPoolExecutor(threads)
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def stop_on_interrupt(asked: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a question that can be asked; the second interrupts at once.

    Outside the main thread signals are left alone.

    Args:
        asked: called at the first Ctrl-C.

    Yields:
        Whether to stop.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    interrupts: list[int] = []

    def handle(signum: int, frame: FrameType | None) -> None:
        interrupts.append(signum)
        if len(interrupts) > 1:
            raise KeyboardInterrupt
        asked()

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: bool(interrupts)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if previous is None else previous)
