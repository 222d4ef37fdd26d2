"""From a config to what the stages take: engines, plain values, and what a run notes of both."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from syned.config import (
    FilterConfig,
    PairSource,
    ParaphraseConfig,
    Quantile,
    RunConfig,
    Threshold,
    TrainEvalConfig,
)
from syned.errors import EngineError
from syned.filter.contamination import Sameness
from syned.filter.select import Columns, Rules, Share, resolve_bounds
from syned.filter.shards import Models
from syned.models.base import Editor, ImageEncoder, ImageTextEncoder, Sampling, TextEncoder
from syned.models.fake import FakeImageTextEncoder, FakeTextEncoder
from syned.paraphrase.candidates import JUDGED_BY, Judge, Strictness
from syned.paraphrase.prompts import Prompt, load_prompt
from syned.paraphrase.shards import ParaphraseOptions
from syned.run.records import TextKind
from syned.sources import Source

E = TypeVar("E", bound=ImageEncoder)

_LIBRARIES = ("torch", "diffusers", "transformers", "pyarrow", "pillow", "numpy")


def open_editor(config: RunConfig) -> Editor:
    """Load the config's editor."""
    from syned.models.editors.load import load_editor

    options = config.generate
    return load_editor(
        options.editor,
        scheduler=options.scheduler,
        device=options.device,
        dtype=options.dtype,
        batch_size=options.batch_size,
    )


def identity_of_editor(config: RunConfig) -> dict[str, str]:
    """Name and revision of the config's editor, without loading it."""
    from syned.models.editors.load import editor_identity

    return editor_identity(config.generate.editor)


def edit_settings(config: RunConfig, identity: Mapping[str, str]) -> dict[str, object]:
    """What shapes an edit besides its source image and instruction; part of every edit id."""
    options = config.generate
    return {
        "source.image_size_px": config.source.image_size_px,
        **{f"editor.{key}": value for key, value in identity.items()},
        "generate.scheduler": options.scheduler,
        "generate.steps": options.steps,
        "generate.guidance_scale": options.guidance_scale,
        "generate.image_guidance_scale": options.image_guidance_scale,
        "generate.seed": options.seed,
    }


def versions(source: Source, identity: Mapping[str, str]) -> dict[str, object]:
    """Of everything that took part: libraries, the editor, the source and its licence."""
    return {
        "python": platform.python_version(),
        **{name: _version_of(name) for name in _LIBRARIES},
        "editor": dict(identity),
        "source": {
            "name": source.name,
            "revision": source.revision,
            "licence": source.licence,
        },
    }


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
            from syned.models.editors.load import choose_device, quiet_libraries
            from syned.models.encoders.sentences import SentenceEncoder

            quiet_libraries()
            device = str(choose_device("auto"))
            encoder = SentenceEncoder(options.similarity_model, device=device)
    strictness = Strictness(options.similarity_threshold, options.word_threshold)
    return Judge(encoder, strictness)


def filter_settings(options: FilterConfig) -> dict[str, object]:
    """What shapes the scores. Thresholds are not among them: edits are chosen again for free."""
    return {"filter.encoder": options.encoder, "filter.dino": options.dino}


def check_filter_libraries() -> None:
    """Make sure that pictures can be measured.

    Raises:
        EngineError: the libraries for it are not installed.
    """
    missing = [name for name in ("imagehash", "skimage") if find_spec(name) is None]
    if missing:
        raise EngineError(
            f"measuring pictures needs {' and '.join(missing)}, which is not installed: "
            'pip install "syned[filter]"'
        )


def name_models(options: FilterConfig) -> tuple[str, str]:
    """Names with revisions of the models that scores are made with; loads none of them.

    Returns:
        The image-text encoder's and the DINOv2's, "" without one.

    Raises:
        EngineError: one of them is nowhere to be found.
    """
    if options.encoder == "fake":
        return FakeImageTextEncoder.name, ""
    from syned.models.encoders.image_text import encoder_name

    dino = encoder_name(options.dino, "image encoder") if options.dino else ""
    return encoder_name(options.encoder, "image-text encoder"), dino


def scoring_models(options: FilterConfig, names: tuple[str, str]) -> Models:
    """The models of a config, each loaded when it is first asked for.

    Args:
        options: where they are and how they compute.
        names: as from `name_models`, now or when the run was first scored.
    """
    encoder, dino = names

    @cache
    def open_encoder() -> ImageTextEncoder:
        if options.encoder == "fake":
            return FakeImageTextEncoder()
        from syned.models.encoders.image_text import TransformersImageTextEncoder as Encoder

        opened: ImageTextEncoder = Encoder(options.encoder, **_computing(options))
        return _same(opened, encoder)

    @cache
    def open_dino() -> ImageEncoder:
        from syned.models.encoders.image_text import TransformersImageEncoder as Encoder

        opened: ImageEncoder = Encoder(options.dino or "", **_computing(options))
        return _same(opened, dino)

    return Models(open_encoder, encoder, open_dino if dino else None, dino)


def refuse_other_models(noted: Sequence[str], found: Sequence[str]) -> None:
    """Make sure that scores of different models do not get into one run.

    Raises:
        EngineError: what was found is not what the run was scored with.
    """
    for was, now in zip(noted, found, strict=True):
        if was != now:
            raise EngineError(
                f"this run was scored with {was or 'no DINOv2'}, and {now or 'none'} is what its "
                "settings mean now; name the revision with --set filter.encoder=NAME@REVISION, or "
                "score everything again with --redo"
            )


def filter_rules(options: FilterConfig, columns: Columns) -> Rules:
    """What is asked of an edit, in numbers; quantiles are taken of the edits at hand."""
    common = dict(options.thresholds)
    bounds, tasks = resolve_bounds(
        columns,
        {name: _bound(threshold) for name, threshold in common.items()},
        {
            task: {name: _bound(threshold) for name, threshold in own.items()}
            for task, own in options.tasks.items()
        },
    )
    return Rules(bounds, tasks, options.near_duplicate_distance, options.best_per_request)


def sameness(options: FilterConfig) -> Sameness:
    """When a picture counts as one of an evaluation set."""
    return Sameness(options.contamination_distance, options.contamination_similarity)


def _computing(options: FilterConfig) -> dict[str, Any]:
    return {
        "device": options.device,
        "dtype": options.dtype,
        "batch_size": options.batch_size,
    }


def _same(encoder: E, name: str) -> E:
    """The encoder, if it is the one that was meant."""
    refuse_other_models((name,), (encoder.name,))
    return encoder


def _bound(threshold: Threshold | None) -> float | Share | None:
    return Share(threshold.quantile) if isinstance(threshold, Quantile) else threshold


def with_own_dataset(options: TrainEvalConfig, dataset: Path) -> TrainEvalConfig:
    """The same settings, with a run's own dataset as the set `syned`, where none is given.

    Args:
        options: of `train_eval`.
        dataset: where the run's dataset is, if it is published. Of its splits, train is taken; the
            source of a run may have one of another name only.
    """
    splits = {path.name.partition("-")[0] for path in (dataset / "data").glob("*-*.parquet")}
    if "syned" in options.sets or not splits:
        return options
    split = "train" if "train" in splits else min(splits)
    own = PairSource(kind="published", path=str(dataset), split=split)
    return options.model_copy(update={"sets": {**options.sets, "syned": own}})


def _version_of(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed"
