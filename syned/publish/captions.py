"""The captions of a pair: what the source says of the change, then its accepted paraphrases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from syned.run.directory import Run


@dataclass(frozen=True, slots=True)
class Paraphrases:
    """All accepted paraphrases of a run, by what they paraphrase."""

    of: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Kind ("instruction" or "caption") and text -> paraphrases, the best first."""
    made_by: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Language model and prompt -> paraphrases."""


def read_paraphrases(run: Run) -> Paraphrases:
    """The paraphrases of a run; none when it has no captions.

    Raises:
        RunError: a shard of captions/ is damaged.
    """
    found = Paraphrases()
    columns = ["kind", "text", "paraphrases", "model", "prompt"]
    for shard in run.captions.recorded():
        for row in run.captions.read(shard, columns).to_pylist():
            if row["paraphrases"]:
                found.of[row["kind"], row["text"]] = tuple(row["paraphrases"])
                found.made_by[row["model"], row["prompt"]] += len(row["paraphrases"])
    return found


def captions_of(
    captions: Sequence[str], instruction: str, paraphrases: Paraphrases
) -> tuple[list[str], int]:
    """The captions of a pair, no two the same but for case and spaces.

    Args:
        captions: difference captions of the source; the instruction stands in where it has none.
        instruction: what was asked for.
        paraphrases: the run's.

    Returns:
        The captions, and how many of them, from the first on, are no paraphrases.
    """
    given = [caption for caption in captions if caption.strip()]
    kind, originals = ("caption", given) if given else ("instruction", [instruction])
    first = _distinct(originals)
    reworded = [text for original in originals for text in paraphrases.of.get((kind, original), ())]
    return _distinct([*first, *reworded]), len(first)


def _distinct(texts: Sequence[str]) -> list[str]:
    kept: dict[str, str] = {}
    for text in texts:
        kept.setdefault(" ".join(text.casefold().split()), text)
    return list(kept.values())
