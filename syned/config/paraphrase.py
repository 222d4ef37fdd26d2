"""What a run may be told of its paraphrases."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from syned.config.devices import checked_device
from syned.run.records import TextKind
from syned.settings import Settings


class ParaphraseConfig(Settings):
    """How many paraphrases of every text, by which language model, how strictly judged."""

    paraphrases: int = Field(default=4, ge=1, strict=True)
    """Accepted paraphrases of a text; with the text itself there are 5 references, as in IDC."""
    kinds: tuple[TextKind, ...] = Field(default=("instruction", "caption"), min_length=1)
    """Which texts; where a source has difference captions, its instructions are not published."""
    limit: int | None = Field(default=None, ge=1, strict=True)
    """Texts to paraphrase at most, in the order of the plan; None for all."""
    engine: Literal["vllm", "server", "transformers", "fake"] = "vllm"
    """vllm: in a process of its own; server: an OpenAI-compatible one; fake: no model."""
    model: str = Field(default="allenai/Olmo-3-7B-Instruct", min_length=1)
    """A hub id (`id@revision`), a folder, "smollm2", or for a server the name it knows."""
    url: str | None = None
    """server: where it is, "http://127.0.0.1:8000/v1"."""
    api_key_variable: str = Field(default="OPENAI_API_KEY", min_length=1)
    """server: the environment variable that holds the key; the key itself is never written."""
    serve: bool = Field(default=False, strict=True)
    """server: start `vllm serve` for this command, and stop it at the end."""
    python: str | None = None
    """vllm, serve: the Python of the environment that vLLM is installed in; None for this one."""
    vllm_options: dict[str, Any] = Field(default={})
    """vllm, serve: engine arguments, such as max_model_len or gpu_memory_utilization."""
    instruction_prompt: str = Field(default="paraphrase_instruction", min_length=1)
    """A prompt that comes with Syned, or a file."""
    caption_prompt: str = Field(default="paraphrase_caption", min_length=1)
    answers: int = Field(default=8, ge=1, strict=True)
    """Answers to one request; more than are wanted, since some are rejected."""
    rounds: int = Field(default=3, ge=1, strict=True)
    """How often a text is asked for at most."""
    temperature: float = Field(default=0.9, gt=0, le=2)
    top_p: float = Field(default=0.95, gt=0, le=1)
    max_new_tokens: int = Field(default=64, ge=8, strict=True)
    similarity_model: str = Field(default="sentence-transformers/all-MiniLM-L6-v2", min_length=1)
    """A sentence-transformers model (hub id or folder), or "minilm"."""
    similarity_threshold: float = Field(default=0.86, ge=-1, le=1)
    """Least cosine of a paraphrase and its original."""
    word_threshold: float = Field(default=0.7, ge=-1, le=1)
    """Least cosine of an object's word and the word that stands for it in the paraphrase."""
    in_flight: int = Field(default=64, ge=1, strict=True)
    """server: requests at a time."""
    timeout_seconds: float = Field(default=120.0, gt=0)
    """server: for one reply."""
    retries: int = Field(default=6, ge=0, strict=True)
    """server: of a request that was answered with 429 or 5xx, or not at all."""
    batch_size: int = Field(default=8, ge=1, strict=True)
    """transformers: requests at a time."""
    device: str = "auto"
    """transformers: auto, cpu, cuda, cuda:N or mps."""
    shard_rows: int = Field(default=256, ge=1, strict=True)
    """Texts in a shard at most."""
    answers_file: str | None = None
    """A store of answers that runs share; None for the run's own."""

    @field_validator("device")
    @classmethod
    def _is_device(cls, value: str) -> str:
        return checked_device(value)
