"""Whether anything is wrong with what was accepted, told without the judge's own code.

Run: python -m tests.benchmarks.audit data/RUN
     python -m tests.benchmarks.audit data/RUN --sample 40 --seed 1

The first looks through every paraphrase of a run's captions/ and ends with status 1 if it finds a
mistake. The second prints accepted and rejected candidates, drawn at random, for a person to read.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

QUOTES = '"“”„«»`*'
QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|(?<!\w)'([^']+)'(?!\w)")
FORM = {
    "line_break": re.compile(r"[\r\n\x0b\x0c\u2028\u2029]"),
    "numbering": re.compile(r"^\s*(?:\d+\s*[.):]|[-*•]\s|\([a-z0-9]\))"),
    "scaffold": re.compile(
        r"instruct\b|paraphras|rephras|reword|<\||\|>|\[/?inst|###|```|^(?:sure|here is|here's|"
        r"answer|output|user|assistant|system)\b",
        re.IGNORECASE,
    ),
    "refusal": re.compile(
        r"\bI(?:'m| am| can(?:no|')t| do not| don't)\b|\bsorry\b|\blanguage model\b|\bas an AI\b|"
        r"\bunable to\b|\bcannot\b",
        re.IGNORECASE,
    ),
    "second_sentence": re.compile(r"[.!?]\s+[A-Z].*\w"),
    "unfinished": re.compile(r"(?:[,;:-]|\b(?:the|a|an|of|and|or|to|with|by|for))\s*$"),
    "white_space": re.compile(r"^\s|\s$|\s\s"),
}
"""What no paraphrase may look like, unless its original does."""

PROTECTED = {
    "color": "red orange yellow green blue purple pink brown black white silver gold",
    "number": "two three four five six seven eight nine ten",
    "negation": "no not never without none",
    "direction": "left right top bottom upside",
    "opposite": "bigger smaller darker brighter older younger winter summer night day",
}
ALIKE = {"grey": "gray", "2": "two", "3": "three", "4": "four", "5": "five", "golden": "gold",
         "both": "two", "pair": "two", "larger": "bigger", "don't": "not", "nighttime": "night",
         "daytime": "day", "upper": "top", "lower": "bottom"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a paraphrase."""

    name: str
    original: str
    paraphrase: str


def main() -> int:
    """1 when there is a mistake."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--sample", type=int, default=0, help="candidates of each kind to print")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rows = list(read_captions(given.run))
    if given.sample:
        print_sample(rows, given.sample, random.Random(given.seed))
        return 0
    mistakes = [mistake for row in rows for mistake in audit(row)]
    for mistake in mistakes:
        print(f"{mistake.name}: {mistake.original!r} -> {mistake.paraphrase!r}")
    counts = Counter(mistake.name for mistake in mistakes)
    looked_at = sum(len(row["paraphrases"]) for row in rows)
    print(f"{looked_at:,} paraphrases of {len(rows):,} texts, {len(mistakes):,} mistakes")
    print("\n".join(f"  {count:>6,} {name}" for name, count in counts.most_common()))
    return 1 if mistakes or not looked_at else 0


def read_captions(run: Path) -> Iterator[dict[str, Any]]:
    """The rows of captions/, shard by shard."""
    for shard in sorted((run / "captions").glob("*.parquet")):
        yield from pq.ParquetFile(shard).read().to_pylist()


def audit(row: dict[str, Any]) -> Iterator[Mistake]:
    """All mistakes in the paraphrases of a text."""
    original, seen = row["text"], {plain(row["text"])}
    for paraphrase in row["paraphrases"]:
        found = [name for name, form in FORM.items() if form.search(paraphrase)]
        names = [name for name in found if not FORM[name].search(original)]
        names += [name for name, holds in _content(paraphrase, original).items() if not holds]
        if plain(paraphrase) in seen:
            names.append("said_before")
        seen.add(plain(paraphrase))
        yield from (Mistake(name, original, paraphrase) for name in names)


def _content(paraphrase: str, original: str) -> dict[str, bool]:
    """What must hold between a paraphrase and its original, by name."""
    quoted = [next(filter(None, groups)).strip(" .,") for groups in QUOTED.findall(original)]
    wraps = paraphrase[:1] in QUOTES and paraphrase[-1:] in QUOTES
    same = {
        f"{kind}_kept": marked(paraphrase, kind) == marked(original, kind) for kind in PROTECTED
    }
    return {
        "quotes_paired": paraphrase.count('"') % 2 == 0,
        "quotes_inside_only": not wraps or original[:1] in QUOTES,
        "quoted_words_kept": all(quote in paraphrase for quote in quoted),
        "digits_kept": digits(paraphrase) == digits(original),
        **same,
    }


def plain(text: str) -> str:
    """A text without case, punctuation and articles."""
    words = re.findall(r"[^\W_]+", text.lower())
    return " ".join(word for word in words if word not in ("a", "an", "the"))


def marked(text: str, kind: str) -> set[str]:
    """The protected words of a kind that a text has."""
    found = [word.strip("'") for word in re.findall(r"[\w']+", text.lower())]
    words = [ALIKE.get(word, word) for word in found]
    return set(words) & set(PROTECTED[kind].split())


def digits(text: str) -> set[str]:
    """Numbers in digits, the small ones aside, which may be words on the other side."""
    return {number for number in re.findall(r"\d+", text) if int(number) > 12}


def print_sample(rows: list[dict[str, Any]], count: int, draw: random.Random) -> None:
    """Accepted paraphrases, then rejected candidates, with what they are of."""
    accepted = [(row["text"], text, "") for row in rows for text in row["paraphrases"]]
    rejected = [
        (row["text"], candidate["text"], candidate["reason"])
        for row in rows
        for candidate in row["candidates"]
        if candidate["reason"] not in ("", "beyond_best")
    ]
    for name, some in (("accepted", accepted), ("rejected", rejected)):
        print(f"--- {name}: {len(some):,}")
        for number, (original, text, reason) in enumerate(draw.sample(some, min(count, len(some)))):
            print(f"{number + 1:>3} {original!r}\n    {text!r} {reason}")


if __name__ == "__main__":
    sys.exit(main())
