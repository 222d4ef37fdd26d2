"""Score edits with an image-text encoder: how well images and captions fit together.

Embeddings are rounded to half precision, as they are stored, before anything is computed from them:
an edit has the same scores whether its source image was embedded just now or in an earlier call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from syned.errors import DataError
from syned.filter.pixels import PixelScores
from syned.models.base import ImageEncoder, ImageTextEncoder
from syned.run.records import EditScore, ImageScore

SCORE_VERSION = "1"
"""Goes up whenever the same images would get other scores."""

Embeddings = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class MeasuredImage:
    """A source image with what its pixels say."""

    source_id: str
    pixels: Pixels = field(repr=False)
    perceptual_hash: str
    thumbnail: bytes


@dataclass(frozen=True, slots=True)
class MeasuredEdit:
    """An edit that did not fail, with what its pixels say."""

    edit_id: str
    source_id: str
    source: Pixels = field(repr=False)
    edited: Pixels = field(repr=False)
    pixel_scores: PixelScores
    input_caption: str
    output_caption: str


class Captions:
    """Embeddings of captions, each computed once while it is likely to come again.

    Args:
        encoder: what embeds them.
        most: captions kept; all are forgotten when there would be more.
    """

    def __init__(self, encoder: ImageTextEncoder, *, most: int = 50_000) -> None:
        self._encoder = encoder
        self._most = most
        self._known: dict[str, Embeddings] = {}

    def embed(self, texts: Sequence[str], *, batch_size: int) -> Embeddings:
        """Embeddings of at least one text, shape (texts, d)."""
        if len(self._known) + len(texts) > self._most:
            self._known.clear()
        unknown = [text for text in dict.fromkeys(texts) if text not in self._known]
        for first in range(0, len(unknown), batch_size):
            some = unknown[first : first + batch_size]
            self._known.update(zip(some, halved(self._encoder.embed_texts(some)), strict=True))
        return np.stack([self._known[text] for text in texts])


def score_images(
    images: Sequence[MeasuredImage], encoder: ImageTextEncoder
) -> Iterator[ImageScore]:
    """Embed a batch of source images.

    Args:
        images: at least one, as many as the encoder is to see at once.
        encoder: already loaded.
    """
    embeddings = halved(encoder.embed_images([image.pixels for image in images]))
    for image, embedding in zip(images, embeddings, strict=True):
        yield ImageScore(
            source_id=image.source_id,
            perceptual_hash=image.perceptual_hash,
            thumbnail=image.thumbnail,
            embedding=tuple(embedding.tolist()),
        )


def score_edits(
    edits: Sequence[MeasuredEdit],
    source_embeddings: Embeddings,
    encoder: ImageTextEncoder,
    captions: Captions,
    dino_similarities: Sequence[float | None],
) -> list[EditScore]:
    """Score a batch of edits.

    Args:
        edits: at least one, as many as the encoder is to see at once.
        source_embeddings: of their source images, shape (b, d).
        encoder: already loaded.
        captions: of the same encoder.
        dino_similarities: of source image and edited image, None where nobody asked.
    """
    edited = halved(encoder.embed_images([edit.edited for edit in edits]))
    alike = cosines(source_embeddings, edited).tolist()
    before = _fits([edit.input_caption for edit in edits], source_embeddings, captions)
    after = _fits([edit.output_caption for edit in edits], edited, captions)
    direction = _directions(edits, source_embeddings, edited, captions)
    return [
        EditScore(
            edit_id=edit.edit_id,
            image_similarity=alike[row],
            source_text_similarity=before.get(row),
            edited_text_similarity=after.get(row),
            directional_similarity=direction.get(row),
            dino_similarity=dino_similarities[row],
            changed_fraction=edit.pixel_scores.changed_fraction,
            patch_change=edit.pixel_scores.patch_change,
            ssim=edit.pixel_scores.ssim,
            perceptual_hash=edit.pixel_scores.perceptual_hash,
            flat=edit.pixel_scores.flat,
            thumbnail=edit.pixel_scores.thumbnail,
            embedding=tuple(edited[row].tolist()),
        )
        for row, edit in enumerate(edits)
    ]


def embed_in_batches(
    pictures: Sequence[Pixels], encoder: ImageEncoder | ImageTextEncoder, *, batch_size: int
) -> Embeddings:
    """Embeddings of at least one picture, rounded as they are stored, shape (pictures, d)."""
    batches = range(0, len(pictures), batch_size)
    embedded = [encoder.embed_images(pictures[first : first + batch_size]) for first in batches]
    return halved(np.concatenate(embedded))


def directional_similarity(
    source_image: Embeddings,
    edited_image: Embeddings,
    source_caption: Embeddings,
    edited_caption: Embeddings,
) -> NDArray[np.float32]:
    """Cosine between the change in the images and the change in their captions.

    An edit that follows its instruction moves in the encoder's space the way the text moves: 1 is a
    perfect match, 0 means that the edit ignored the instruction, and a negative value that it went
    the other way.

    Shape notation:
        - b: pairs in the batch
        - d: width of the embeddings (768 for ViT-L/14)

    Args:
        source_image: embeddings of the source images, shape (b, d).
        edited_image: embeddings of the edited images, shape (b, d).
        source_caption: embeddings of the source captions, shape (b, d).
        edited_caption: embeddings of the edited captions, shape (b, d).

    Returns:
        Similarities in [-1, 1], shape (b,). A pair whose image or caption did not move at all
        scores 0.

    Raises:
        DataError: the four arrays do not share one shape.

    Source:
        Gal et al. 2021 (arXiv:2108.00946), as used to filter InstructPix2Pix (arXiv:2211.09800).
    """
    shapes = {a.shape for a in (source_image, edited_image, source_caption, edited_caption)}
    if len(shapes) != 1:
        raise DataError(f"the four embeddings must share one shape (b, d), got {sorted(shapes)}")
    return cosines(edited_image - source_image, edited_caption - source_caption)


def cosines(one: Embeddings, other: Embeddings) -> NDArray[np.float32]:
    """Cosine of every row with the same row of the other, in [-1, 1]; 0 for a row of zeros."""
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)  # (b,)
    dots = np.einsum("bd,bd->b", one, other)
    cosine: NDArray[np.float32] = np.divide(dots, norms, out=np.zeros_like(dots), where=norms > 0)
    return np.clip(cosine, -1, 1)


def halved(embeddings: Embeddings) -> Embeddings:
    """Rounded to half precision."""
    return embeddings.astype(np.float16).astype(np.float32)


def _fits(texts: Sequence[str], images: Embeddings, captions: Captions) -> dict[int, float]:
    """Row -> cosine of image and caption, for the rows that have a caption."""
    rows = [row for row, text in enumerate(texts) if text]
    if not rows:
        return {}
    vectors = captions.embed([texts[row] for row in rows], batch_size=len(texts))
    return dict(zip(rows, cosines(images[rows], vectors).tolist(), strict=True))


def _directions(
    edits: Sequence[MeasuredEdit], source: Embeddings, edited: Embeddings, captions: Captions
) -> dict[int, float]:
    """Row -> directional similarity, for the rows whose two captions differ."""
    pairs = [(edit.input_caption, edit.output_caption) for edit in edits]
    rows = [
        row for row, (before, after) in enumerate(pairs) if before and after and before != after
    ]
    if not rows:
        return {}
    texts = zip(*(pairs[row] for row in rows), strict=True)
    vectors = [captions.embed(some, batch_size=len(edits)) for some in texts]
    found = directional_similarity(source[rows], edited[rows], *vectors)
    return dict(zip(rows, found.tolist(), strict=True))
