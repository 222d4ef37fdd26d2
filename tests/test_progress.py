"""Progress in words."""

from __future__ import annotations

import io
import re

from syned.progress import LINE_SECONDS, LineReporter, Tally, show_progress


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def tally_of(clock: Clock, total: int) -> Tally:
    tally = Tally("edits", clock)
    tally.start(total)
    return tally


def test_the_rate_leaves_out_the_first_batch_which_is_slow() -> None:
    clock = Clock()
    tally = tally_of(clock, 100)
    clock.now = 60.0
    tally.add(10, 0)
    assert tally.rate() is None
    clock.now = 65.0
    tally.add(10, 0)
    assert tally.rate() == 2.0


def test_what_an_earlier_call_made_counts_as_finished_but_not_as_speed() -> None:
    clock = Clock()
    tally = tally_of(clock, 100)
    tally.skipped = 60
    tally.add(5, 0)
    clock.now = 10.0
    tally.add(4, 1)
    assert tally.finished == 70
    assert tally.text() == "edits: 70 of 100, 1 failed, 0.4 a second, 75 s left"


def test_a_large_rate_is_not_said_as_a_power_of_ten() -> None:
    clock = Clock()
    tally = tally_of(clock, 1_000_000)
    tally.add(1, 0)
    clock.now = 1.0
    tally.add(213_600, 0)
    assert "214,000 a second" in tally.text()


def test_while_work_remains_some_time_is_left() -> None:
    clock = Clock()
    tally = tally_of(clock, 100)
    tally.add(1, 0)
    clock.now = 10.0
    tally.add(98, 0)
    assert tally.text().endswith(", 1 s left")
    tally.add(1, 0)
    assert "left" not in tally.text()


def test_a_tally_without_a_second_batch_promises_no_time() -> None:
    tally = tally_of(Clock(), 1000)
    assert tally.text() == "edits: 0 of 1,000"


def test_lines_come_at_most_every_few_seconds_and_once_at_the_end() -> None:
    clock, out = Clock(), io.StringIO()
    reporter, tally = LineReporter(out, clock), tally_of(clock, 100)
    for second in range(int(LINE_SECONDS) * 2):
        clock.now = float(second)
        tally.add(1, 0)
        reporter.update(tally)
    reporter.close(tally)
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert all(re.match(r"\d\d:\d\d:\d\d edits: \d+ of 100", line) for line in lines)
    assert "edits: 20 of 100" in lines[-1]


def test_the_last_line_is_not_said_twice() -> None:
    out = io.StringIO()
    with show_progress("edits", out) as shown:
        shown.started(4)
        shown.shard_skipped(4)
    assert out.getvalue().count("4 of 4") == 1


def test_stopping_is_announced() -> None:
    out = io.StringIO()
    with show_progress("edits", out) as shown:
        shown.stopping()
    assert "press Ctrl-C again" in out.getvalue()


def test_a_terminal_gets_a_bar() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with show_progress("edits", out) as shown:
        shown.started(2)
        shown.batch_done(2, 0, 0.1)
    assert "edits: 2 of 2" in out.getvalue()
