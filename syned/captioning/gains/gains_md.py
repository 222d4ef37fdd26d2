"""gains.md: what the data gained, for a person to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syned.markdown import code, escape, table

Gains = Mapping[str, Any]
"""What gains.json holds."""


def gains_text(gains: Gains) -> str:
    """All of gains.md."""
    parts = [_head(gains)]
    for name, captioner in gains["captioners"].items():
        parts += [
            f"## {escape(name)}",
            _scores_table(gains, captioner),
            _gains_table(gains, captioner),
            _task_table(gains, captioner),
        ]
    parts += [_method(gains), _examples(gains)]
    return "\n\n".join(part for part in parts if part) + "\n"


def summary_lines(gains: Gains) -> list[str]:
    """A line for each captioner and arm, for the screen."""
    lines = []
    pairs = gains["test"]["pairs"]
    width = max((len(arm) for c in gains["captioners"].values() for arm in c["arms"]), default=0)
    for name, captioner in gains["captioners"].items():
        gained = f"and the gain over {gains['baseline']}"
        lines.append(f"{name}: CIDEr x 100 on {pairs:,} test pairs, {gained}")
        for arm, values in captioner["arms"].items():
            scores = spread(values["scores"]["CIDEr"])
            gain = values["gain"].get("CIDEr")
            lines.append(
                f"  {arm:{width}}  {scores:>10}  {interval(gain) if gain else ''}".rstrip()
            )
    constant = percent(gains["constant"]["scores"]["CIDEr"])
    lines.append(f"most frequent caption: {constant}")
    if gains["missing"]:
        lines.append(f"not done: {', '.join(gains['missing'])}")
    return lines


def percent(score: float) -> str:
    """A score as papers print it: times 100, to one place."""
    return f"{100 * score:.1f}"


def spread(scores: Mapping[str, Any]) -> str:
    """Mean and, with several seeds, standard deviation over them: "45.3 ± 1.2"."""
    deviation = scores["deviation"]
    return percent(scores["mean"]) + ("" if deviation is None else f" ± {percent(deviation)}")


def interval(gain: Mapping[str, float]) -> str:
    """A gain with its 95% interval: "+12.3 [8.1, 16.4]"."""
    low, high = percent(gain["low"]), percent(gain["high"])
    return f"{100 * gain['difference']:+.1f} [{low}, {high}]"


def _head(gains: Gains) -> str:
    test = gains["test"]
    what = (
        f"Scores on all {test['pairs']:,} test pairs, times 100 as papers print them: mean and "
        f"standard deviation over seeds. Gains are over the arm {code(gains['baseline'])}, "
        "with their 95% intervals; where one lies above zero, the gain is not chance."
    )
    lines = ["# What the data gains", what]
    if not gains["comparable"]:
        lines.append(
            f"**These scores are not comparable with papers**: they were made by "
            f"{escape(gains['scorer'])}. With Java installed, the same command scores again."
        )
    few = [name for name, captioner in gains["captioners"].items() if len(captioner["seeds"]) < 3]
    if few:
        lines.append(
            f"With fewer than three seeds, the scores of {escape(', '.join(few))} say little "
            "about their spread."
        )
    if gains["missing"]:
        lines.append(f"**Not done yet**: {escape(', '.join(gains['missing']))}.")
    lines.append("![CIDEr of every arm](gains.png)")
    return "\n\n".join(lines)


def _scores_table(gains: Gains, captioner: Mapping[str, Any]) -> str:
    metrics = gains["metrics"]
    rows = [
        [escape(arm), *(spread(values["scores"][metric]) for metric in metrics)]
        for arm, values in captioner["arms"].items()
    ]
    constant = gains["constant"]["scores"]
    rows.append(["most frequent caption", *(percent(constant[metric]) for metric in metrics)])
    return table(["arm", *metrics], rows)


def _gains_table(gains: Gains, captioner: Mapping[str, Any]) -> str:
    gained = [(arm, values) for arm, values in captioner["arms"].items() if values["gain"]]
    if not gained:
        return ""
    metrics = [metric for metric in gains["metrics"] if metric in gained[0][1]["gain"]]
    rows = [
        [escape(arm), *(interval(values["gain"][metric]) for metric in metrics)]
        for arm, values in gained
    ]
    heading = f"Gain over {code(gains['baseline'])}:\n\n"
    return heading + table(["arm", *metrics], rows)


def _task_table(gains: Gains, captioner: Mapping[str, Any]) -> str:
    tasks = gains["test"]["tasks"]
    if len(tasks) < 2:
        return ""
    rows = []
    for arm, values in captioner["arms"].items():
        cells = [values["by_task"][task] for task in tasks]
        rows.append([escape(arm), *(_task_cell(cell) for cell in cells)])
    constant = [gains["constant"]["by_task"][task]["CIDEr"] for task in tasks]
    rows.append(["most frequent caption", *map(percent, constant)])
    heads = [f"{escape(task)} ({count})" for task, count in tasks.items()]
    note = (
        "CIDEr by task, each scored as a test set of its own (so that tasks are not to be compared "
        "with one another), with the gain:\n\n"
    )
    return note + table(["arm", *heads], rows)


def _task_cell(values: Mapping[str, Any]) -> str:
    gain = values["gain"].get("CIDEr")
    return spread(values["scores"]["CIDEr"]) + (f"<br>{interval(gain)}" if gain else "")


def _method(gains: Gains) -> str:
    rows = []
    for name, captioner in gains["captioners"].items():
        for arm, values in captioner["arms"].items():
            steps = ", ".join(str(training.get("steps", "")) for training in values["training"])
            different = ", ".join(map(str, values["different_captions"]))
            rows.append([escape(name), escape(arm), escape(values["trained_on"]), steps, different])
    heads = ["captioner", "arm", "trained on", "steps by seed", "different captions by seed"]
    text = (
        "Every arm had the same number of optimizer steps at most, looked at the same "
        f"{gains['validation']['pairs']:,} validation pairs to choose its best weights, and "
        "saw the test pairs once, at the end. No source image is in training and in the test: "
        f"that was checked. Scores: {escape(gains['scorer'])}. Intervals: "
        f"{gains['bootstrap']:,} resamples of the test pairs and of the seeds, the same pairs "
        "for both arms. The most frequent caption is that of the baseline's training pairs: "
        f"“{escape(gains['constant']['caption'])}”."
    )
    return "\n\n".join(["## How it was measured", text, table(heads, rows)])


def _examples(gains: Gains) -> str:
    parts = ["## Examples"] if gains["examples"] else []
    for example in gains["examples"]:
        title = f"### {escape(example['pair_id'])}"
        if example["task"]:
            title += f" ({escape(example['task'])})"
        picture = f"![source image, edited image]({example['picture']})"
        said = [["reference", escape(text)] for text in example["references"]]
        said += [
            [f"{escape(captioner)}, {escape(arm)}", escape(text)]
            for captioner, arms in example["said"].items()
            for arm, text in arms.items()
        ]
        parts += [title, picture, table(["who", "says"], said)]
    return "\n\n".join(parts)
