"""From the `paraphrase` section of a config to prompts, questions and a judge."""

from __future__ import annotations

from collections.abc import Mapping

from syned.config import ParaphraseConfig, TextKind
from syned.models.base import Sampling, TextEncoder
from syned.models.fake import FakeTextEncoder
from syned.paraphrase.candidates import JUDGED_BY, Judge, Strictness
from syned.paraphrase.prompts import Prompt, load_prompt
from syned.paraphrase.shards import ParaphraseOptions


def load_prompts(options: ParaphraseConfig) -> dict[TextKind, Prompt]:
    """The prompts for every kind of text.

    Raises:
        ConfigError: one of them cannot be used.
    """
    return {
        "instruction": load_prompt(options.instruction_prompt),
        "caption": load_prompt(options.caption_prompt),
    }


def paraphrase_settings(
    options: ParaphraseConfig, model: str, prompts: Mapping[TextKind, Prompt]
) -> dict[str, object]:
    """What shapes the answers. Thresholds are not among them: answers are judged again for free."""
    return {
        "paraphrase.model": model,
        **{f"paraphrase.{kind}_prompt": prompt.sha256[:16] for kind, prompt in prompts.items()},
        **{
            f"paraphrase.{name}": getattr(options, name)
            for name in ("answers", "temperature", "top_p", "max_new_tokens")
        },
    }


def paraphrase_options(
    options: ParaphraseConfig, model: str, prompts: dict[TextKind, Prompt]
) -> ParaphraseOptions:
    """What is asked of which language model, how, and how often."""
    return ParaphraseOptions(
        model=model,
        prompts=prompts,
        sampling=Sampling(
            answers=options.answers,
            temperature=options.temperature,
            top_p=options.top_p,
            max_new_tokens=options.max_new_tokens,
        ),
        paraphrases=options.paraphrases,
        rounds=options.rounds,
        judged_by=f"{JUDGED_BY} {options.similarity_model} {options.similarity_threshold} "
        f"{options.word_threshold}",
        shard_rows=options.shard_rows,
    )


def open_judge(options: ParaphraseConfig, encoder: TextEncoder | None) -> Judge:
    """Load what judges paraphrases.

    Args:
        options: which similarity model, how strict.
        encoder: a similarity model to use in place of the one named there.
    """
    if encoder is None:
        if "fake" in (options.engine, options.similarity_model):
            encoder = FakeTextEncoder()
        else:
            from syned.models.devices import choose_device, quiet_libraries
            from syned.models.encoders.sentences import SentenceEncoder

            quiet_libraries()
            device = str(choose_device("auto"))
            encoder = SentenceEncoder(options.similarity_model, device=device)
    strictness = Strictness(options.similarity_threshold, options.word_threshold)
    return Judge(encoder, strictness)
