"""What a run may be told of its paraphrases."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from syned.config.devices import checked_device
from syned.settings import Settings

TextKind = Literal["instruction", "caption"]
"""The kinds of text of a plan that are paraphrased."""


class ParaphraseConfig(Settings):
    """How many paraphrases of every text, by which language model, how strictly judged."""

    paraphrases: int = Field(default=4, ge=1, strict=True)
    """The number of accepted paraphrases that are wanted for each text. With the text itself, the
    default gives 5 references for each pair, as usual in image difference captioning."""
    kinds: tuple[TextKind, ...] = Field(default=("instruction", "caption"), min_length=1)
    """Which texts are paraphrased: instructions, difference captions or both. Instructions are
    published as captions only where the source has no difference captions."""
    limit: int | None = Field(default=None, ge=1, strict=True)
    """The largest number of texts to paraphrase, in the order of the plan. None paraphrases all of
    them."""
    engine: Literal["vllm", "server", "transformers", "fake"] = "vllm"
    """How the language model is run. `vllm` runs vLLM in a process of its own, `server` asks an
    OpenAI-compatible server, `transformers` runs the model in this process, and `fake` rewords by
    simple rules without a model."""
    model: str = Field(default="allenai/Olmo-3-7B-Instruct", min_length=1)
    """The language model: a hub id (`OWNER/NAME` or `OWNER/NAME@REVISION`), a folder, or `smollm2`
    for the small one of the Python package index. With `engine: server` and no `serve` it is the
    name that the server knows."""
    url: str | None = None
    """For `server`: the address of the server, such as `http://127.0.0.1:8000/v1`. It is required
    unless `serve` is true."""
    api_key_variable: str = Field(default="OPENAI_API_KEY", min_length=1)
    """For `server`: the name of the environment variable that holds the key. The key itself is
    never written anywhere."""
    serve: bool = Field(default=False, strict=True)
    """For `server`: whether to start `vllm serve` for this command and stop it at the end."""
    python: str | None = None
    """For `vllm` and `serve`: the Python of the environment in which vLLM is installed. None takes
    the Python that runs Syned."""
    vllm_options: dict[str, Any] = Field(default={})
    """For `vllm` and `serve`: engine arguments of vLLM, such as `max_model_len` or
    `gpu_memory_utilization`."""
    instruction_prompt: str = Field(default="paraphrase_instruction", min_length=1)
    """The prompt for instructions: the name of one that comes with Syned, or a Markdown file."""
    caption_prompt: str = Field(default="paraphrase_caption", min_length=1)
    """The prompt for difference captions: the name of one that comes with Syned, or a Markdown
    file."""
    answers: int = Field(default=8, ge=1, strict=True)
    """The number of answers that are drawn each time a text is asked for. It should be larger than
    `paraphrases`, since some answers are rejected."""
    rounds: int = Field(default=3, ge=1, strict=True)
    """How many times a text is asked for at most, as long as it has fewer accepted paraphrases than
    are wanted."""
    temperature: float = Field(default=0.9, gt=0, le=2)
    """The sampling temperature of the language model. A higher one gives more varied answers."""
    top_p: float = Field(default=0.95, gt=0, le=1)
    """Nucleus sampling: each token is drawn from the smallest set of tokens whose probabilities add
    up to this number. 1 draws from all tokens."""
    max_new_tokens: int = Field(default=64, ge=8, strict=True)
    """The largest number of tokens of one answer. An answer that is cut off there is rejected."""
    similarity_model: str = Field(default="sentence-transformers/all-MiniLM-L6-v2", min_length=1)
    """The sentence-transformers model that compares a paraphrase with its original: a hub id, a
    folder, or `minilm` for the one of the Python package index."""
    similarity_threshold: float = Field(default=0.86, ge=-1, le=1)
    """The least cosine similarity of a paraphrase and its original. A paraphrase below it is
    rejected as `too_far`."""
    word_threshold: float = Field(default=0.7, ge=-1, le=1)
    """The least cosine similarity of the word for an object and the word that stands for it in the
    paraphrase. Below it, the object counts as lost or added."""
    in_flight: int = Field(default=64, ge=1, strict=True)
    """For `server`: the number of requests that are sent at the same time."""
    timeout_seconds: float = Field(default=120.0, gt=0)
    """For `server`: how many seconds to wait for one reply."""
    retries: int = Field(default=6, ge=0, strict=True)
    """For `server`: how many times a request is sent again when it gets no answer, or is answered
    with status 429 or 5xx."""
    batch_size: int = Field(default=8, ge=1, strict=True)
    """For `transformers`: the number of texts that are asked for at once."""
    device: str = "auto"
    """For `transformers`: where the model computes: `auto`, `cpu`, `cuda`, `cuda:N` for the GPU
    with number N, or `mps` for Apple's GPUs. `auto` takes CUDA, else `mps`, else the CPU, whichever
    the machine has."""
    shard_rows: int = Field(default=256, ge=1, strict=True)
    """The largest number of texts in one shard."""
    answers_file: str | None = None
    """An SQLite file in which answers are kept and which several runs may share. None keeps them in
    `answers.sqlite` of the run."""

    @field_validator("device")
    @classmethod
    def _is_device(cls, value: str) -> str:
        return checked_device(value)
