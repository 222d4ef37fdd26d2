"""Learn tokenizers from captions, for models that start from random weights."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import GPT2Tokenizer, PreTrainedTokenizerFast

PAD, START, END, UNKNOWN, IMAGE = "<pad>", "<s>", "</s>", "<unk>", "<image>"
_SPECIAL = [PAD, START, END, UNKNOWN, IMAGE]


def train_word_tokenizer(captions: Iterable[str], *, words: int) -> PreTrainedTokenizerFast:
    """Learn the words of captions, in lower case; punctuation marks are words.

    Args:
        captions: of training pairs only, so that nothing of the test is known.
        words: the most frequent ones that are kept, at most.
    """
    learner = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    learner.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    learner.pre_tokenizer = pre_tokenizers.Whitespace()
    learner.train_from_iterator(
        captions,
        trainers.WordLevelTrainer(
            vocab_size=words + len(_SPECIAL), special_tokens=_SPECIAL, show_progress=False
        ),
    )
    learner.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", special_tokens=[(START, learner.token_to_id(START))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=learner,
        pad_token=PAD,
        bos_token=START,
        eos_token=END,
        unk_token=UNKNOWN,
        additional_special_tokens=[IMAGE],
    )


def train_byte_tokenizer(captions: Iterable[str], *, pieces: int) -> GPT2Tokenizer:
    """Learn byte pairs on captions, in the form that OPT's tokenizer has; it can write any text.

    Args:
        captions: of training pairs only.
        pieces: of words, whole words among them, at most; every single byte comes on top.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    first = [START, PAD, END, UNKNOWN]  # with OPT's ids
    learner.train_from_iterator(
        captions,
        trainers.BpeTrainer(
            vocab_size=pieces + len(alphabet) + len(first),
            min_frequency=2,
            special_tokens=first,
            initial_alphabet=alphabet,
            show_progress=False,
        ),
    )
    learned = json.loads(learner.to_str())["model"]
    return GPT2Tokenizer(
        vocab=learned["vocab"],
        merges=[tuple(pair) for pair in learned["merges"]],
        bos_token=END,  # OPT's, too
        eos_token=END,
        unk_token=END,
        pad_token=PAD,
        additional_special_tokens=[IMAGE],
        add_bos_token=True,
    )


def caption_ids(tokenizer: Any, captions: Sequence[str], *, end: int, most: int) -> list[list[int]]:
    """Token ids of captions, each closed by the id that ends a caption.

    Args:
        tokenizer: of the model that will write them.
        captions: as a dataset has them.
        end: the id that ends a caption.
        most: tokens of a caption with its end; longer ones are cut off.
    """
    rows = tokenizer(list(captions), add_special_tokens=False)["input_ids"]
    return [[*row[: most - 1], end] for row in rows]


def as_sentence(words: str) -> str:
    """Words and marks with a space between them, written as people do."""
    tight = re.sub(r"\s+([.,!?;:%)])", r"\1", words.strip())
    tight = re.sub(r"(\w) (['’]) (s|t|re|ve|ll|d|m)\b", r"\1\2\3", tight)
    tight = re.sub(r"(\w) - (\w)", r"\1-\2", tight)
    return re.sub(r'" ([^"]*) "', r'"\1"', tight)
