"""Stand-ins for models: for tests, `--editor fake`, and timing everything but the model."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from syned.errors import OutOfMemory
from syned.models.base import ChatRequest, Reply, Sampling
from syned.run.records import EditJob, EditResult


class FakeEditor:
    """Tints each image with a color that follows from the seed: cheap, exact, and never the source.

    Args:
        seconds_per_batch: how long a call takes, to stand in for a model.
        largest_batch: a larger one raises OutOfMemory; None for no limit.
        fail: instruction -> reason, for jobs that go wrong.
    """

    def __init__(
        self,
        *,
        seconds_per_batch: float = 0.0,
        largest_batch: int | None = None,
        fail: dict[str, str] | None = None,
    ) -> None:
        self.seconds_per_batch = seconds_per_batch
        self.largest_batch = largest_batch
        self.fail = fail or {}
        self.batches: list[list[str]] = []
        """The edit ids of every batch that was made, for tests to read."""

    def expect(self, images: Counter[str], instructions: Counter[str]) -> None:
        """Nothing is kept."""

    def edit(self, jobs: Sequence[EditJob], *, steps: int) -> list[EditResult]:
        """Blend every image halfway with one color."""
        if self.largest_batch is not None and len(jobs) > self.largest_batch:
            raise OutOfMemory(f"a batch of {len(jobs)} is too large for this fake editor")
        time.sleep(self.seconds_per_batch)
        self.batches.append([job.request.edit_id for job in jobs])
        return [self._edit_one(job) for job in jobs]

    def _edit_one(self, job: EditJob) -> EditResult:
        reason = self.fail.get(job.request.instruction, "")
        if reason:
            return EditResult(reason=reason)
        color = np.random.default_rng(job.request.seed).integers(0, 256, 3)
        return EditResult(((job.pixels.astype(np.uint16) + color) // 2).astype(np.uint8))


class FakeChatModel:
    """Rewords the last message by rule: for tests, and timing all that is not the model.

    Args:
        answers: text -> what is answered to it, in place of the rules.
        no_answer: texts that get none.
    """

    name = "fake@1"

    def __init__(
        self, *, answers: dict[str, tuple[str, ...]] | None = None, no_answer: Sequence[str] = ()
    ) -> None:
        self.answers = answers or {}
        self.no_answer = set(no_answer)
        self.asked: list[str] = []
        """The last message of every request, for tests to read."""

    def replies(self, requests: Iterable[ChatRequest], sampling: Sampling) -> Iterator[Reply]:
        """Answer in order."""
        for request in requests:
            text = request.messages[-1]["content"]
            self.asked.append(text)
            if text in self.no_answer:
                yield Reply(request.key, reason="no_answer")
                continue
            answers = self.answers.get(text) or tuple(_reworded(text))
            answers = (answers * sampling.answers)[: sampling.answers]
            tokens = sum(len(answer.split()) for answer in answers)
            yield Reply(request.key, answers, (False,) * len(answers), tokens)


def _reworded(text: str) -> Iterator[str]:
    plain = text.strip().rstrip(".")
    for ending in ("please", "now", "in this picture", "here", "in the image", "if you can"):
        yield f"{plain} {ending}."


class FakeTextEncoder:
    """Texts as counts of their letters: near for the same letters, far for others."""

    name = "fake"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, 26)."""
        letters = np.array([[text.lower().count(chr(97 + i)) for i in range(26)] for text in texts])
        counts = letters.astype(np.float32).reshape(len(texts), 26) + 1e-3
        unit: NDArray[np.float32] = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return unit


class FakeImageTextEncoder:
    """Images as the colors of 16 squares, texts as numbers that follow from their bytes.

    Like images are near to each other, and a text is near to nothing but itself.

    Args:
        like: text -> image whose embedding it gets, for texts that shall match one.
    """

    name = "fake@1"

    def __init__(self, *, like: dict[str, NDArray[np.uint8]] | None = None) -> None:
        self.like = like or {}
        self.images = 0
        """How many were embedded, for tests to read; as `texts`."""
        self.texts = 0

    def embed_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Unit vectors, shape (images, 48)."""
        self.images += len(images)
        return np.stack([_squares(image) for image in images]) if len(images) else _nothing()

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, 48)."""
        self.texts += len(texts)
        return np.stack([self._text(text) for text in texts]) if len(texts) else _nothing()

    def _text(self, text: str) -> NDArray[np.float32]:
        if text in self.like:
            return _squares(self.like[text])
        return _unit(np.random.default_rng(list(text.encode())).standard_normal(48))


def _squares(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The mean colors of 4 x 4 squares, about gray, as a unit vector of 48."""
    height, width = image.shape[:2]
    rows, columns = np.arange(4) * height // 4, np.arange(4) * width // 4
    sums = np.add.reduceat(np.add.reduceat(image.astype(np.float64), rows, 0), columns, 1)
    counts = np.outer(np.diff([*rows, height]), np.diff([*columns, width]))
    return _unit((sums / counts[..., None] - 127.25).ravel())


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _nothing() -> NDArray[np.float32]:
    return np.zeros((0, 48), np.float32)
