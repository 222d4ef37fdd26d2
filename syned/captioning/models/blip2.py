"""Load a BLIP-2 or build a small one, with the image tokens and LoRA that BLIP2IDC needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from peft import LoraConfig as PeftLora
from peft import PeftModel, get_peft_model
from PIL import Image
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    BlipImageProcessorPil,
    OPTConfig,
)

from syned.captioning.models.word_tokenizer import IMAGE, train_byte_tokenizer
from syned.config import LoraConfig, NewBlip2
from syned.errors import EngineError
from syned.models.checkpoints import find_checkpoint

_TARGETS = {
    "vision_encoder": r"vision_model\..*\.qkv",
    "qformer": r"qformer\..*\.attention\.(query|key|value)",
    "language_model": r"language_model\..*\.(q_proj|k_proj|v_proj|q|k|v)",
}
"""Query, key and value of each part: fused in the vision encoder, named alike in the self- and
cross-attention of the Q-Former, q_proj in OPT and q in T5."""


def load_blip2(name: str, *, dtype: torch.dtype) -> tuple[Any, Any]:
    """A BLIP-2 and its processor.

    Args:
        name: hub id with an optional "@revision", or a folder.
        dtype: of the weights; transformers keeps the Q-Former in float32.

    Raises:
        EngineError: there is none of this name, or it is no BLIP-2.
    """
    found = find_checkpoint(
        name,
        what="captioner",
        marker="config.json",
        hint="a BLIP-2 checkpoint folder has one beside its weights and its tokenizer",
        instead="name a folder",
    )
    at = {"revision": found.hub_revision}
    try:
        processor = Blip2Processor.from_pretrained(found.location, **at)
        model = Blip2ForConditionalGeneration.from_pretrained(found.location, **at, dtype=dtype)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise EngineError(
            f"captioner {name!r} cannot be loaded: {error}; a BLIP-2 checkpoint is a hub id such "
            "as Salesforce/blip2-opt-2.7b, or a folder with its config.json, weights, "
            "preprocessor_config.json and tokenizer"
        ) from error
    if model.config.model_type != "blip-2":
        raise EngineError(
            f"captioner {name!r} is a {model.config.model_type}; BLIP2IDC needs a blip-2"
        )
    give_image_token(model, processor)
    return model, processor


def give_image_token(model: Any, processor: Any) -> None:
    """Let an older checkpoint know the token that stands for an image feature.

    Checkpoints from before 2024 have none: their features went before the text by themselves.
    The token's embedding is never read, so a fresh one is as good as any.
    """
    token = processor.tokenizer.convert_tokens_to_ids(IMAGE)
    if model.config.image_token_index is None:
        if token >= model.get_input_embeddings().num_embeddings:
            model.resize_token_embeddings(len(processor.tokenizer), pad_to_multiple_of=64)
        model.config.image_token_index = token
    if processor.num_query_tokens is None:
        processor.num_query_tokens = model.config.num_query_tokens


def new_blip2(
    size: NewBlip2, captions: Iterable[str], *, prompt: str, max_caption_tokens: int
) -> tuple[Any, Any]:
    """An untrained BLIP-2 of the size asked for, and its processor.

    Args:
        size: of its parts.
        captions: of the training pairs; its vocabulary is learned from them.
        prompt: what it will be asked with.
        max_caption_tokens: that it must be able to write.
    """
    # a word inside a text begins with its space; what occurs once is not learned
    texts = [prompt, prompt, *(f" {caption}" for caption in captions)]
    tokenizer = train_byte_tokenizer(texts, pieces=size.pieces)
    image = tokenizer.convert_tokens_to_ids(IMAGE)
    prompt_tokens = len(tokenizer(prompt)["input_ids"])
    positions = size.query_tokens + prompt_tokens + max_caption_tokens
    model = Blip2ForConditionalGeneration(
        Blip2Config(
            vision_config=_vision(size),
            qformer_config=_qformer(size),
            text_config=_text(size, tokenizer, positions),
            num_query_tokens=size.query_tokens,
            image_text_hidden_size=size.width,
            image_token_index=image,
            initializer_range=_deviation(size),
        )
    )
    # zeros, as transformers leaves them, would make all queries one and the same
    torch.nn.init.normal_(model.query_tokens, std=_deviation(size))
    square = {"height": size.image_size_px, "width": size.image_size_px}
    image_processor = BlipImageProcessorPil(size=square)
    return model, Blip2Processor(image_processor, tokenizer, num_query_tokens=size.query_tokens)


def _deviation(size: NewBlip2) -> float:
    """Of fresh weights, so that a layer keeps the size of what goes through it.

    The usual 0.02 is made for widths near 2,000; in a narrow model the pictures would fade out.
    """
    return float(size.width**-0.5)


def _vision(size: NewBlip2) -> Blip2VisionConfig:
    return Blip2VisionConfig(
        hidden_size=size.width,
        intermediate_size=4 * size.width,
        num_hidden_layers=size.vision_layers,
        num_attention_heads=size.heads,
        image_size=size.image_size_px,
        patch_size=size.patch_size_px,
        initializer_range=_deviation(size),
    )


def _qformer(size: NewBlip2) -> Blip2QFormerConfig:
    return Blip2QFormerConfig(
        hidden_size=size.width,
        intermediate_size=4 * size.width,
        num_hidden_layers=size.qformer_layers,
        num_attention_heads=size.heads,
        hidden_dropout_prob=size.dropout,
        attention_probs_dropout_prob=size.dropout,
        cross_attention_frequency=1,
        encoder_hidden_size=size.width,
        initializer_range=_deviation(size),
    )


def _text(size: NewBlip2, tokenizer: Any, positions: int) -> OPTConfig:
    return OPTConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.width,
        word_embed_proj_dim=size.width,
        ffn_dim=4 * size.width,
        num_hidden_layers=size.text_layers,
        num_attention_heads=size.heads,
        max_position_embeddings=positions,
        dropout=size.dropout,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        init_std=_deviation(size),
    )


def add_lora(model: Any, lora: LoraConfig) -> PeftModel:
    """Freeze a BLIP-2 and give it low-rank additions, which are float32 whatever its weights are.

    Raises:
        EngineError: nothing in it has the names that BLIP-2's parts have.
    """
    config = PeftLora(
        r=lora.rank,
        lora_alpha=lora.alpha or 2 * lora.rank,
        lora_dropout=lora.dropout,
        bias="none",
        target_modules="|".join(_TARGETS[part] for part in lora.parts),
    )
    try:
        adapted = get_peft_model(model, config)
    except ValueError as error:
        raise EngineError(
            f"{model.name_or_path} has no {', '.join(lora.parts)} to add LoRA to: {error}; "
            "give a BLIP-2 whose language model is an OPT or a T5"
        ) from error
    # else peft looks the base model up on the hub whenever it saves
    adapted.peft_config["default"].base_model_name_or_path = None
    return adapted


def prompt_ids(model: Any, processor: Any, prompt: str) -> list[int]:
    """What a caption follows: an image token for each query, the start token, the prompt.

    Args:
        model: decides whether there is a start token.
        processor: the model's own; it puts the image tokens.
        prompt: may be empty.
    """
    blank = Image.new("RGB", (32, 32))
    ids: list[int] = processor(images=blank, text=prompt)["input_ids"][0]
    ids = list(ids)
    start = processor.tokenizer.bos_token_id
    queries = sum(token == model.config.image_token_index for token in ids)
    if model.config.use_decoder_only_language_model and ids[queries : queries + 1] != [start]:
        ids.insert(queries, start)  # some versions of GPT-2's tokenizer leave it out
    return ids


def end_id(model: Any, processor: Any) -> int:
    """The token that closes a caption; OPT's BLIP-2 was taught to end with a line break."""
    end = model.config.text_config.eos_token_id
    if isinstance(end, list | tuple):
        end = end[0]
    return int(processor.tokenizer.eos_token_id if end is None else end)
