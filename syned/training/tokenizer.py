"""Make a new CLIP tokenizer, for text encoders that start from random weights."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

START, END = "<|startoftext|>", "<|endoftext|>"
END_OF_WORD = "</w>"
_WORDS = r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
"""How CLIP cuts text before its byte pairs (openai/CLIP, simple_tokenizer.py)."""


def train_clip_tokenizer(texts: Iterable[str], *, merges: int, max_tokens: int) -> CLIPTokenizer:
    """Learn byte pairs on texts; every byte keeps a token, so any text can be read.

    Args:
        texts: what the tokenizer should be short for.
        merges: byte pairs to learn at most.
        max_tokens: longest sequence with its start and end, the text encoder's positions.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner = Tokenizer(models.BPE(end_of_word_suffix=END_OF_WORD))
    learner.normalizer = normalizers.Lowercase()
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    learner.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=2 * len(alphabet) + merges,
            initial_alphabet=alphabet,
            end_of_word_suffix=END_OF_WORD,
            show_progress=False,
        ),
    )
    pairs = _merges_of(learner)
    tokens = [*alphabet, *(a + END_OF_WORD for a in alphabet), *("".join(p) for p in pairs)]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys([*tokens, START, END]))}
    return CLIPTokenizer(vocab=vocabulary, merges=pairs, model_max_length=max_tokens)


def _merges_of(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    pairs = json.loads(tokenizer.to_str())["model"]["merges"]
    return [tuple(p) if isinstance(p, list) else tuple(p.split(" ")) for p in pairs]
