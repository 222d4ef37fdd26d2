"""What COCO-caption's own pipeline, as pycocoevalcap carries it, says of predictions."""

from __future__ import annotations

import contextlib
import io
import subprocess
from collections.abc import Sequence
from typing import Any

from syned.captioning.data.pairs import PairInfo

_NAMES = {"METEOR": "METEOR", "ROUGE_L": "ROUGE-L", "CIDEr": "CIDEr"}


def reference_scores(
    infos: Sequence[PairInfo], predictions: Sequence[str], *, meteor: bool
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Its tokenizer on references and on predictions, then its scorers, as in its eval.py.

    Returns:
        Metric -> score of the set, and metric -> score of each pair.
    """
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.meteor.meteor import Meteor
    from pycocoevalcap.rouge.rouge import Rouge
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    references = {n: [{"caption": r} for r in info.references] for n, info in enumerate(infos)}
    answers = {n: [{"caption": prediction}] for n, prediction in enumerate(predictions)}
    tokenizer = PTBTokenizer()
    scorers: list[Any] = [(Bleu(4), None), (Rouge(), "ROUGE_L"), (Cider(), "CIDEr")]
    running = Meteor() if meteor else None
    if running is not None:
        scorers.append((running, "METEOR"))
    whole: dict[str, float] = {}
    pairs: dict[str, list[float]] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        said, heard = tokenizer.tokenize(references), tokenizer.tokenize(answers)
        for scorer, name in scorers:
            score, each = scorer.compute_score(said, heard)
            if name is None:
                for order in range(4):
                    whole[f"BLEU-{order + 1}"] = float(score[order])
                    pairs[f"BLEU-{order + 1}"] = list(map(float, each[order]))
            else:
                whole[_NAMES[name]] = float(score)
                pairs[_NAMES[name]] = list(map(float, each))
    if running is not None:
        _end(running.meteor_p)
    return whole, pairs


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close what its METEOR leaves open, which is a warning and so an error."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def largest_difference(
    ours: tuple[Any, Any], reference: tuple[dict[str, float], dict[str, list[float]]]
) -> float:
    """Over the set's scores and those of all its pairs."""
    whole, pairs = reference
    differences = [abs(float(ours[0][metric]) - score) for metric, score in whole.items()]
    for metric, scores in pairs.items():
        both = zip(ours[1][metric], scores, strict=True)
        differences += [abs(float(mine) - theirs) for mine, theirs in both]
    return max(differences)
