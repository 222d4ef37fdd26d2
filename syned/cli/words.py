"""A run in words, for the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from syned.config import Thresholds
from syned.filter.calibrate import Calibration, Kept
from syned.filter.shards import ScoreSummary
from syned.generate.estimate import Estimate
from syned.generate.shards import GenerateSummary
from syned.paraphrase.shards import ParaphraseSummary
from syned.publish.dataset import Published
from syned.run.status import CaptionSummary, RunSummary, SelectionSummary, TaskScore
from syned.run.truth import RIGHT
from syned.units import duration, rate, size


def run_lines(summary: RunSummary) -> list[str]:
    """What a run holds, a line each; the table of tasks where the true results are known."""
    lines = [
        f"run      {summary.path}",
        f"from     {summary.source} (licence {summary.licence}), edited by {summary.editor}",
        f"edits    {_edits(summary)}",
    ]
    if summary.failed:
        lines.append(f"failed   {reasons(summary.failed_by_reason)}")
    if summary.seconds_per_edit:
        seconds = summary.seconds_per_edit
        lines.append(f"time     {seconds:.3g} s an edit, {rate(1 / seconds)} edits a second")
    lines.append(f"size     {size(summary.size_bytes)}")
    if summary.judged:
        lines += ["", *_task_table(summary)]
    return lines


def work_line(made: GenerateSummary) -> str:
    """What one call took, and how much of it the model itself."""
    return (
        f"{made.done + made.failed:,} edits in {duration(made.seconds)}, "
        f"{made.model_seconds / made.seconds:.0%} of it in the model, "
        f"after {duration(made.load_seconds)} of loading it"
    )


def caption_lines(captions: CaptionSummary) -> list[str]:
    """What became of a run's texts, a line each."""
    short = f", {captions.short:,} with fewer" if captions.short else ""
    candidates = captions.accepted + sum(captions.rejected_by_reason.values())
    whole = f"{captions.done:,} with as many as were asked for{short}"
    lines = [
        f"captions {captions.paraphrases:,} paraphrases of {captions.texts:,} texts: {whole}",
        f"judged   {candidates:,} candidates, {captions.accepted:,} accepted",
    ]
    if captions.failed_by_reason:
        lines.append(f"failed   {reasons(captions.failed_by_reason)}")
    if captions.rejected_by_reason:
        lines.append(f"rejected {reasons(captions.rejected_by_reason)}")
    return lines


def selection_lines(selection: SelectionSummary) -> list[str]:
    """What the filter kept, a line each."""
    whole = selection.whole
    share = whole.kept / whole.edits if whole.edits else 0.0
    lines = [f"kept     {whole.kept:,} of {whole.edits:,} edits, {share:.0%}"]
    if selection.behind:
        lines[0] += f"; {selection.behind:,} were made since, so run `syned filter` again"
    if whole.dropped:
        lines.append(f"dropped  {reasons(whole.dropped)}")
    for name, counts in selection.contamination.items():
        found = ", ".join(f"{count:,} by {what}" for what, count in counts.items())
        lines.append(f"dropped  as part of the evaluation set {line(name)}: {found}")
    if selection.truth is not None:
        lines += _truth_lines(selection)
    return lines


def funnel_lines(selection: SelectionSummary) -> Iterator[str]:
    """How many edits each reason takes away and leaves, and what is kept of each task."""
    left = selection.whole.edits
    width = max([*map(len, selection.whole.dropped), *(len(t.task) for t in selection.tasks), 4])
    yield f"{'edits':<{width + 2}} {left:>9,}"
    for reason, count in selection.whole.dropped.items():
        left -= count
        yield f"  {reason:<{width}} {-count:>9,}  {left:>9,} left"
    yield f"{'kept':<{width + 2}} {left:>9,}"
    yield ""
    for task in selection.tasks:
        name = line(task.task) or "no task"
        counts = f"{task.kept:>9,} of {task.edits:>9,}"
        yield f"  {name:<{width}} {counts}  {reasons(task.dropped)}".rstrip()


def _truth_lines(selection: SelectionSummary) -> Iterator[str]:
    truth, precision, recall = selection.truth or {}, selection.precision, selection.recall
    if precision is not None:
        counts = f"{truth['kept_right']:,} of {truth['kept_judged']:,}"
        yield f"right    {precision:.1%} of the kept edits ({counts}), the precision"
    if recall is not None:
        counts = f"{truth['kept_right']:,} of {truth['right']:,}"
        yield f"kept     {recall:.1%} of the right edits ({counts}), the recall"


def score_line(made: ScoreSummary) -> str:
    """What one call has scored."""
    pace = made.edits / made.seconds if made.seconds > 0 else 0.0
    return (
        f"{made.images:,} source images and {made.edits:,} edits scored in "
        f"{duration(made.seconds)}, {rate(pace)} edits a second, after "
        f"{duration(made.load_seconds)} of loading"
    )


def calibration_lines(found: Calibration) -> list[str]:
    """Thresholds as a config has them, and what they do."""

    def told(what: str, some: Kept) -> str:
        return (
            f"# {what}: {some.precision:.1%} of the kept edits are right "
            f"({some.kept_right:,} of {some.kept:,}), {some.recall:.1%} of the right edits "
            f"are kept ({some.kept_right:,} of {some.right:,})"
        )

    boxes = {task: dict(bounds) for task, bounds in found.tasks.items()}
    shared = next(iter(boxes.values()), {})
    alike = all(box == shared for box in boxes.values())
    common = {name: None for name, default in Thresholds() if default is not None}
    lines = [
        told("on edits that had no part in finding such thresholds", found.held_out),
        told("on the edits that these were found on", found.found_on),
        "filter:",
        f"  thresholds: {_flow({**common, **(shared if alike else {})})}",
    ]
    if not alike:
        lines.append("  tasks:")
        lines += [f"    {json.dumps(task)}: {_flow(box)}" for task, box in boxes.items()]
    return lines


def _flow(numbers: Mapping[str, float | None]) -> str:
    """As YAML on one line."""
    parts = (f"{name}: {'null' if n is None else f'{n:.4g}'}" for name, n in numbers.items())
    return f"{{{', '.join(parts)}}}"


def paraphrase_line(made: ParaphraseSummary) -> str:
    """What one call asked for and how fast it was answered."""
    text = f"{made.requests:,} requests to the model, {made.known:,} answers were known already"
    if made.model_seconds > 0 and made.new_tokens:
        pace = made.new_tokens / made.model_seconds
        text += (
            f"; {made.new_tokens:,} tokens in {duration(made.model_seconds)}, "
            f"{rate(pace)} tokens a second, after {duration(made.load_seconds)} of loading"
        )
    return text


def publish_lines(made: Published) -> list[str]:
    """What was published, a line each, with the line that loads it."""
    files = sum(split.files for split in made.splits.values())
    size_bytes = sum(split.size_bytes for split in made.splits.values())
    rows = ", ".join(f"{name} {split.rows:,}" for name, split in made.splits.items())
    unchanged = "; the rows were published before" if made.unchanged else ""
    lines = [
        f"dataset  {made.path}",
        f"pairs    {rows}",
        f"size     {size(size_bytes)} in {files:,} files{unchanged}",
    ]
    if made.conflicts:
        lines.append(
            f"splits   {made.conflicts:,} source images are in several splits of the source; each "
            "goes to test before validation before train"
        )
    if made.made_since > 0:
        lines.append(
            f"left out {made.made_since:,} edits that were made after the last `syned filter`"
        )
    return [*lines, f'load     datasets.load_dataset("{made.path}")']


def example_lines(examples: Sequence[tuple[str, list[str]]]) -> list[str]:
    """Texts, each with its paraphrases below."""
    lines: list[str] = []
    for text, paraphrases in examples:
        lines += [f"  {line(text)}", *(f"    -> {line(p)}" for p in paraphrases or ["none"])]
    return lines


def line(text: str) -> str:
    """A text that fits a line and does nothing to a terminal."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain if len(plain) <= 100 else f"{plain[:97]}..."


def sheet_title(summary: RunSummary, shown: int, selection: SelectionSummary | None = None) -> str:
    """What stands above a contact sheet: what its edits are a sample of.

    Args:
        summary: of the run.
        shown: edits on the sheet.
        selection: of the run, where the sheet shows kept edits only.
    """
    made, editor = summary.done + summary.failed, summary.editor.partition("@")[0]
    if selection is None:
        title = f"{summary.name}: {shown:,} of {made:,} edits by {editor}"
        right = summary.right / summary.judged if summary.judged else None
    else:
        kept = f"{shown:,} of the {selection.whole.kept:,} edits that the filter kept"
        title = f"{summary.name}: {kept}, of {made:,} by {editor}"
        right = selection.precision
    if right is None:
        return title
    which = "them" if selection is None else "the kept ones"
    return f"{title}; {right:.0%} of {which} are right\n{RIGHT}"


def estimate_lines(estimate: Estimate) -> list[str]:
    """What a run would cost, a line each."""
    measured = estimate.calibration
    images, at_most = "each with an image of its own at most", "at most "
    if estimate.source_images is not None:
        images, at_most = f"from {estimate.source_images:,} source images", ""
    pace = f"{measured.seconds_per_edit:.3g} s an edit, measured on {measured.edits}"
    sizes = f"{size(estimate.edits_bytes)} of edits, {at_most}{size(estimate.plan_bytes)} of plan"
    return [
        f"source   {estimate.source}, licence {estimate.licence}",
        f"editor   {estimate.editor}, loaded in {duration(estimate.load_seconds)}",
        f"edits    {estimate.edits:,}, {images}",
        f"time     {duration(estimate.seconds)} on this machine, {pace}",
        f"size     {sizes}",
    ]


def reasons(counts: Mapping[str, int]) -> str:
    """Reasons with their counts: "2 flat_image, 1 duplicate_request"."""
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items())


def _edits(summary: RunSummary) -> str:
    text = f"{summary.done:,} done of {summary.planned:,} planned"
    if summary.failed:
        text += f", {summary.failed:,} failed"
    if summary.remaining:
        text += f", {summary.remaining:,} to do"
    return text


def _task_table(summary: RunSummary) -> Iterator[str]:
    yield RIGHT
    total = TaskScore("all", summary.judged, summary.right)
    width = max(len(score.task) for score in (*summary.tasks, total))
    for score in (*summary.tasks, total):
        counts = f"{score.right:>6,} of {score.judged:>6,}"
        yield f"  {score.task:<{width}} {counts}  {score.right_fraction:>4.0%}"
