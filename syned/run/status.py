"""Summaries of what a run holds, from its commit records and a few small columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syned.run.directory import Run
from syned.run.selection_file import read_selection_notes
from syned.run.shards import CommitRecord, ShardFolder
from syned.run.truth import is_right


@dataclass(frozen=True, slots=True)
class TaskScore:
    """How often the edits of one task came out right."""

    task: str
    judged: int
    """Edits whose true result is known."""
    right: int

    @property
    def right_fraction(self) -> float:
        """In [0, 1]; 0 when nothing was judged."""
        return self.right / self.judged if self.judged else 0.0


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run holds."""

    name: str
    path: Path
    planned: int
    """Edits that the plan asks for."""
    done: int
    failed: int
    """Rows that failed, in the plan or in the editor, in the shards that are made."""
    failed_by_reason: dict[str, int]
    """Reason -> rows, the most frequent first."""
    remaining: int
    """Rows of the plan in shards that are not made yet."""
    tasks: tuple[TaskScore, ...]
    """By name; empty where no truth is known."""
    seconds_per_edit: float | None
    """None before the first shard."""
    size_bytes: int
    """Of the committed shards of plan and edits."""
    editor: str
    """Its name, with its revision."""
    source: str
    licence: str
    """Of the source; "unknown" where nobody said."""

    @property
    def judged(self) -> int:
        return sum(score.judged for score in self.tasks)

    @property
    def right(self) -> int:
        return sum(score.right for score in self.tasks)


def summary(run: Run, *, with_tasks: bool = True) -> RunSummary:
    """Add up what the run's shards say of themselves; no image is read and nothing is hashed.

    Args:
        run: may be in use.
        with_tasks: whether to look into every shard for how its tasks came out.
    """
    plan = list(_records(run.requests))
    edits = list(_records(run.edits))
    counts = Counter[str]()
    for record in edits:
        counts.update(record.counts)
    rows = sum(record.rows for record in edits)
    records = [*plan, *edits, *_records(run.images)]
    judged = counts["judged"] and with_tasks
    return RunSummary(
        name=run.name,
        path=run.path,
        planned=sum(record.counts["planned"] for record in plan),
        done=counts["done"],
        failed=counts["failed"],
        failed_by_reason=_by_reason(counts),
        remaining=sum(record.rows for record in plan) - rows,
        tasks=_task_scores(run, [r.shard for r in edits]) if judged else (),
        seconds_per_edit=sum(record.seconds for record in edits) / rows if rows else None,
        size_bytes=sum(record.size_bytes for record in records),
        **_origin(run.settings().get("versions", {})),
    )


@dataclass(frozen=True, slots=True)
class CaptionSummary:
    """What the captions of a run are."""

    texts: int
    """Instructions and difference captions of the plan, each once, in the shards that are made."""
    done: int
    """Texts with as many paraphrases as were asked for."""
    short: int
    failed_by_reason: dict[str, int]
    paraphrases: int
    accepted: int
    """Candidates that nothing was wrong with, the best of which are the paraphrases."""
    rejected_by_reason: dict[str, int]
    """Reason -> candidates, the most frequent first."""


def caption_summary(run: Run) -> CaptionSummary | None:
    """Add up what the shards of captions/ say of themselves; None when there are none."""
    records = list(_records(run.captions))
    counts = Counter[str]()
    for record in records:
        counts.update(record.counts)
    if not records:
        return None
    return CaptionSummary(
        texts=sum(record.rows for record in records),
        done=counts["done"],
        short=counts["short"],
        failed_by_reason=_by_reason(counts),
        paraphrases=counts["paraphrases"],
        accepted=counts["accepted"],
        rejected_by_reason=_by_reason(counts, "rejected:"),
    )


@dataclass(frozen=True, slots=True)
class TaskSelection:
    """What the filter made of the edits of one task."""

    task: str
    kept: int
    dropped: dict[str, int]
    """Reason -> edits, in the order in which reasons apply."""

    @property
    def edits(self) -> int:
        return self.kept + sum(self.dropped.values())


@dataclass(frozen=True, slots=True)
class SelectionSummary:
    """What the filter made of a run."""

    whole: TaskSelection
    tasks: tuple[TaskSelection, ...]
    encoder: str
    contamination: dict[str, dict[str, int]]
    """Evaluation set -> "images" and "captions" -> edits dropped for them."""
    truth: dict[str, int] | None
    """judged, right, kept_judged, kept_right; None where no truth is known."""
    behind: int
    """Edits made since."""

    @property
    def precision(self) -> float | None:
        """Share of the kept edits that are right, in [0, 1]; None where that is not known."""
        if self.truth is None or not self.truth["kept_judged"]:
            return None
        return self.truth["kept_right"] / self.truth["kept_judged"]

    @property
    def recall(self) -> float | None:
        """Share of the right edits that are kept, in [0, 1]; None where that is not known."""
        if self.truth is None or not self.truth["right"]:
            return None
        return self.truth["kept_right"] / self.truth["right"]


def selection_summary(run: Run) -> SelectionSummary | None:
    """What selection.parquet says of itself; None when nobody has filtered.

    Raises:
        RunError: it is damaged.
    """
    told = read_selection_notes(run)
    if told is None:
        return None
    made = sum(record.rows for record in _records(run.edits))
    return SelectionSummary(
        whole=TaskSelection("all", told["kept"], told["dropped"]),
        tasks=tuple(
            TaskSelection(task, counts["kept"], counts["dropped"])
            for task, counts in told["by_task"].items()
        ),
        encoder=told["encoder"],
        contamination=told["contamination"],
        truth=told["truth"],
        behind=max(0, made - told["edits"]),
    )


def caption_examples(run: Run, count: int) -> list[tuple[str, list[str]]]:
    """Texts with their paraphrases, spread evenly over the captions of a run."""
    records = list(_records(run.captions))
    total = sum(record.rows for record in records)
    wanted = {total * i // count for i in range(count)}
    examples: list[tuple[str, list[str]]] = []
    first = 0
    for record in records:
        rows = sorted(row - first for row in wanted if first <= row < first + record.rows)
        if rows:
            table = run.captions.read(record.shard, ["text", "paraphrases"]).take(rows)
            examples += [(row["text"], row["paraphrases"]) for row in table.to_pylist()]
        first += record.rows
    return examples


def _records(folder: ShardFolder) -> Iterator[CommitRecord]:
    for shard in folder.recorded():
        record = folder.record(shard)
        if record is not None and folder.is_done(shard, hashed=False):
            yield record


def _origin(versions: Mapping[str, Any]) -> dict[str, str]:
    editor = versions.get("editor", {})
    source = versions.get("source", {})
    return {
        "editor": "@".join(editor.values()),
        "source": source.get("name", ""),
        "licence": source.get("licence", "unknown"),
    }


def _by_reason(counts: Mapping[str, int], prefix: str = "failed:") -> dict[str, int]:
    reasons = {
        key.removeprefix(prefix): count for key, count in counts.items() if key.startswith(prefix)
    }
    return dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])))


def _task_scores(run: Run, shards: list[int]) -> tuple[TaskScore, ...]:
    judged: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for shard in shards:
        for task, came_out_right in _judgements(run, shard):
            judged[task] += 1
            right[task] += came_out_right
    return tuple(TaskScore(task, judged[task], right[task]) for task in sorted(judged))


def _judgements(run: Run, shard: int) -> Iterator[tuple[str, bool]]:
    """Task and outcome of every edit whose truth is known."""
    tasks = run.requests.read(shard, ["task"]).column("task").to_pylist()
    errors = run.edits.read(shard, ["true_error", "source_error"]).to_pylist()
    for task, of_edit in zip(tasks, errors, strict=True):
        if None not in of_edit.values():
            yield task, is_right(**of_edit)
