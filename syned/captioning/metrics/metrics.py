"""Compute BLEU, METEOR, ROUGE-L and CIDEr as COCO-caption does, so that papers' numbers compare.

The scorers are those of `pycocoevalcap`. "CIDEr" is CIDEr-D, as in COCO-caption; its document
frequencies are counted in the references of the set that is scored, so a task scored as a set of
its own has others, and a set of one pair scores 0. Scores are fractions (CIDEr up to 10); papers
print them times 100.

Without Java, a plain tokenizer stands in for Penn Treebank's and METEOR is left out. Such scores
compare with each other and not with those of papers.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from syned.captioning.data.pairs import PairInfo
from syned.captioning.metrics.java import Meteor, java_is_there, metrics_folder, ptb_tokens

BLEU = ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4")
METRICS = (*BLEU, "METEOR", "ROUGE-L", "CIDEr")

_WORD = re.compile(r"\w+(?:'\w+)?")


@dataclass(frozen=True)
class SetScores:
    """Scores of predictions for a set of pairs."""

    whole: Mapping[str, float]
    """Metric -> score of the set, as papers give it."""
    pairs: Mapping[str, Sequence[float]]
    """Metric -> score of each pair, in order. `whole` is their mean for ROUGE-L
    and CIDEr alone; the other metrics count over the whole set."""
    bleu_counts: Sequence[Sequence[int]]
    """What BLEU counts in each pair: words of the prediction, of the closest reference, then of
    1 to 4 words in a row how many there are, then how many of them are right. Shape (n, 10)."""


@dataclass(frozen=True)
class Scores:
    """Scores of one captioner's predictions."""

    all: SetScores
    by_task: Mapping[str, SetScores]
    """Each task as a set of its own; pairs without a task are in none."""
    comparable: bool
    """Whether papers compute theirs like this."""


class CaptionScorer:
    """Scores predictions; tokenizes every text once and keeps METEOR running.

    Use it in a `with` block, whose end stops METEOR; so does the end of the program.

    Args:
        java: whether to use Java; None for wherever it is there.
        meteor: whether METEOR is wanted, which takes seconds to start and 2 GB of memory.

    Raises:
        EngineError: pycocoevalcap is not installed.
    """

    def __init__(self, *, java: bool | None = None, meteor: bool = True) -> None:
        metrics_folder()
        self.comparable = java_is_there() if java is None else java
        left_out = () if self.comparable and meteor else ("METEOR",)
        self.metrics = tuple(metric for metric in METRICS if metric not in left_out)
        self._tokens: dict[str, str] = {"": ""}
        self._meteor: Meteor | None = None

    @property
    def name(self) -> str:
        """Says how the scores come about; scores of two names do not compare."""
        kind = "coco-caption" if self.comparable else "plain tokenizer"
        return kind if "METEOR" in self.metrics else f"{kind}, no METEOR"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop METEOR; it starts again when it is needed."""
        if self._meteor is not None:
            self._meteor.close()
            self._meteor = None

    def score(self, infos: Sequence[PairInfo], predictions: Sequence[str]) -> Scores:
        """Score one prediction for each pair.

        Args:
            infos: at least one.
            predictions: in the order of the pairs; may be empty texts.

        Raises:
            EngineError: a Java program fails.
        """
        return self.score_all(infos, [predictions])[0]

    def score_all(
        self, infos: Sequence[PairInfo], systems: Iterable[Sequence[str]]
    ) -> list[Scores]:
        """The same for the predictions of several captioners, which is faster than one by one.

        Raises:
            EngineError: a Java program fails.
        """
        listed = list(systems)
        self._tokenize(text for info in infos for text in info.references)
        self._tokenize(text for predictions in listed for text in predictions)
        references = [[self._words(text) for text in info.references] for info in infos]
        tasks: dict[str, list[int]] = {}
        for place, info in enumerate(infos):
            if info.task:
                tasks.setdefault(info.task, []).append(place)
        return [self._scores(predictions, references, tasks) for predictions in listed]

    def _scores(
        self,
        predictions: Sequence[str],
        references: Sequence[list[str]],
        tasks: Mapping[str, Sequence[int]],
    ) -> Scores:
        pairs = [
            (self._words(prediction), of_pair)
            for prediction, of_pair in zip(predictions, references, strict=True)
        ]
        wanted = "METEOR" in self.metrics
        statistics = self._running_meteor().statistics(pairs) if wanted else []

        def scored(places: Sequence[int]) -> SetScores:
            chosen = [statistics[place] for place in places] if statistics else []
            return self._set_scores([pairs[place] for place in places], chosen)

        by_task = {task: scored(places) for task, places in sorted(tasks.items())}
        return Scores(scored(range(len(pairs))), by_task, self.comparable)

    def _set_scores(
        self, pairs: Sequence[tuple[str, list[str]]], statistics: Sequence[str]
    ) -> SetScores:
        bleu, counts = _bleu(pairs)
        found = {**bleu, "ROUGE-L": _rouge(pairs), "CIDEr": _cider(pairs)}
        if statistics:
            found["METEOR"] = self._running_meteor().scores(statistics)
        whole = {metric: found[metric][0] for metric in self.metrics}
        return SetScores(whole, {metric: found[metric][1] for metric in self.metrics}, counts)

    def _running_meteor(self) -> Meteor:
        if self._meteor is None:
            self._meteor = Meteor()
        return self._meteor

    def _tokenize(self, texts: Iterable[str]) -> None:
        lines = dict.fromkeys(map(one_line, texts))
        new = [line for line in lines if line not in self._tokens]
        words = ptb_tokens(new) if self.comparable else map(plain_tokens, new)
        self._tokens.update(zip(new, words, strict=True))

    def _words(self, text: str) -> str:
        return self._tokens[one_line(text)]


def most_frequent_caption(infos: Iterable[PairInfo]) -> str:
    """The caption that most pairs have as a reference, whatever its case and last full stop.

    Said of every pair, it is what a captioner that never looks at the images may score.

    Args:
        infos: pairs for training, at least one.
    """
    times: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for info in infos:
        for key in dict.fromkeys(map(_folded, info.references)):
            times[key] += 1
        for text in info.references:
            spelled.setdefault(_folded(text), text)
    return spelled[times.most_common(1)[0][0]]


def one_line(text: str) -> str:
    """A text with single spaces for all white space, line breaks and control characters."""
    shown = (" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join("".join(shown).split())


def plain_tokens(line: str) -> str:
    """Words in lower case without punctuation, for machines without Java."""
    return " ".join(_WORD.findall(line.lower()))


def _folded(text: str) -> str:
    return one_line(text).lower().rstrip(" .!")


Pair = tuple[str, list[str]]
"""Words of a prediction, and of its references."""


def _bleu(
    pairs: Sequence[Pair],
) -> tuple[dict[str, tuple[float, list[float]]], list[list[int]]]:
    """BLEU-1 to BLEU-4 of the set and of each pair, and what it counts in each pair."""
    from pycocoevalcap.bleu.bleu_scorer import BleuScorer

    scorer: Any = BleuScorer(n=len(BLEU))
    for prediction, references in pairs:
        scorer += (prediction, references)
    whole, each = scorer.compute_score(option="closest", verbose=0)
    counts = [
        [
            parts["testlen"],
            min((abs(length - parts["testlen"]), length) for length in parts["reflen"])[1],
            *parts["guess"],
            *parts["correct"],
        ]
        for parts in scorer.ctest
    ]
    named = zip(BLEU, whole, each, strict=True)
    return {metric: (float(score), scores) for metric, score, scores in named}, counts


def _rouge(pairs: Sequence[Pair]) -> tuple[float, list[float]]:
    from pycocoevalcap.rouge.rouge import Rouge

    return _of_scorer(Rouge(), pairs)


def _cider(pairs: Sequence[Pair]) -> tuple[float, list[float]]:
    from pycocoevalcap.cider.cider import Cider

    if not any(words for _, references in pairs for words in references):
        return 0.0, [0.0] * len(pairs)  # no word in any reference, which the scorer cannot take
    return _of_scorer(Cider(), pairs)


def _of_scorer(scorer: Any, pairs: Sequence[Pair]) -> tuple[float, list[float]]:
    references = {place: of_pair for place, (_, of_pair) in enumerate(pairs)}
    predictions = {place: [prediction] for place, (prediction, _) in enumerate(pairs)}
    whole, each = scorer.compute_score(references, predictions)
    return float(whole), [float(score) for score in each]
