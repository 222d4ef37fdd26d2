"""How far Syned's metrics are from COCO-caption's own, on instructions and their altered copies.

Run: python -m tests.benchmarks.metrics INSTRUCTIONS.txt

INSTRUCTIONS.txt has one a line; a leading "<idx> <INSTRUCT> " is removed, and repeated ones are
taken once. Every instruction is altered five times: four copies are references beside it, the fifth
is the prediction. Tasks are the first words of instructions.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from pathlib import Path

from syned.captioning.data.pairs import PairInfo
from syned.captioning.metrics.metrics import CaptionScorer
from syned.sources.folder import read_instructions
from tests.captioning.metrics.reference_metrics import largest_difference, reference_scores
from tests.captioning.metrics.sentences import altered

LEAST_OF_A_TASK = 30


def main() -> None:
    """Print scores, pace and the largest differences."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("instructions", type=Path)
    infos, predictions = make_pairs(read_instructions(parser.parse_args().instructions))
    begin = time.perf_counter()
    with CaptionScorer(java=True) as scorer:
        ours = scorer.score(infos, predictions)
    print(f"{len(infos)} pairs, {len(ours.by_task)} tasks, {time.perf_counter() - begin:.0f} s")
    for metric, score in ours.all.whole.items():
        print(f"{metric:8} {100 * score:8.2f}")
    begin = time.perf_counter()
    reference = reference_scores(infos, predictions, meteor=True)
    whole = largest_difference((ours.all.whole, ours.all.pairs), reference)
    print(f"whole set: largest difference {whole:.3g}, {time.perf_counter() - begin:.0f} s")
    for task, scores in ours.by_task.items():
        places = [place for place, info in enumerate(infos) if info.task == task]
        reference = reference_scores(
            [infos[place] for place in places],
            [predictions[place] for place in places],
            meteor=True,
        )
        difference = largest_difference((scores.whole, scores.pairs), reference)
        print(f"{task:12} {len(places):5} pairs: largest difference {difference:.3g}", flush=True)


def make_pairs(instructions: list[str]) -> tuple[list[PairInfo], list[str]]:
    """A pair for each instruction, and its prediction."""
    rng = random.Random(0)
    words = [text.split()[0].lower() for text in instructions]
    often = {word for word, times in Counter(words).items() if times >= LEAST_OF_A_TASK}
    infos, predictions = [], []
    for number, (text, word) in enumerate(zip(instructions, words, strict=True)):
        copies = [altered(text, rng) or text for _ in range(5)]
        task = word if word in often else "other"
        infos.append(PairInfo(f"file/{number}", (text, *copies[:4]), task))
        predictions.append(altered(altered(copies[4], rng) or text, rng) or text)
    return infos, predictions


if __name__ == "__main__":
    main()
