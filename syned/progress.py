"""How far the work is: a bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

from syned.units import duration, rate

LINE_SECONDS = 10.0
"""Least time between two plain lines."""


RowsDone = Callable[[int, int], None]
"""rows_done(done, total): hears every few rows how many are done, of how many in all."""


class Progress(Protocol):
    """Hears in the main thread how far a stage is."""

    def started(self, total: int) -> None:
        """So many rows are to be done in all."""

    def shard_skipped(self, rows: int) -> None:
        """So many of them were done before."""

    def batch_done(self, done: int, failed: int, seconds: float) -> None:
        """A batch is done: so many rows came out, so many failed."""

    def stopping(self) -> None:
        """A first Ctrl-C; the batch in hand will be the last."""

    def say(self, text: str) -> None:
        """A line of its own."""


class Tally:
    """Counts of one piece of work and what follows from them."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.what = what
        self.total = 0
        self.skipped = 0
        """Made by an earlier call."""
        self.done = 0
        self.failed = 0
        self._clock = clock
        self._begin = clock()
        self._warm: tuple[int, float] | None = None
        """What was made in the first batch, and when it ended: models are slow at first."""

    def start(self, total: int) -> None:
        self.total, self._begin = total, self._clock()

    def add(self, done: int, failed: int) -> None:
        self.done += done
        self.failed += failed
        if self._warm is None:
            self._warm = (self.done, self._clock())

    @property
    def finished(self) -> int:
        return self.skipped + self.done + self.failed

    def rate(self) -> float | None:
        """Done a second, without the first batch; None before there are two."""
        if self._warm is None or self.done <= self._warm[0]:
            return None
        seconds = self._clock() - self._warm[1]
        return (self.done - self._warm[0]) / seconds if seconds > 0 else None

    def text(self) -> str:
        """All of it in words: "edits: 96 of 1,000, 2 failed, 3.1 a second, 5 min left"."""
        parts = [f"{self.what}: {self.finished:,} of {self.total:,}"]
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        per_second, left = self.rate(), self.total - self.finished
        if per_second:
            parts.append(f"{rate(per_second)} a second")
            if left > 0:  # "0 s left" would say that all is done
                parts.append(f"{duration(max(1.0, left / per_second))} left")
        return ", ".join(parts)


class Reporter(Protocol):
    """Shows a tally to a person."""

    def update(self, tally: Tally) -> None:
        """The tally has changed."""

    def say(self, text: str) -> None:
        """A line of its own."""

    def close(self, tally: Tally) -> None:
        """The work has ended, one way or another."""


@contextmanager
def show_progress(what: str, stream: TextIO) -> Iterator[Shown]:
    """Show how far a piece of work is while the block runs.

    Args:
        what: what is counted, as in "edits".
        stream: a bar if it is a terminal, lines if not.
    """
    reporter: Reporter = BarReporter(stream) if stream.isatty() else LineReporter(stream)
    shown = Shown(Tally(what), reporter)
    try:
        yield shown
    finally:
        reporter.close(shown.tally)


class Shown:
    """A tally that is shown whenever it changes; what a stage reports to."""

    def __init__(self, tally: Tally, reporter: Reporter) -> None:
        self.tally = tally
        self._reporter = reporter

    def started(self, total: int) -> None:
        self.tally.start(total)
        self._reporter.update(self.tally)

    def shard_skipped(self, rows: int) -> None:
        self.tally.skipped += rows

    def batch_done(self, done: int, failed: int, seconds: float) -> None:
        self.tally.add(done, failed)
        self._reporter.update(self.tally)

    def planned(self, edits: int, total: int) -> None:
        """So many edits are planned by now, those of earlier calls among them."""
        self.tally.total, self.tally.done = total, edits
        self._reporter.update(self.tally)

    def say(self, text: str) -> None:
        """A line of its own, between the others."""
        self._reporter.say(text)

    def stopping(self) -> None:
        self._reporter.say("stopping after the batch in hand; press Ctrl-C again to stop at once")


class LineReporter:
    """Prints the tally as a line with the time of day, every LINE_SECONDS and at the end."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._last: float | None = None
        self._printed = ""

    def update(self, tally: Tally) -> None:
        now = self._clock()
        if self._last is None or now - self._last >= LINE_SECONDS:
            self._last = now
            self._print(tally.text())

    def say(self, text: str) -> None:
        self._print(text)

    def close(self, tally: Tally) -> None:
        if tally.total:
            self._print(tally.text())

    def _print(self, text: str) -> None:
        if text != self._printed:
            stamp = datetime.now().astimezone().strftime("%H:%M:%S")
            print(f"{stamp} {text}", file=self._stream, flush=True)
            self._printed = text


class BarReporter:
    """Draws the tally as a bar on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        console = Console(file=stream)
        self._bar = Bar(BarColumn(), TextColumn("{task.description}"), console=console)
        self._task: TaskID | None = None

    def update(self, tally: Tally) -> None:
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task(tally.text(), total=tally.total or None)
        self._bar.update(
            self._task,
            description=tally.text(),
            total=tally.total or None,
            completed=tally.finished,
        )

    def say(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False)

    def close(self, tally: Tally) -> None:
        if self._task is not None:
            self.update(tally)
            self._bar.stop()
