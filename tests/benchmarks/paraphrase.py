"""How much faster a language model answers many requests together than one at a time.

Run: python -m tests.benchmarks.paraphrase TEXTS.txt --set engine=vllm --set model=smollm2

TEXTS.txt has one text a line. Both ways are timed in one process on the same texts, after a
warm-up; the ratio of tokens a second is what counts, since machines differ.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from syned.config import ParaphraseConfig
from syned.models.base import ChatModel, ChatRequest, Sampling
from syned.models.chat.load import find_chat_engine
from syned.paraphrase.from_config import load_prompts
from syned.settings import validate

WARM_UP = 8


def main() -> None:
    """Time both ways and print the ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("texts", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="A=B")
    given = parser.parse_args()
    values = dict(setting.split("=", 1) for setting in given.settings)
    plain = {name: yaml.safe_load(value) for name, value in values.items()}
    options = validate(ParaphraseConfig, plain, "--set")
    prompt = load_prompts(options)["instruction"]
    lines = [line.strip() for line in given.texts.read_text("utf-8").splitlines() if line.strip()]
    requests = [
        ChatRequest(str(i), tuple(prompt.messages(line)))
        for i, line in enumerate(lines[: given.count])
    ]
    sampling = Sampling(1, options.temperature, options.top_p, options.max_new_tokens)
    engine = find_chat_engine(options, log=Path("benchmark.log"), say=_say)
    with engine.open() as model:
        list(model.replies(requests[:WARM_UP], sampling))
        single = tokens_per_second(model, [[request] for request in requests], sampling)
        together = tokens_per_second(model, [requests], sampling)
    print(f"{engine.name}, {options.engine}: {len(requests)} texts")
    print(f"one at a time   {single:8.1f} tokens a second")
    print(f"all together    {together:8.1f} tokens a second")
    print(f"ratio           {together / single:8.1f}")


def tokens_per_second(
    model: ChatModel, batches: Sequence[Sequence[ChatRequest]], sampling: Sampling
) -> float:
    """Pace over all batches, each asked for when the one before is answered."""
    begin = time.perf_counter()
    tokens = sum(r.new_tokens for batch in batches for r in model.replies(batch, sampling))
    return tokens / (time.perf_counter() - begin)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
