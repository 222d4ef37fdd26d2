"""The loss of the CLIP training, and the weights that only the training needs.

Shape notation:
    - b: requests in the batch
    - d: embedding width
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    normalize,
    smooth_l1_loss,
)

from syned.run.truth import RIGHT_UP_TO
from syned.training.clip.caption_facts import CLASSES, facts_loss

_SOFTNESS = 0.1
"""How gradual the border between right and wrong is, as an error fraction."""
_LARGEST_ERROR = 1.2
"""Beyond, attempts are equally wrong."""


class Helpers(nn.Module):
    """Weights that are needed in training only.

    Args:
        width: of the embeddings.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.facts = nn.Linear(width, sum(CLASSES))
        self.error = nn.Linear(2 * width, 1)
        self.text_scale = nn.Parameter(torch.tensor(8.0))
        self.text_threshold = nn.Parameter(torch.tensor(0.3))
        self.direction_scale = nn.Parameter(torch.tensor(5.0))
        self.direction_threshold = nn.Parameter(torch.tensor(0.3))

    def thresholds(self) -> list[nn.Parameter]:
        """The single numbers."""
        return [
            self.text_scale,
            self.text_threshold,
            self.direction_scale,
            self.direction_threshold,
        ]

    def answers(self, embeddings: Tensor) -> Tensor:
        """Answers to the questions about embeddings of length 1, shape (n, sum of CLASSES)."""
        answers: Tensor = self.facts(embeddings * embeddings.shape[1] ** 0.5)
        return answers

    def guessed_errors(self, images: Tensor, texts: Tensor) -> Tensor:
        """How far images are from what texts say, as error fractions, shape (n,)."""
        seen = torch.cat([images, images * texts * texts.shape[1] ** 0.5], dim=1)
        guessed: Tensor = self.error(seen * texts.shape[1] ** 0.5)[:, 0]
        return guessed


@dataclass(frozen=True, slots=True)
class Embedded:
    """A batch as the towers see it; every tensor of embeddings has length 1, shape (b, d)."""

    before: Tensor
    after: Tensor
    attempt: Tensor
    input_text: Tensor
    output_text: Tensor
    errors: Tensor
    """Error fractions of the attempts, shape (b,)."""
    input_facts: Tensor
    """What the captions say, shape (b, questions)."""
    output_facts: Tensor


def clip_losses(seen: Embedded, scale: Tensor, helpers: Helpers) -> dict[str, Tensor]:
    """The parts of the loss, by their names in `ClipLossWeights`."""
    images = torch.cat([seen.before, seen.after])  # (2b, d)
    texts = torch.cat([seen.input_text, seen.output_text])
    facts = torch.cat([seen.input_facts, seen.output_facts])
    right = seen.errors <= RIGHT_UP_TO
    shown = torch.cat([images, seen.attempt[right]])
    shown_facts = torch.cat([facts, seen.output_facts[right]])
    by_text, by_direction, by_guess = _attempt_losses(seen, helpers)
    return {
        "contrast": contrastive_loss(images, texts, scale),
        "image_facts": facts_loss(helpers.answers(shown), shown_facts),
        "text_facts": facts_loss(helpers.answers(texts), facts),
        "attempt_text": by_text,
        "attempt_direction": by_direction,
        "attempt_error": by_guess,
    }


def contrastive_loss(images: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """Cross entropy of which text belongs to which image, and the reverse (arXiv:2103.00020).

    Args:
        images: of length 1, shape (n, d).
        texts: of length 1, each belongs to the image of its row, shape (n, d).
        scale: one over the temperature.
    """
    logits = scale * images @ texts.T  # (n, n)
    own = torch.arange(len(images), device=images.device)
    return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2


def rightness(errors: Tensor) -> Tensor:
    """How right edits are, in [0, 1], from their error fractions; 0.5 at the border."""
    return torch.sigmoid((RIGHT_UP_TO - errors) / _SOFTNESS)


def _attempt_losses(seen: Embedded, helpers: Helpers) -> tuple[Tensor, Tensor, Tensor]:
    """Whether one threshold tells right from wrong: of text, of direction; and the error guessed.

    The source image is the most wrong attempt, the true result the most right one.
    """
    tried = torch.cat([seen.attempt, seen.attempt, seen.after, seen.before])  # attempts twice
    errors = torch.cat(
        [seen.errors, seen.errors, torch.zeros_like(seen.errors), torch.ones_like(seen.errors)]
    )
    texts = torch.cat([seen.output_text] * 4)
    moved = 3 * len(seen.errors)  # the source image has not moved
    steps = tried[:moved] - torch.cat([seen.before] * 3)
    text_steps = torch.cat([seen.output_text - seen.input_text] * 3)
    direction = directional(steps, text_steps)
    likeness = (tried * texts).sum(1)
    wanted = rightness(errors)
    return (
        binary_cross_entropy_with_logits(
            helpers.text_scale * (likeness - helpers.text_threshold), wanted
        ),
        binary_cross_entropy_with_logits(
            helpers.direction_scale * (direction - helpers.direction_threshold), wanted[:moved]
        ),
        smooth_l1_loss(
            helpers.guessed_errors(tried, texts), errors.clamp(max=_LARGEST_ERROR), beta=0.1
        ),
    )


def directional(image_step: Tensor, text_step: Tensor) -> Tensor:
    """Cosine of the change in the images and the change in the texts, shape (b,)."""
    return (normalize(image_step, dim=1, eps=1e-6) * normalize(text_step, dim=1, eps=1e-6)).sum(1)
