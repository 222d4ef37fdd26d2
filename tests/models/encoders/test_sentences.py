"""Sentence embeddings: a small random model, in the layout of a published one."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
sentence_transformers = pytest.importorskip("sentence_transformers")

from transformers import BertConfig, BertModel, BertTokenizerFast  # noqa: E402

from syned.errors import EngineError  # noqa: E402
from syned.models.encoders.sentences import SentenceEncoder  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bert, where = tmp_path_factory.mktemp("bert"), tmp_path_factory.mktemp("sentences")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "add", "a", "hat", "dog", "remove"]
    BertTokenizerFast(vocab={word: i for i, word in enumerate(words)}).save_pretrained(bert)
    BertModel(
        BertConfig(
            vocab_size=len(words),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
        )
    ).save_pretrained(bert)
    layers = importlib.import_module("sentence_transformers.sentence_transformer.modules")
    modules = [layers.Transformer(str(bert)), layers.Pooling(16)]
    sentence_transformers.SentenceTransformer(modules=modules).save(str(where))
    return where


def test_texts_become_unit_vectors_whatever_stands_beside_them(folder: Path) -> None:
    encoder = SentenceEncoder(str(folder), device="cpu")
    texts = ["add a hat", "remove a dog", "add a hat", "a"]
    vectors = encoder.embed(texts)
    assert vectors.shape == (4, 16)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-5)
    np.testing.assert_allclose(vectors[:1], encoder.embed(texts[:1]), atol=1e-5)
    assert float(vectors[0] @ vectors[1]) < 0.999
    assert encoder.name.startswith("folder@sha256:")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"has no modules\.json, so it is no similarity model"):
        SentenceEncoder(str(tmp_path), device="cpu")
