"""Turn the `filter` section of a config into the models that score and the rules that select."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from syned.config import FilterConfig, Quantile, RunConfig, Threshold
from syned.errors import EngineError
from syned.filter.contamination import Sameness
from syned.filter.select import Columns, Rules, Share, resolve_bounds
from syned.filter.shards import Models, Work, find_work
from syned.libraries import TO_MEASURE, need_libraries
from syned.models.base import ImageEncoder, ImageTextEncoder
from syned.models.fake import FakeImageTextEncoder
from syned.run.directory import Run

E = TypeVar("E", bound=ImageEncoder)


@contextmanager
def scores_in_hand(
    config: RunConfig, run: Run, given: Models | None
) -> Iterator[tuple[Models, Work]]:
    """Hold the lock of the scores, with the models that they are made with and what is to do.

    Raises:
        EngineError: a library or a model is not to be found.
        RunError: the run is being filtered already, or was scored with other models.
    """
    need_libraries(TO_MEASURE, what="measuring pictures", extra="filter")
    with run.lock("scores.lock"):
        for folder in (run.image_scores, run.edit_scores):
            folder.remove_leftovers()
        made = bool(run.image_scores.recorded() or run.edit_scores.recorded())
        run.check_fingerprint("filter", filter_settings(config.filter), made=made)
        models, work = _models_and_work(config, run, given, made)
        names = {"image_text_encoder": models.encoder_name, "dino": models.dino_name}
        run.write_settings(config, names, sections=("filter",))
        yield models, work


def filter_settings(options: FilterConfig) -> dict[str, object]:
    """What shapes the scores. Thresholds are not among them: edits are chosen again for free."""
    return {"filter.encoder": options.encoder, "filter.dino": options.dino}


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


def _models_and_work(
    config: RunConfig, run: Run, given: Models | None, made: bool
) -> tuple[Models, Work]:
    """The models that the run was scored with; looked for only when there is more to score."""
    if given is not None:
        return given, find_work(run, given.identity)
    versions = run.settings().get("versions", {})
    noted = (versions.get("image_text_encoder", ""), versions.get("dino", ""))
    scored = made and bool(noted[0])
    if scored:
        models = scoring_models(config.filter, noted)
        work = find_work(run, models.identity)
        if not work.todo:
            return models, work
    names = name_models(config.filter)
    if scored:
        refuse_other_models(noted, names)
    models = scoring_models(config.filter, names)
    return models, find_work(run, models.identity)


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
                f"this run was scored with {was or 'no DINOv2'}, but its settings now stand for "
                f"{now or 'no DINOv2'}; name the former, with --set filter.encoder=NAME@REVISION "
                "or filter.dino, or score everything again with `syned filter --redo`"
            )


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
