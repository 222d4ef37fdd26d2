"""Commits shards in a thread beside the model, one at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from syned.run.shards import CommitRecord


class Committer:
    """Commits one shard at a time in a thread; the next waits for the one before.

    Use it in a `with` block, whose end waits for the last commit, unless a second Ctrl-C ends it.

    Args:
        thread: a pool of one thread.
    """

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self.shards = 0
        """Committed so far."""
        self.rows = 0
        """In the committed shards."""
        self.counts: Counter[str] = Counter()
        """The sum of what their records count."""
        self._thread = thread
        self._pending: Future[CommitRecord] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, Exception):
            self._wait()

    def commit(self, write: Callable[[], CommitRecord]) -> None:
        """Have a shard written, once the one before is.

        Args:
            write: writes it; called in the thread.

        Raises:
            RunError: the one before cannot be written.
        """
        self._wait()
        self._pending = self._thread.submit(write)

    def _wait(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            record = pending.result()
            self.shards += 1
            self.rows += record.rows
            self.counts.update(record.counts)
