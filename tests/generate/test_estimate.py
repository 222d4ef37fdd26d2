"""What an edit costs, told from a few; an editor whose clock is the test's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from syned.errors import DataError
from syned.generate.estimate import MOST_RUNS, MOST_SECONDS, Calibration, calibrate
from syned.generate.jobs import make_edit
from syned.models.fake import FakeEditor
from syned.run.records import EditJob, EditResult
from tests.conftest import make_job


class TimedEditor(FakeEditor):
    """An editor that takes as long as it is told, on a clock of its own.

    Args:
        seconds: from the size of a batch to what a warm editor takes for it.
        warm_up: what the first batch of each size takes on top.
        hiccup: seconds on top in the batches with these numbers, counted from 0.
    """

    def __init__(
        self,
        seconds: Callable[[int], float],
        *,
        warm_up: float = 0.0,
        hiccup: dict[int, float] | None = None,
        fail: dict[str, str] | None = None,
    ) -> None:
        super().__init__(fail=fail)
        self.now = 1000.0
        self._seconds, self._warm_up, self._hiccup = seconds, warm_up, hiccup or {}
        self._sizes = Counter[int]()

    def clock(self) -> float:
        return self.now

    def edit(self, jobs: Sequence[EditJob], *, steps: int) -> list[EditResult]:
        self.now += self._seconds(len(jobs)) + self._hiccup.get(len(self.batches), 0.0)
        if not self._sizes[len(jobs)]:
            self.now += self._warm_up
        self._sizes[len(jobs)] += 1
        return super().edit(jobs, steps=steps)

    @property
    def took(self) -> float:
        """Seconds since the first batch began."""
        return self.now - 1000.0


def measured(editor: TimedEditor, *, jobs: int = 16, batch_size: int = 16) -> Calibration:
    made = [make_job(number) for number in range(jobs)]
    return calibrate(editor, made, batch_size=batch_size, steps=1, clock=editor.clock)


def test_what_warming_up_takes_is_not_in_the_pace() -> None:
    editor = TimedEditor(lambda edits: 0.02 * edits, warm_up=5.0)
    found = measured(editor)
    assert found.seconds_per_edit == pytest.approx(0.02)
    assert (found.edits, found.runs) == (16, MOST_RUNS)


def test_a_pace_is_that_of_full_batches_where_they_are_cheaper() -> None:
    editor = TimedEditor(lambda edits: 0.5 + 0.01 * edits)
    assert measured(editor).seconds_per_edit == pytest.approx((0.5 + 0.16) / 16)


def test_batches_grow_so_that_an_edit_alone_need_not_tell_what_a_full_one_takes() -> None:
    """As of an editor that encodes as many texts for one edit as for a full batch."""
    editor = TimedEditor(lambda edits: 4.0 + 0.1 * edits)
    found = measured(editor)
    assert found.edits == 16
    assert found.seconds_per_edit == pytest.approx(5.6 / 16)
    assert [len(batch) for batch in editor.batches] == [1, 1, 4, 4, 16, 16]


def test_what_other_programs_do_meanwhile_moves_the_pace_little() -> None:
    of_smaller = 2 * (1 + MOST_RUNS)  # batches of one edit, and of four
    editor = TimedEditor(lambda edits: 0.01 * edits, hiccup={of_smaller + 2: 30.0})
    assert measured(editor).seconds_per_edit == pytest.approx(0.01)


def test_jobs_beyond_one_batch_are_left_out() -> None:
    editor = TimedEditor(lambda edits: 0.01 * edits)
    assert measured(editor, jobs=50, batch_size=4).edits == 4
    assert max(map(len, editor.batches)) == 4


def test_a_batch_that_takes_seconds_is_timed_once() -> None:
    editor = TimedEditor(lambda edits: 0.2 * edits, warm_up=1.0)
    found = measured(editor)
    assert (found.edits, found.runs) == (16, 1)
    assert found.seconds_per_edit == pytest.approx(0.2)


def test_a_batch_that_turns_out_slower_than_expected_is_timed_once() -> None:
    editor = TimedEditor(lambda edits: 0.1 if edits < 16 else 9.0)
    found = measured(editor)
    assert (found.edits, found.runs, found.seconds_per_edit) == (16, 1, 9.0 / 16)


def test_an_editor_that_takes_a_minute_an_edit_makes_one_edit() -> None:
    editor = TimedEditor(lambda edits: 60.0 * edits)
    found = measured(editor)
    assert found == Calibration(1, 0, 60.0, found.bytes_per_edit)
    assert [len(batch) for batch in editor.batches] == [1]


def test_an_editor_too_slow_for_a_batch_is_timed_on_a_second_edit() -> None:
    editor = TimedEditor(lambda edits: 8.0 * edits, warm_up=9.0)
    found = measured(editor)
    assert (found.edits, found.runs, found.seconds_per_edit) == (1, 1, 8.0)
    assert [len(batch) for batch in editor.batches] == [1, 1]


@pytest.mark.parametrize("seconds", [0.001, 0.03, 0.4, 1.5, 3.0, 7.0, 29.0, 200.0])
@pytest.mark.parametrize("warm_up", [0.0, 4.0, 20.0])
def test_no_run_is_begun_that_is_known_to_take_too_long(seconds: float, warm_up: float) -> None:
    editor = TimedEditor(lambda edits: seconds * edits, warm_up=warm_up)
    measured(editor)
    first = seconds + warm_up
    assert editor.took <= max(first, MOST_SECONDS + warm_up)


@pytest.mark.parametrize(("warm_up", "largest"), [(15.0, 16), (25.0, 4)])
def test_a_long_warm_up_costs_batches_and_is_never_in_the_pace(
    warm_up: float, largest: int
) -> None:
    editor = TimedEditor(lambda edits: 0.05 * edits, warm_up=warm_up)
    found = measured(editor)
    assert found.edits == largest
    assert found.seconds_per_edit == pytest.approx(0.05)


def test_a_single_job_is_not_timed_twice_over() -> None:
    editor = TimedEditor(lambda edits: 0.01 * edits)
    assert measured(editor, jobs=1).runs == MOST_RUNS
    assert len(editor.batches) == 1 + MOST_RUNS


def test_bytes_are_those_of_the_edits_that_did_not_fail() -> None:
    jobs = [make_job(0), make_job(1)]
    editor = TimedEditor(lambda edits: 0.01, fail={"instruction 1": "flat_image"})
    (answer,) = FakeEditor().edit(jobs[:1], steps=1)
    png = make_edit(jobs[0], answer).edited_image
    assert png is not None
    assert measured(editor, jobs=2).bytes_per_edit == len(png)


def test_an_editor_that_fails_at_everything_fills_no_disk() -> None:
    editor = TimedEditor(lambda edits: 0.01, fail={"instruction 0": "flat_image"})
    assert measured(editor, jobs=1).bytes_per_edit == 0.0


def test_without_a_job_nothing_can_be_timed() -> None:
    with pytest.raises(DataError, match="none of the first rows of the source can be edited"):
        calibrate(FakeEditor(), [], batch_size=4, steps=1)
