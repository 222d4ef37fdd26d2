"""What the report says of captions: paraphrases of the texts that it shows, and examples."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from syned.paraphrase.candidates import BEYOND_BEST
from syned.run.directory import Run
from syned.run.records import Paraphrased, from_rows
from syned.run.rows import rows_at, spread

EXAMPLES = 12
_SHARDS = 12
"""Shards that examples are taken from."""

Paraphrases = dict[tuple[str, str], list[str]]
"""Kind and text -> its accepted paraphrases."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A candidate that the judge did not accept."""

    reason: str
    original: str
    text: str


@dataclass(frozen=True, slots=True)
class CaptionExamples:
    """Some texts with their paraphrases, and one rejected candidate for each reason."""

    texts: list[Paraphrased]
    rejected: list[Rejected]


def paraphrases_of(run: Run, texts: Collection[tuple[str, str]]) -> Paraphrases:
    """The paraphrases of some texts, as far as there are any.

    Args:
        run: its captions are read a shard at a time.
        texts: kind and text of each.

    Raises:
        RunError: a shard cannot be read.
    """
    wanted = pa.array(sorted({text for _, text in texts}), pa.string())
    found: Paraphrases = {}
    for shard in _made(run):
        table = run.captions.read(shard, ["kind", "text", "paraphrases"])
        for row in table.filter(pc.is_in(table.column("text"), wanted)).to_pylist():
            found[row["kind"], row["text"]] = row["paraphrases"]
    return {text: found[text] for text in texts if text in found}


def caption_examples(run: Run) -> CaptionExamples:
    """Texts spread over the run, and the first rejected candidate for each reason among some.

    Raises:
        RunError: a shard cannot be read.
    """
    shards = spread(_made(run), _SHARDS)
    rows = {shard: run.captions.record(shard) for shard in shards}
    places = [(shard, row) for shard, r in rows.items() if r for row in range(r.rows)]
    chosen = rows_at(run.captions, spread(places, EXAMPLES))
    rejected: dict[str, Rejected] = {}
    for shard in shards:
        for row in run.captions.read(shard, ["text", "candidates"]).to_pylist():
            for candidate in row["candidates"]:
                if candidate["reason"] not in ("", BEYOND_BEST):
                    example = Rejected(candidate["reason"], row["text"], candidate["text"])
                    rejected.setdefault(example.reason, example)
    texts = from_rows([chosen[place] for place in sorted(chosen)], Paraphrased)
    return CaptionExamples(texts, [rejected[reason] for reason in sorted(rejected)])


def _made(run: Run) -> list[int]:
    return [n for n in run.captions.recorded() if run.captions.is_done(n, hashed=False)]
