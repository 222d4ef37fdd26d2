"""Choose the paraphrases of a text from the answers of a language model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from syned.config import TextKind
from syned.models.base import Reply, TextEncoder
from syned.paraphrase.judge.align import WordEmbeddings, misaligned
from syned.paraphrase.judge.clean import clean, tidy
from syned.paraphrase.judge.protected_words import WORD
from syned.paraphrase.judge.stems import folded
from syned.paraphrase.judge.verdict import Candidate, verdict
from syned.run.records import JudgedCandidate, Original, Paraphrased

LONGEST_CHARACTERS = 600
"""A longer text is no instruction and no caption, and is not asked for."""

JUDGED_BY = "judge 6"
"""Raised with every change of a verdict, so that what was judged before is judged again."""

BEYOND_BEST = "beyond_best"

Candidates = tuple[JudgedCandidate, ...]


@dataclass(frozen=True, slots=True)
class Strictness:
    """How near a paraphrase must be to its original."""

    similarity: float
    """Least cosine of the sentences, in [-1, 1]."""
    word: float
    """Least cosine of an object's word and its counterpart, in [-1, 1]."""


def originals(rows: Iterable[dict[str, Any]]) -> Iterator[Original]:
    """The texts of a plan's rows, each once, in the order in which they first occur.

    Args:
        rows: with instruction, captions, task and status, as in plan/requests/.
    """
    seen: set[str] = set()
    for row in rows:
        if row["status"] != "planned":
            continue
        texts: list[tuple[TextKind, str]] = [("instruction", row["instruction"])]
        texts += [("caption", caption) for caption in row["captions"] or ()]
        for kind, text in texts:
            text_id = hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()[:32]
            if text.strip() and text_id not in seen:
                seen.add(text_id)
                yield Original(text_id, kind, text, row["task"])


def unusable(original: Original) -> str:
    """Why a text cannot be paraphrased; "" when it can."""
    if len(original.text) > LONGEST_CHARACTERS:
        return "too_long"
    return "" if WORD.search(tidy(original.text)) else "no_words"


class Judge:
    """Judges candidates: by their words first, by their meaning if those are in order.

    Args:
        encoder: tells how near texts are in meaning.
        strictness: how near they must be.
    """

    def __init__(self, encoder: TextEncoder, strictness: Strictness) -> None:
        self._encoder, self._strictness = encoder, strictness
        self._words = WordEmbeddings(encoder.embed)

    def judge(self, texts: Sequence[tuple[Original, Sequence[Reply]]]) -> list[Candidates]:
        """Judge all answers to some texts.

        Args:
            texts: each with the replies it got so far, in order.
        """
        read = [_by_words(original, replies) for original, replies in texts]
        plain = [c.text for one in read for c in one if not c.reason]
        self._words.learn([*plain, *(tidy(original.text) for original, _ in texts)])
        return [
            self._by_meaning(original, candidates)
            for (original, _), candidates in zip(texts, read, strict=True)
        ]

    def _by_meaning(self, original: Original, candidates: list[JudgedCandidate]) -> Candidates:
        rest = [i for i, candidate in enumerate(candidates) if not candidate.reason]
        if not rest:
            return tuple(candidates)
        text, judged = tidy(original.text), list(candidates)
        vectors = self._encoder.embed([text, *(candidates[i].text for i in rest)])
        for i, vector in zip(rest, vectors[1:], strict=True):
            similarity = float(vector @ vectors[0])
            reason = misaligned(candidates[i].text, text, self._words, self._strictness.word)
            if not reason and similarity < self._strictness.similarity:
                reason = "too_far"
            judged[i] = replace(candidates[i], reason=reason, similarity=round(similarity, 4))
        return tuple(judged)


def accepted(candidates: Iterable[JudgedCandidate]) -> int:
    """How many candidates nothing is wrong with."""
    return sum(not candidate.reason for candidate in candidates)


def _by_words(original: Original, replies: Sequence[Reply]) -> list[JudgedCandidate]:
    text, judged = tidy(original.text), []
    taken: list[str] = []
    for reply in replies:
        for answer, cut_off in zip(reply.answers, reply.cut_off, strict=True):
            candidate = Candidate(clean(answer), cut_off)
            reason = verdict(
                candidate,
                text,
                task=original.task,
                taken=taken,
                imperative=original.kind == "instruction",
            )
            if not reason:
                taken.append(candidate.text)
            judged.append(JudgedCandidate(candidate.text, reason, answer=answer))
    return judged


def finish(
    original: Original,
    candidates: Candidates,
    *,
    paraphrases: int,
    asked: int,
    model: str,
    prompt: str,
    reason: str = "",
) -> Paraphrased:
    """The row of a text: its best and most varied paraphrases, and what became of the others.

    Args:
        original: the text.
        candidates: judged, all of them.
        paraphrases: as many as are wanted.
        asked: how often the model was asked.
        model: name and revision.
        prompt: name, version and hash.
        reason: why the model could not be asked, or gave no answer.
    """
    chosen = choose(original.text, candidates, paraphrases)
    named = tuple(
        replace(c, reason=BEYOND_BEST) if not c.reason and i not in chosen else c
        for i, c in enumerate(candidates)
    )
    status = "done" if len(chosen) == paraphrases else "short"
    if not candidates and reason:
        status = "failed"
    return Paraphrased(
        text_id=original.text_id,
        kind=original.kind,
        text=original.text,
        task=original.task,
        status=status,
        reason=reason if status == "failed" else "",
        paraphrases=tuple(candidates[i].text for i in chosen),
        candidates=named,
        asked=asked,
        model=model,
        prompt=prompt,
    )


def choose(original: str, candidates: Candidates, count: int) -> list[int]:
    """The accepted candidates to keep, one by one: near in meaning, far in wording.

    Each is worth its similarity to the original, less half of the words that it shares with the
    original or with one that was kept before, whichever shares more.

    Returns:
        Positions among the candidates, the best first; at most `count`.

    Source: maximal marginal relevance (Carbonell and Goldstein 1998), with words for redundancy.
    """
    pool = [i for i, candidate in enumerate(candidates) if not candidate.reason]
    words = {i: set(folded(candidates[i].text)) for i in pool}
    kept: list[int] = []
    seen = [set(folded(original))]
    while pool and len(kept) < count:
        best = max(pool, key=lambda i: (_worth(candidates[i], words[i], seen), -i))
        pool.remove(best)
        kept.append(best)
        seen.append(words[best])
    return kept


def _worth(candidate: JudgedCandidate, words: set[str], seen: list[set[str]]) -> float:
    shared = max(len(words & other) / max(1, len(words | other)) for other in seen)
    return (candidate.similarity or 0.0) - 0.5 * shared
