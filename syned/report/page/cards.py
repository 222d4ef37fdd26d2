"""The cards of the report: an edit each, with its pictures and scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from syned.config import TextKind
from syned.progress import RowsDone
from syned.report.page.edit_table import EditColumns
from syned.report.page.histogram import Limit
from syned.report.page.labels import KEPT, SCORES, WAITING, score
from syned.report.page.limits import fails, limits_of
from syned.report.page.sample import Sample, read_samples
from syned.report.page.thumbnails import Quality, Triple, choose_quality, triple
from syned.run.directory import Run
from syned.run.records import Edit, Request
from syned.run.rows import spread

PICTURE_BYTES = 4_000_000
"""What all pictures of the page may take."""
TRIAL_EDITS = 12
"""Edits by which the size of the pictures is decided."""
MOST_CAPTIONS = 5
"""Difference captions of an edit that are shown."""


@dataclass(frozen=True, slots=True)
class CardScore:
    """A score of an edit."""

    title: str
    note: str
    value: str
    fails: bool
    """Whether it lies beyond a limit of the edit's task."""


@dataclass(frozen=True, slots=True)
class Card:
    """An edit as the report shows it."""

    request: Request
    edit: Edit
    """Without its image."""
    task: str
    outcome: str
    pictures: Triple
    scores: list[CardScore]

    @property
    def kept(self) -> bool | None:
        """None before the filter has looked at it."""
        return None if self.outcome == WAITING else self.outcome == KEPT

    @property
    def truth(self) -> str:
        """Whether it came out "right" or "wrong"; "" where no truth is known."""
        return {None: "", True: "right", False: "wrong"}[self.edit.right]

    @property
    def texts(self) -> list[tuple[TextKind, str]]:
        """What says the change in words, with its kind; these texts have paraphrases."""
        captions: list[tuple[TextKind, str]] = [("caption", c) for c in self.request.captions]
        return [("instruction", self.request.instruction), *captions[:MOST_CAPTIONS]]


def make_cards(
    run: Run, columns: EditColumns, positions: Sequence[int], progress: RowsDone
) -> Iterator[Card]:
    """Read some edits and make their pictures.

    Raises:
        RunError: a shard cannot be read.
    """
    quality = _quality(run, columns, positions)
    limits = {task: limits_of(columns.selection, task) for task in set(columns.tasks)}
    made = 0
    for samples in read_samples(run, columns, positions):
        for sample in samples:
            yield _card(sample, columns, quality, limits[columns.tasks[sample.position]])
        made += len(samples)
        progress(made, len(positions))


def _quality(run: Run, columns: EditColumns, positions: Sequence[int]) -> Quality:
    """How exact the pictures can be, tried on some of them."""
    trial = [
        (sample.source_image, sample.edit.edited_image)
        for samples in read_samples(run, columns, spread(positions, TRIAL_EDITS))
        for sample in samples
    ]
    return choose_quality(trial, len(positions), PICTURE_BYTES)


def _card(
    sample: Sample,
    columns: EditColumns,
    quality: Quality,
    limits: Mapping[str, Sequence[Limit]],
) -> Card:
    found = {name: float(values[sample.position]) for name, values in columns.scores.items()}
    return Card(
        request=sample.request,
        edit=replace(sample.edit, edited_image=None),
        task=columns.tasks[sample.position],
        outcome=columns.outcomes[sample.position],
        pictures=triple(sample.source_image, sample.edit.edited_image, quality),
        scores=[
            CardScore(*SCORES[name], score(value), fails(value, limits[name]))
            for name, value in found.items()
            if not math.isnan(value)
        ],
    )
