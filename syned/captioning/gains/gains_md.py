"""Write gains.md, the report of an experiment that people read."""

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
        "standard deviation over seeds. A gain is the difference from the arm "
        f"{code(gains['baseline'])}. The interval behind it holds 95% of the differences that come "
        "out when test pairs and seeds are drawn again at random from those there are. With few "
        "seeds this interval is narrower than the true uncertainty."
    )
    lines = ["# Gains from the training data", what]
    if not gains["comparable"]:
        lines.append(
            "**These scores are not comparable with papers**: the scorer was "
            f"“{escape(gains['scorer'])}”. Install Java and run the same command again; it scores "
            "the same captions anew and trains nothing."
        )
    few = [name for name, captioner in gains["captioners"].items() if len(captioner["seeds"]) < 3]
    if few:
        lines.append(
            f"With fewer than three seeds, the scores of {escape(', '.join(few))} say little "
            "about how much they vary from seed to seed."
        )
    if gains["missing"]:
        lines.append(f"**Not trained yet**: {escape('; '.join(gains['missing']))}.")
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
        "CIDEr by task, with the gain below it. Each task is scored as a test set of its own, so "
        "the scores of two tasks cannot be compared with one another:\n\n"
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
        "All arms were allowed the same number of optimizer steps. The weights with the lowest "
        f"loss on the same {gains['validation']['pairs']:,} validation pairs were kept, and the "
        "test pairs were captioned once, at the end. No source image is in both the training and "
        f"the test pairs, which was checked. The scorer was “{escape(gains['scorer'])}”. Each "
        f"interval comes from {gains['bootstrap']:,} resamples of the test pairs and of the seeds, "
        "and a resample has the same pairs for both arms. The row “most frequent caption” is the "
        "score of giving every test pair the same caption, the most frequent one of the "
        f"baseline's training pairs: “{escape(gains['constant']['caption'])}”."
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
