"""How fast BLIP2IDC trains here, against the loop that the paper's release has.

Run: python -m tests.benchmarks.blip2idc            (a GPU with 40 GiB)
     python -m tests.benchmarks.blip2idc --small    (any machine; shows that it runs)

The model has the sizes of Salesforce/blip2-opt-2.7b and random weights, with LoRA on query, key and
value. Both loops take the same pairs in one process. The release's loop (train_BLIP2IDC.py) makes
pictures one by one, pads captions to 30 tokens and computes in float16 without autocast; it is
given the image tokens that transformers needs since, so that both compute the same.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    BlipImageProcessorPil,
    OPTConfig,
)

from syned.captioning.models.blip2 import add_lora
from syned.captioning.models.blip2idc import Blip2idc
from syned.captioning.models.stack import stack
from syned.captioning.models.word_tokenizer import IMAGE, train_word_tokenizer
from syned.captioning.training.draws import Row
from syned.config import Blip2idcConfig, LoraConfig
from syned.models.devices import choose_device, quiet_libraries

PAIRS = 256
CAPTION = "the person in the red jacket has been removed and the background is a beach now"
Pair = tuple[Image.Image, Image.Image]


def main() -> None:
    """Time both loops and print what they reach."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a model of 1/20 the width")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--device", default="auto")
    given = parser.parse_args()
    quiet_libraries()
    device = choose_device(given.device)
    pairs = _pairs(min(PAIRS, given.batch_size * given.steps), 64 if given.small else 512)
    rate = matrix_rate(device, 1024 if given.small else 8192)
    print(f"matrix rate {rate / 1e12:.2f} TFLOP/s ({_kind(device)}, {device})")
    for name, loop in (("syned", our_loop), ("release", their_loop)):
        step = loop(given.small, device, pairs, given.batch_size)
        with FlopCounterMode(display=False) as counter:
            step(0)  # warms up, too
        step(1)
        seconds, memory = timed(step, given.steps, device)
        samples = given.batch_size / seconds
        share = counter.get_total_flops() / seconds / rate
        print(
            f"{name:<8} {samples:8.2f} pairs a second, {memory / 2**30:6.2f} GiB, "
            f"{share:.2f} of the matrix rate"
        )
        del step
        if device.type == "cuda":
            torch.cuda.empty_cache()


def our_loop(
    small: bool, device: torch.device, pairs: Sequence[Pair], batch_size: int
) -> Callable[[int], None]:
    """A step as `syned train-eval` takes it: a batch at once, bfloat16 by autocast."""
    frozen = torch.bfloat16 if device.type == "cuda" else torch.float32
    model, processor = _blip2(small, device, frozen)
    learner = Blip2idc(add_lora(model, LoraConfig()), processor, Blip2idcConfig())
    optimizer = _optimizer(learner.model)
    learner.model.train()

    def step(number: int) -> None:
        rows = [Row(learner._look(*pair), CAPTION) for pair in _batch(pairs, batch_size, number)]
        batch = {name: value.to(device) for name, value in learner.collate(rows).items()}
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss = learner.model(**batch).loss
        _descend(loss, optimizer)

    return step


def their_loop(
    small: bool, device: torch.device, pairs: Sequence[Pair], batch_size: int
) -> Callable[[int], None]:
    """A step as the release takes it: one picture after the other, float16 throughout."""
    half = torch.float16 if device.type == "cuda" else torch.float32
    model, processor = _blip2(small, device, half)
    adapted = add_lora(model, LoraConfig()).to(half)
    optimizer = _optimizer(adapted)
    adapted.train()
    queries, image = model.config.num_query_tokens, model.config.image_token_index

    def step(number: int) -> None:
        pixels = [
            processor(images=stack(*pair, "vertical"), return_tensors="pt")["pixel_values"][0]
            for pair in _batch(pairs, batch_size, number)
        ]
        text = processor.tokenizer(
            [CAPTION] * batch_size,
            padding="max_length",
            truncation=True,
            max_length=30,
            return_tensors="pt",
        )["input_ids"]
        ids = torch.cat([torch.full((batch_size, queries), image), text], dim=1).to(device)
        loss = adapted(
            pixel_values=torch.stack(pixels).to(device, half), input_ids=ids, labels=ids.clone()
        ).loss
        _descend(loss, optimizer)

    return step


def timed(step: Callable[[int], None], steps: int, device: torch.device) -> tuple[float, int]:
    """Seconds a step, and the most memory that tensors took on the device (0 on a CPU)."""
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.reset_peak_memory_stats()
        torch.cuda.synchronize()
    begin = time.perf_counter()
    for number in range(steps):
        step(number)
    if cuda:
        torch.cuda.synchronize()
    seconds = (time.perf_counter() - begin) / steps
    return seconds, torch.cuda.max_memory_allocated() if cuda else 0


def matrix_rate(device: torch.device, size: int) -> float:
    """FLOP a second of a square product: bfloat16 on a GPU, float32 on a CPU."""
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    left, right = torch.randn(2, size, size, device=device, dtype=dtype)
    for _ in range(3):
        left @ right
    seconds, _ = timed(lambda number: _multiply(left, right), 10, device)
    return 2 * size**3 / seconds


def _multiply(left: Tensor, right: Tensor) -> None:
    left @ right


def _blip2(small: bool, device: torch.device, dtype: torch.dtype) -> tuple[Any, Any]:
    """Random weights in the sizes of blip2-opt-2.7b, or in small ones."""
    tokenizer = train_word_tokenizer([CAPTION, Blip2idcConfig().prompt], words=1000)
    sizes: dict[str, Any] = {}
    if small:
        layers = {"num_hidden_layers": 2, "num_attention_heads": 4}
        vision = Blip2VisionConfig(hidden_size=64, intermediate_size=256, **layers)
        qformer = Blip2QFormerConfig(hidden_size=64, intermediate_size=256, **layers)
        width = {"hidden_size": 128, "word_embed_proj_dim": 128, "ffn_dim": 512}
        text = OPTConfig(vocab_size=1024, **width, **layers, **_ids(tokenizer))
    else:
        vision, qformer = Blip2VisionConfig(), Blip2QFormerConfig()
        width = {"hidden_size": 2560, "word_embed_proj_dim": 2560, "ffn_dim": 10240}
        layers = {"num_hidden_layers": 32, "num_attention_heads": 32}
        text = OPTConfig(vocab_size=50304, **width, **layers, **_ids(tokenizer))
    vision.initializer_range = 0.02
    sizes = {"vision_config": vision, "qformer_config": qformer, "text_config": text}
    config = Blip2Config(**sizes, image_token_index=tokenizer.convert_tokens_to_ids(IMAGE))
    with torch.device(device):
        model = Blip2ForConditionalGeneration._from_config(config, dtype=dtype)
    image_processor = BlipImageProcessorPil(size={"height": 224, "width": 224})
    processor = Blip2Processor(image_processor, tokenizer, num_query_tokens=config.num_query_tokens)
    return model, processor


def _ids(tokenizer: Any) -> dict[str, int]:
    return {
        name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")
    }


def _optimizer(model: torch.nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW([w for w in model.parameters() if w.requires_grad], lr=1e-4)


def _descend(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    optimizer.zero_grad()


def _pairs(count: int, size_px: int) -> list[Pair]:
    random = np.random.default_rng(0)
    shape = (2, size_px, size_px, 3)
    return [
        (Image.fromarray(before), Image.fromarray(after))
        for before, after in (random.integers(0, 256, shape, np.uint8) for _ in range(count))
    ]


def _batch(pairs: Sequence[Pair], batch_size: int, number: int) -> list[Pair]:
    return [pairs[(number * batch_size + row) % len(pairs)] for row in range(batch_size)]


def _kind(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "float32"


if __name__ == "__main__":
    main()
