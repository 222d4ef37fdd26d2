"""The stages in order: what each reads and writes, and how a config becomes edits.

    source ─make_plan─▶ plan/ ─┬─generate───▶ edits/ ─filter_edits─▶ selection ─┬─publish─▶ dataset/
                               └─paraphrase─▶ captions/ ────────────────────────┘

Every call takes up where the last one was cut off. They return data; only the CLI prints. All
stages are in one file, so that one reading shows how they hang together; what they do is elsewhere.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syned.captioning.data.arms import with_own_dataset
from syned.config import RunConfig, TextKind
from syned.filter.calibrate import Calibration, find_thresholds
from syned.filter.contamination import contaminations
from syned.filter.evaluation_sets import known_sets
from syned.filter.from_config import filter_rules, sameness, scores_in_hand
from syned.filter.scored import read_scored
from syned.filter.selection import write_selection
from syned.filter.shards import Models, ScoreSummary, Work, score_run
from syned.generate.estimate import Estimate, calibrate
from syned.generate.from_config import edit_settings, identity_of_editor, open_editor
from syned.generate.jobs import read_rows
from syned.generate.shards import GenerateOptions, GenerateSummary, generate_shards
from syned.models.base import Editor, TextEncoder
from syned.models.chat.load import ChatEngine, find_chat_engine
from syned.paraphrase.answers import AnswerStore
from syned.paraphrase.candidates import originals
from syned.paraphrase.from_config import (
    load_prompts,
    open_judge,
    paraphrase_options,
    paraphrase_settings,
)
from syned.paraphrase.shards import ParaphraseSummary, paraphrase_texts
from syned.plan.plan import Planner, PlanSummary, refuse_further_rows
from syned.progress import Progress, RowsDone
from syned.publish.dataset import Published, publish_dataset
from syned.publish.upload import Hub, push
from syned.run.directory import Run
from syned.run.records import EditJob, Original
from syned.run.versions import library_versions
from syned.sources import Source, open_source

if TYPE_CHECKING:
    from syned.captioning.gains.kit import Kit


@dataclass(frozen=True, slots=True)
class Stage:
    """A row of the README's table of stages."""

    name: str
    command: str
    reads: str
    writes: str
    needs: str
    """The model, and the extra that brings it."""


STAGES = (
    Stage(
        name="generate",
        command="syned generate",
        reads="a source: images and instructions",
        writes="plan/, edits/",
        needs="InstructPix2Pix, syned[models]",
    ),
    Stage(
        name="paraphrase",
        command="syned paraphrase",
        reads="plan/: its instructions and captions",
        writes="captions/",
        needs="a language model, syned[paraphrase]",
    ),
    Stage(
        name="filter",
        command="syned filter",
        reads="plan/, edits/, captions/",
        writes="scores/, selection.parquet",
        needs="CLIP, syned[models,filter]",
    ),
    Stage(
        name="publish",
        command="syned publish",
        reads="plan/, edits/, captions/, selection.parquet",
        writes="dataset/",
        needs="nothing more",
    ),
    Stage(
        name="train-eval",
        command="syned train-eval",
        reads="dataset/, a real dataset",
        writes="train_eval/",
        needs="BLIP-2, syned[models,idc]",
    ),
)

_OF_GENERATE = ("name", "source", "generate")


def make_plan(config: RunConfig, run: Run, progress: RowsDone) -> PlanSummary:
    """Say what will be edited: write plan/ until it holds `generate.n` edits.

    Raises:
        RunError: the run is in use, or was made with other settings.
        DataError: the source cannot be read.
    """
    source = open_source(config.source, edited_images=False)
    identity = identity_of_editor(config)
    with _in_hand(run):
        _check_fingerprint(run, config, source, identity)
        limit = run.settings()["config"].get("source", {}).get("limit")
        refuse_further_rows(run, before=limit, now=config.source.limit)
        run.write_settings(config, _made_with(source, identity), sections=_OF_GENERATE)
        return Planner(run).extend(
            source.records,
            config.generate.n,
            shard_rows=config.generate.shard_rows,
            image_size_px=config.source.image_size_px,
            settings=edit_settings(config, identity),
            scales=(config.generate.guidance_scale, config.generate.image_guidance_scale),
            progress=progress,
        )


def generate(
    config: RunConfig, run: Run, progress: Progress, *, editor: Editor | None = None
) -> GenerateSummary:
    """Edit what is planned and not edited yet: the first `generate.n` edits of the plan.

    Args:
        config: the settings that the plan was made with; `n` may differ.
        run: a run with a plan.
        progress: hears of every batch.
        editor: a loaded editor to use in place of the config's.

    Raises:
        RunError: the run is in use, damaged, or was made with other settings.
        EngineError: the editor cannot be loaded or used.
    """
    with _in_hand(run):
        source = open_source(config.source, edited_images=False)
        fingerprint = _check_fingerprint(run, config, source, identity_of_editor(config))
        options = GenerateOptions(
            fingerprint=fingerprint,
            batch_size=config.generate.batch_size,
            steps=config.generate.steps,
            retry_failed=config.generate.retry_failed,
        )
        shards = _shards_of(run, config.generate.n)
        return generate_shards(
            run, shards, lambda: editor or _open_noted(config, run), options, progress
        )


def paraphrase(
    config: RunConfig,
    run: Run,
    progress: Progress,
    *,
    say: Callable[[str], None],
    engine: ChatEngine | None = None,
    encoder: TextEncoder | None = None,
) -> ParaphraseSummary:
    """Have the texts of the plan paraphrased, as far as they are not yet.

    It needs the plan and nothing else, so that it may run before, after or beside `generate`.

    Args:
        config: its `paraphrase` section says how; a run that has captions keeps most of it.
        run: a run with a plan.
        progress: hears of texts that are finished.
        say: told what takes a while.
        engine: a language model to use in place of the config's.
        encoder: a similarity model to use in place of the config's.

    Raises:
        ConfigError: a prompt or a setting cannot be used.
        EngineError: a model cannot be found, loaded or used.
        RunError: captions are being made already, or were made with other settings.
    """
    options = config.paraphrase
    prompts = load_prompts(options)
    engine = engine or find_chat_engine(options, log=run.path / "vllm.log", say=say)
    store = run.path / "answers.sqlite" if not options.answers_file else Path(options.answers_file)
    with run.lock("captions.lock"), AnswerStore(store) as answers:
        run.captions.remove_leftovers()
        fields = paraphrase_settings(options, engine.name, prompts)
        run.check_fingerprint("paraphrase", fields, made=bool(run.captions.recorded()))
        models = {"language_model": engine.name, "similarity_model": options.similarity_model}
        run.write_settings(config, models, sections=("paraphrase",))
        return paraphrase_texts(
            run,
            list(islice(_texts_to_reword(run, options.kinds), options.limit)),
            engine.open,
            lambda: open_judge(options, encoder),
            paraphrase_options(options, engine.name, prompts),
            answers,
            progress,
        )


def forget_captions(run: Run) -> None:
    """Take back the captions of a run, so that they can be made with other settings.

    What the language model has answered stays in the store.

    Raises:
        RunError: captions are being made.
    """
    with run.lock("captions.lock"):
        for shard in run.captions.recorded():
            run.captions.remove(shard)


@dataclass(frozen=True, slots=True)
class Filtered:
    """What one call of the filter has done."""

    scores: ScoreSummary
    selection: dict[str, Any] | None
    """The metadata of selection.parquet; None when scoring was stopped before its end."""


def filter_edits(
    config: RunConfig,
    run: Run,
    progress: Progress,
    *,
    say: Callable[[str], None],
    models: Models | None = None,
) -> Filtered:
    """Score what has no scores yet, and decide which edits are kept.

    With all scores there, no model is loaded and no picture read. Edits that are being made
    meanwhile wait for the next call.

    Args:
        config: its `filter` section says how; a run that has scores keeps the models.
        run: a run with edits.
        progress: hears of pictures that are scored.
        say: told what takes a while.
        models: what to score with in place of the config's.

    Raises:
        ConfigError: an evaluation set is not there.
        DataError: an evaluation set cannot be read.
        EngineError: a model cannot be found, loaded or used.
        RunError: the run is being filtered already, has no edits, or was scored with other models.
    """
    with scores_in_hand(config, run, models) as (found, work):
        size = config.filter.batch_size
        scores = score_run(run, found, work, batch_size=size, progress=progress)
        if scores.stopped:
            return Filtered(scores, None)
        return Filtered(scores, _select(config, run, found, work, say))


def calibrate_filter(
    config: RunConfig,
    run: Run,
    progress: Progress,
    *,
    precision: float,
    models: Models | None = None,
) -> Calibration | None:
    """Find thresholds on a run whose true results are known; selection.parquet stays as it is.

    Args:
        config: as for `filter_edits`, and so are the others.
        run: a run with edits.
        progress: hears of pictures that are scored.
        precision: the least share of kept edits that shall be right, in (0, 1].
        models: what to score with in place of the config's.

    Returns:
        None when scoring was stopped before its end.

    Raises:
        DataError: no right edit is known, or no thresholds are as precise as that.
        EngineError: a model cannot be found, loaded or used.
        RunError: the run is being filtered already, has no edits, or was scored with other models.
    """
    with scores_in_hand(config, run, models) as (found, work):
        size = config.filter.batch_size
        if score_run(run, found, work, batch_size=size, progress=progress).stopped:
            return None
        scored = read_scored(run, work, captions=False)
        return find_thresholds(scored.columns, scored.right, precision=precision)


def forget_scores(run: Run) -> None:
    """Take back the scores of a run, so that it can be scored with other models.

    Raises:
        RunError: the run is being filtered.
    """
    with run.lock("scores.lock"):
        for folder in (run.edit_scores, run.image_scores):
            for shard in folder.recorded():
                folder.remove(shard)


def publish(
    config: RunConfig, run: Run, progress: Progress, *, folder: Path | None = None
) -> Published:
    """Write the edits that are kept as a dataset that others load.

    Args:
        config: its `publish` section says how.
        run: a run with edits, and unless `publish.unfiltered` with a selection.
        progress: hears of rows that are written.
        folder: where the dataset will lie; None for dataset/ in the run.

    Raises:
        RunError: there is nothing to publish, the run is damaged, or is being published already.
    """
    with run.lock("publish.lock"):
        if folder is None:  # what is published elsewhere does not become the run's way
            run.write_settings(config, {}, sections=("publish",))
        made = publish_dataset(run, config.publish, folder or run.path / "dataset", progress)
        rows = {split: size.rows for split, size in made.splits.items()}
        run.log_event("published", path=made.path, rows=rows, unchanged=made.unchanged)
        return made


def push_to_hub(config: RunConfig, made: Published, *, hub: Hub | None = None) -> str:
    """Upload a published dataset to `publish.push_to_hub`; returns its address.

    Raises:
        RunError: the hub cannot be reached or refuses.
    """
    repository = config.publish.push_to_hub or ""
    return push(made.path, repository, private=config.publish.private, hub=hub)


def train_eval(
    config: RunConfig,
    run: Run,
    progress: Progress,
    *,
    arms: Collection[str] | None = None,
    seeds: Collection[int] | None = None,
    kit: Kit | None = None,
) -> dict[str, Any]:
    """Train captioners on every arm as far as that is not done, and say what the data gained.

    Args:
        config: its `train_eval` section says on what; the set `syned` is the run's own dataset
            unless the section has one of this name.
        run: a run, published or not.
        progress: hears of every training.
        arms: those to train now; None for all.
        seeds: those to train with now; None for all.
        kit: what trains and scores, in place of the captioners and metrics of `syned.captioning`.

    Returns:
        What train_eval/gains.json holds.

    Raises:
        ConfigError: a set of pairs is missing.
        DataError: a set cannot be read, or a source image is in training and in the test.
        EngineError: a captioner cannot be trained or used.
        RunError: the run is in use.
    """
    from syned.captioning.gains.experiment import Choice, open_experiment, run_experiment

    if kit is None:
        from syned.captioning.gains.kit import standard_kit

        kit = standard_kit()
    options = with_own_dataset(config.train_eval, run.path / "dataset")
    choice = Choice(arms, seeds)
    material = open_experiment(options, kit, progress, choice)
    with run.lock("train_eval.lock", new=True):
        run.write_settings(config, {}, sections=("train_eval",))
        folder = run.path / "train_eval"
        gains = run_experiment(options, folder, kit, progress, choice, material)
        run.log_event("gains_written", not_done=len(gains["missing"]))
        return gains


def dry_run(config: RunConfig) -> Estimate:
    """Say what a run would cost: plan and edit one batch for real, and leave nothing behind.

    Raises:
        DataError: the source cannot be read, or its first rows hold nothing to edit.
        EngineError: the editor cannot be loaded or used.
    """
    options = config.generate
    with tempfile.TemporaryDirectory(prefix="syned-") as folder:
        source, planned, jobs = _plan_one_batch(config, Path(folder))
    begin = time.monotonic()
    editor = open_editor(config)
    load_seconds = time.monotonic() - begin
    cost = calibrate(editor, jobs, batch_size=options.batch_size, steps=options.steps)
    known = planned.variants > 1 or planned.planned == options.n
    images = planned.images if known else options.n
    return Estimate(
        edits=options.n,
        seconds=options.n * cost.seconds_per_edit,
        load_seconds=load_seconds,
        plan_bytes=round(images * planned.image_bytes / planned.images),
        edits_bytes=round(options.n * cost.bytes_per_edit),
        source_images=images if known else None,
        calibration=cost,
        editor=options.editor,
        source=source.name,
        licence=source.licence,
    )


@contextmanager
def _in_hand(run: Run) -> Iterator[None]:
    """Hold the run's lock, with what a killed call left half-written cleared away."""
    with run.lock(new=True):
        for folder in (run.images, run.requests, run.edits):
            folder.remove_leftovers()
        yield


def _select(
    config: RunConfig, run: Run, models: Models, work: Work, say: Callable[[str], None]
) -> dict[str, Any]:
    options = config.filter
    size = options.batch_size
    sets = known_sets(run, work, options.evaluation, models, batch_size=size, say=say)
    scored = read_scored(run, work, captions=bool(sets))
    return write_selection(
        run,
        scored,
        filter_rules(options, scored.columns),
        contaminations(run, scored, sets, sameness(options)),
        encoder=models.encoder_name,
    )


def _plan_one_batch(config: RunConfig, folder: Path) -> tuple[Source, PlanSummary, list[EditJob]]:
    """A plan of a single batch in a folder that will be thrown away, and its jobs."""
    n = min(config.generate.n, config.generate.batch_size)
    small = config.model_copy(update={"generate": config.generate.model_copy(update={"n": n})})
    run = Run.create_or_open(small, data_dir=folder)
    planned = make_plan(small, run, lambda done, total: None)
    rows = read_rows(run, run.requests.recorded())
    jobs = [EditJob(row.request, row.pixels) for row in rows if row.pixels is not None]
    return open_source(config.source, edited_images=False), planned, jobs


def _texts_to_reword(run: Run, kinds: Collection[TextKind]) -> Iterator[Original]:
    return (text for text in originals(_planned_texts(run)) if text.kind in kinds)


def _planned_texts(run: Run) -> Iterator[dict[str, Any]]:
    columns = ["instruction", "captions", "task", "status"]
    for shard in run.requests.recorded():
        yield from run.requests.read(shard, columns).to_pylist()


def _shards_of(run: Run, n: int) -> list[int]:
    """The shards of the plan that hold its first `n` edits."""
    shards: list[int] = []
    edits = 0
    for shard in run.requests.recorded():
        if edits >= n:
            break
        record = run.requests.record(shard)
        edits += 0 if record is None else record.counts["planned"]
        shards.append(shard)
    return shards


def _open_noted(config: RunConfig, run: Run) -> Editor:
    """Load the editor, and note in the run what it computes on."""
    editor = open_editor(config)
    computed_on = {
        "device": getattr(editor, "device", config.generate.device),
        "dtype": getattr(editor, "dtype", config.generate.dtype),
    }
    run.write_settings(config, computed_on, sections=_OF_GENERATE)
    run.log_event("editor_loaded", versions=run.settings()["versions"])
    return editor


def _check_fingerprint(
    run: Run, config: RunConfig, source: Source, identity: Mapping[str, str]
) -> str:
    """Refuse settings that differ from those the run was made with; before any model loads."""
    of_source = {f"source.{key}": value for key, value in source.fingerprint.items()}
    fields = {**of_source, **edit_settings(config, identity)}
    return run.check_fingerprint("generate", fields, made=bool(run.requests.recorded()))


def _made_with(source: Source, identity: Mapping[str, str]) -> dict[str, object]:
    """What takes part in an edit, for run.yaml: libraries, the editor, the source, its licence."""
    return {
        **library_versions(),
        "editor": dict(identity),
        "source": {
            "name": source.name,
            "revision": source.revision,
            "licence": source.licence,
        },
    }
