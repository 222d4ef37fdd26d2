"""Measure how well a CLIP finds captions, and how well it tells right from wrong edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syned.models.base import ImageTextEncoder
from syned.run.truth import RIGHT_UP_TO
from syned.training.clip.attempts import error_fraction
from syned.training.clip.batches import Example

Floats = NDArray[np.float32]
PRECISION = 0.95
"""Share of right ones among the kept edits that a threshold must reach."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """How well images and captions of requests find each other, as shares of them."""

    images: int
    caption_of_image: float
    """The caption nearest to an image is its own, among the captions of all images."""
    image_of_caption: float
    own_side: float
    """The edited image is nearer to its own caption than to that of the source image."""


@dataclass(frozen=True, slots=True)
class Separation:
    """How well one score tells right edits from wrong ones."""

    edits: int
    right: float
    """Share of the edits."""
    area: float
    """Under the ROC curve: how often a right edit scores above a wrong one; 0.5 is chance."""
    recall: float
    """Most right ones that one threshold keeps when `PRECISION` of what it keeps is right."""


def check_retrieval(encoder: ImageTextEncoder, examples: Sequence[Example]) -> Retrieval:
    """Whether images and captions before and after an edit find each other."""
    images = encoder.embed_images([*(e.before for e in examples), *(e.after for e in examples)])
    texts = encoder.embed_texts(
        [*(e.input_caption for e in examples), *(e.output_caption for e in examples)]
    )
    likeness = images @ texts.T  # (2n, 2n), before and after
    own, n = np.arange(len(images)), len(examples)
    after = likeness[n:]
    return Retrieval(
        len(images),
        float((likeness.argmax(1) == own).mean()),
        float((likeness.argmax(0) == own).mean()),
        float((after[own[:n], own[n:]] > after[own[:n], own[:n]]).mean()),
    )


def check_attempts(
    encoder: ImageTextEncoder, examples: Sequence[Example]
) -> dict[str, dict[str, Separation]]:
    """How well an encoder's scores tell an editor's right attempts from its wrong ones.

    Returns:
        Score -> task -> separation; the task "all" holds the edits of all tasks.
    """
    tried = [e for e in examples if e.attempt is not None]
    attempts = [e.attempt for e in tried if e.attempt is not None]
    right = np.array([_error(e) <= RIGHT_UP_TO for e in tried])
    tasks = np.array([e.task for e in tried])
    before, after = (encoder.embed_images(p) for p in ([e.before for e in tried], attempts))
    input_texts, output_texts = (
        encoder.embed_texts(t)
        for t in ([e.input_caption for e in tried], [e.output_caption for e in tried])
    )
    text_step = _unit(output_texts - input_texts)
    scores = {
        "edited_text_similarity": (after * output_texts).sum(1),
        "directional_similarity": (_unit(after - before) * text_step).sum(1),
        "image_similarity": (after * before).sum(1),
    }
    groups = {"all": np.full(len(tried), True)} | {t: tasks == t for t in sorted(set(tasks))}
    return {
        name: {task: separation(score[rows], right[rows]) for task, rows in groups.items()}
        for name, score in scores.items()
    }


def separation(scores: Floats, right: NDArray[np.bool_]) -> Separation:
    """How well scores separate, from one threshold upwards; nothing right or wrong gives nan.

    Args:
        scores: shape (n,), the higher the better.
        right: which ones are right, shape (n,).
    """
    rights, wrongs = int(right.sum()), int((~right).sum())
    pairs = float(rights * wrongs) or float("nan")
    above = (scores[right][:, None] > scores[~right]).sum()
    equal = (scores[right][:, None] == scores[~right]).sum()
    best_first = np.argsort(-scores, kind="stable")
    found = right[best_first].cumsum()
    precise = found / np.arange(1, len(scores) + 1) >= PRECISION
    last_of_its_score = np.append(np.diff(scores[best_first]) != 0, True)
    kept = found[precise & last_of_its_score]
    return Separation(
        len(scores),
        rights / len(scores),
        float(above + equal / 2) / pairs,
        float(kept.max(initial=0)) / rights if rights else float("nan"),
    )


def _error(example: Example) -> float:
    assert example.attempt is not None  # noqa: S101 - the caller has looked
    images = (example.attempt, example.before, example.after)
    return error_fraction(*(image.astype(np.float32) for image in images))


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-6), np.float32)
