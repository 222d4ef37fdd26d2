"""The protocols of models: what a stage may ask of an editor, a language model, an encoder.

Nothing here loads a model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from syned.run.records import EditJob, EditResult


def is_guided(job: EditJob) -> bool:
    """Whether classifier-free guidance is computed for a job.

    Source: StableDiffusionInstructPix2PixPipeline.do_classifier_free_guidance (diffusers 0.42).
    """
    return job.request.guidance_scale > 1.0 and job.request.image_guidance_scale >= 1.0


class Editor(Protocol):
    """Edits images as instructions say."""

    def expect(self, images: Counter[str], instructions: Counter[str]) -> None:
        """Tell how often each source id and each instruction will still be asked for.

        What comes more than once may then be encoded once and kept, and dropped after its last use.
        """

    def edit(self, jobs: Sequence[EditJob], *, steps: int) -> list[EditResult]:
        """Edit one batch, all of one size, in order.

        Args:
            jobs: at least one; every image has the same shape (h, w, 3), and all are guided or none
                is.
            steps: denoising steps, at least 1.

        Raises:
            OutOfMemory: the batch does not fit; nothing was made, a smaller one may do.
        """


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a language model draws its answers."""

    answers: int
    """To one request."""
    temperature: float
    top_p: float
    max_new_tokens: int


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to a language model."""

    key: str
    """Says who asks; comes back with the reply."""
    messages: tuple[dict[str, str], ...]
    """{"role": ..., "content": ...}, the last from the user."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a language model wrote to one request."""

    key: str
    answers: tuple[str, ...] = ()
    cut_off: tuple[bool, ...] = ()
    """Of each answer: whether its tokens ran out."""
    new_tokens: int = 0
    """Of all answers together."""
    reason: str = ""
    """Why there is no answer: "no_answer" or "refused_by_server"; "" when there is."""


class ChatModel(Protocol):
    """Answers chats."""

    name: str
    """With its revision, as in "smollm2@0.1.2"."""

    def replies(self, requests: Iterable[ChatRequest], sampling: Sampling) -> Iterator[Reply]:
        """Answer all requests, in the order in which they get done.

        Args:
            requests: taken one by one as there is room, so that an endless stream will do.
            sampling: how to draw.

        Raises:
            EngineError: the model cannot go on; what was yielded before holds.
        """


class TextEncoder(Protocol):
    """Turns texts into vectors whose cosine says how near they are in meaning."""

    name: str

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, d)."""


class ImageEncoder(Protocol):
    """Turns images into vectors whose cosine says how alike they are."""

    name: str
    """With its revision, as in "facebook/dinov2-base@f9e44c8"."""

    def embed_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Unit vectors, shape (images, d).

        Args:
            images: RGB, each (h, w, 3), of any sizes.

        Raises:
            OutOfMemory: a batch does not fit on the device.
        """


class ImageTextEncoder(ImageEncoder, Protocol):
    """Turns images and texts into vectors of one space: CLIP and its kind."""

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, d); a text too long for the model is cut off."""
