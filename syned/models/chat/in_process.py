"""Run a language model in this process with transformers, for machines without vLLM.

What all requests begin with, the prompt's examples above all, is most of what the model reads. It
reads it once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import islice, takewhile
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from syned.errors import EngineError, OutOfMemory
from syned.models.base import ChatRequest, Reply, Sampling
from syned.models.checkpoints import Checkpoint

_SORTED_AT_ONCE = 32
"""Batches among which requests of like length are put together, for less padding."""


class TransformersChatModel:
    """A causal language model with a chat template.

    Args:
        model: where it lies.
        device: to compute on.
        batch_size: requests at a time; halved for good when memory runs out.

    Raises:
        EngineError: it cannot be loaded, or has no chat template.
    """

    def __init__(self, model: Checkpoint, *, device: torch.device, batch_size: int) -> None:
        self.name = model.full_name
        self._device, self._batch_size = device, batch_size
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(
                model.location, revision=model.hub_revision, padding_side="left"
            )
            self._model = AutoModelForCausalLM.from_pretrained(
                model.location, revision=model.hub_revision, dtype=dtype
            )
        except (OSError, ValueError, KeyError) as error:
            raise EngineError(
                f"language model {self.name!r} cannot be loaded: {error}; name another with "
                "paraphrase.model"
            ) from error
        if not self._tokenizer.chat_template:
            raise EngineError(
                f"language model {self.name!r} has no chat template, so it is no instruct model; "
                "name one with paraphrase.model"
            )
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._model.to(device).eval()
        self._read: tuple[list[int], Any] = ([], None)
        """Tokens that the model has read, and what it remembers of them."""

    def replies(self, requests: Iterable[ChatRequest], sampling: Sampling) -> Iterator[Reply]:
        """Answer all requests, batch by batch."""
        waiting = iter(requests)
        while some := list(islice(waiting, self._batch_size * _SORTED_AT_ONCE)):
            some.sort(key=lambda r: (str(r.messages[:-1]), len(r.messages[-1]["content"])))
            while some:
                batch = list(takewhile(_begins_like(some[0]), some[: self._batch_size]))
                rest = some[len(batch) :]
                try:
                    replies = self._answer(batch, sampling)
                except torch.OutOfMemoryError as error:
                    self._halve(error)
                    continue
                some = rest
                yield from replies

    def _halve(self, error: Exception) -> None:
        if self._batch_size == 1:
            raise OutOfMemory(
                "the device has too little memory for a single request; lower paraphrase.answers, "
                "the number of answers that are made at once"
            ) from error
        self._batch_size //= 2

    @torch.inference_mode()
    def _answer(self, batch: list[ChatRequest], sampling: Sampling) -> list[Reply]:
        chats = [self._tokens(request.messages, asks=True) for request in batch]
        begin = _common([self._tokens(batch[0].messages[:-1]), *(chat[:-1] for chat in chats)])
        if not self._remembers_all:
            begin = []
        padded = self._tokenizer.pad(
            {"input_ids": [chat[len(begin) :] for chat in chats]}, return_tensors="pt"
        )
        shared = torch.tensor([begin] * len(chats), dtype=torch.long)  # (batch, shared)
        tokens = torch.cat([shared, padded["input_ids"]], dim=1)
        mask = torch.cat([torch.ones_like(shared), padded["attention_mask"]], dim=1)
        generated = self._model.generate(
            input_ids=tokens.repeat_interleave(sampling.answers, dim=0).to(self._device),
            attention_mask=mask.repeat_interleave(sampling.answers, dim=0).to(self._device),
            past_key_values=self._memory(begin, len(chats) * sampling.answers),
            do_sample=True,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=0,
            max_new_tokens=sampling.max_new_tokens,
            pad_token_id=self._tokenizer.pad_token_id,
        )  # (batch * answers, prompt + new)
        new = generated[:, tokens.shape[1] :].cpu()
        rows = new.reshape(len(batch), sampling.answers, -1)
        return [self._reply(request.key, row) for request, row in zip(batch, rows, strict=True)]

    def _tokens(self, messages: Sequence[dict[str, str]], *, asks: bool = False) -> list[int]:
        if not messages:
            return []
        tokens: list[int] = self._tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=asks, return_dict=False
        )
        return tokens

    @property
    def _remembers_all(self) -> bool:
        """Whether every layer keeps all tokens, so that padding may stand in their midst."""
        layers = getattr(self._model.config, "layer_types", None) or ["full_attention"]
        return set(layers) == {"full_attention"}

    def _memory(self, tokens: list[int], rows: int) -> Any:
        """What the model remembers of tokens, for as many rows; None of no tokens."""
        if not tokens:
            return None
        if self._read[0] != tokens:
            read = self._model(torch.tensor([tokens], device=self._device), use_cache=True)
            self._read = (tokens, read.past_key_values)
        memory = deepcopy(self._read[1])  # generating adds to it
        memory.batch_repeat_interleave(rows)
        return memory

    def _reply(self, key: str, rows: torch.Tensor) -> Reply:
        """The answers of one request, from token ids of shape (answers, new)."""
        ends = self._ends()
        lengths = [_length(row.tolist(), ends) for row in rows]
        texts = self._tokenizer.batch_decode(rows, skip_special_tokens=True)
        return Reply(
            key,
            answers=tuple(texts),
            cut_off=tuple(length == rows.shape[1] and int(row[-1]) not in ends
                          for row, length in zip(rows, lengths, strict=True)),
            new_tokens=sum(lengths),
        )  # fmt: skip

    def _ends(self) -> set[int]:
        """Token ids that end an answer."""
        ends: Any = self._model.generation_config.eos_token_id
        listed = ends if isinstance(ends, list) else [ends]
        return {int(end) for end in (*listed, self._tokenizer.eos_token_id) if end is not None}


def _begins_like(first: ChatRequest) -> Callable[[ChatRequest], bool]:
    return lambda request: request.messages[:-1] == first.messages[:-1]


def _common(rows: Sequence[list[int]]) -> list[int]:
    """What all rows begin with."""
    same = takewhile(lambda column: len(set(column)) == 1, zip(*rows, strict=False))
    return [column[0] for column in same]


def _length(tokens: list[int], ends: set[int]) -> int:
    """Tokens up to and with the first that ends the answer."""
    found = next((i for i, token in enumerate(tokens) if token in ends), None)
    return len(tokens) if found is None else found + 1
