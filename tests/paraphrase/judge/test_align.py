"""Objects that get lost or come in, with word embeddings made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from syned.paraphrase.judge.align import WordEmbeddings, misaligned

NEAR = {"sofa": "couch", "photo": "image", "television": "tv", "hound": "dog"}


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """One direction a word; synonyms share theirs."""
    vectors = np.zeros((len(texts), 64), np.float32)
    for row, text in enumerate(texts):
        vectors[row, sum(map(ord, NEAR.get(text, text))) % 64] = 1
    return vectors


@pytest.mark.parametrize(
    ("original", "paraphrase", "reason"),
    [
        ("Add a dog to the sofa", "Put a dog on the couch", ""),
        ("Add a dog to the sofa", "Put a dog there", "object_lost"),
        ("Add a dog", "Put a dog on the sofa", "object_added"),
        ("Add a dog", "Do it", "object_lost"),
        ("Add a dog", "Add a dog with a hound", "object_added"),
        ("Add a dog to the sofa", "Put a dog with a hound on the couch", "object_added"),
        ("Make it red", "Turn it red", ""),
        ("Make it red", "Turn the dog red", "object_added"),
        ("Add a robot walking on stairs", "Add a robot on stairs", "object_lost"),
        ("Put the word 'dog' onto the dog", "Put the word 'dog' there", "object_lost"),
        ("Put the word 'dog' onto the sofa", "Put the word 'dog' onto the couch", ""),
        (
            "Get rid of the television hanging on the wall.",
            "Remove the wall hanging on the TV.",
            "roles_swapped",
        ),
        (
            "Get rid of the television hanging on the wall.",
            "Remove the TV hanging on the wall.",
            "",
        ),
    ],
)
def test_every_object_needs_a_counterpart(original: str, paraphrase: str, reason: str) -> None:
    embeddings = WordEmbeddings(embed)
    embeddings.learn([original, paraphrase])
    assert misaligned(paraphrase, original, embeddings, 0.5) == reason


def test_a_word_is_embedded_once() -> None:
    asked: list[str] = []

    def counted(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return embed(texts)

    embeddings = WordEmbeddings(counted)
    embeddings.learn(["a dog and a sofa"])
    embeddings.learn(["a sofa and a cat", "a dog"])
    assert asked == ["dog", "sofa", "cat"]
