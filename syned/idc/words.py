"""A tokenizer of whole words, learned from captions, for models that start from nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

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


def caption_ids(
    tokenizer: PreTrainedTokenizerFast, captions: Sequence[str], *, end: int, most: int
) -> list[list[int]]:
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
