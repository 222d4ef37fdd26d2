"""The calls of vLLM's offline engine that Syned makes."""

from __future__ import annotations

import os
import sys
import time
from types import SimpleNamespace
from typing import Any

print("vLLM prints to standard output")


class SamplingParams:
    def __init__(
        self, n: int, temperature: float, top_p: float, max_tokens: int, output_kind: str
    ) -> None:
        self.n, self.output_kind = n, output_kind

    def clone(self) -> SamplingParams:
        return self


class LLM:
    def __init__(self, model: str, **options: Any) -> None:
        if options.get("kv_cache_dtype") == "broken":
            print("torch.cuda.OutOfMemoryError: no room for the cache", file=sys.stderr)
            raise SystemExit(1)
        time.sleep(options.get("load_seconds", 0))
        self.llm_engine = _Engine(dies_after=options.get("dies_after"))

    def get_tokenizer(self) -> Any:
        return SimpleNamespace(apply_chat_template=_tokens)


def _tokens(messages: list[dict[str, str]], **_: Any) -> list[int]:
    text = messages[-1]["content"]
    if len(text) > 300:
        raise ValueError("longer than the model reads")
    return [ord(c) for c in text]


def _rendered(prompts: list[dict[str, list[int]]]) -> list[dict[str, Any]]:
    return [{"type": "token", **prompt} for prompt in prompts]


class _Engine:
    """Answers the newest request first, one a step; takes what its renderer has made alone."""

    def __init__(self, dies_after: int | None) -> None:
        self.renderer = SimpleNamespace(render_cmpl=_rendered)
        self.waiting: list[tuple[str, str, SamplingParams]] = []
        self.lives = dies_after

    def add_request(self, key: str, prompt: dict[str, Any], params: SamplingParams) -> None:
        if prompt["type"] != "token":
            raise TypeError("a raw prompt")
        self.waiting.append((key, "".join(map(chr, prompt["prompt_token_ids"])), params))

    def has_unfinished_requests(self) -> bool:
        return bool(self.waiting)

    def step(self) -> list[Any]:
        if self.lives is not None:
            self.lives -= 1
            if self.lives < 0:
                print("the engine core died", file=sys.stderr, flush=True)
                os._exit(3)
        key, text, params = self.waiting.pop()
        if params.output_kind != "final":
            raise ValueError("only whole answers are made here")
        outputs = [
            SimpleNamespace(text=f"{text} {i}", finish_reason="length" if i else "stop",
                            token_ids=[1, 2, 3])
            for i in range(params.n)
        ]  # fmt: skip
        return [SimpleNamespace(request_id=key, finished=True, outputs=outputs)]
