"""The stages from a config to a dataset: what each makes, refuses and leaves alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from syned import pipeline
from syned.config import ParaphraseConfig, RunConfig, SourceConfig
from syned.errors import ConfigError, EngineError, RunError, SynedError
from syned.generate.shards import GenerateSummary
from syned.models.fake import FakeEditor
from syned.paraphrase.shards import ParaphraseSummary
from syned.resources import prompt_path
from syned.run.directory import Run
from syned.run.records import EditJob, EditResult
from syned.run.status import caption_examples, caption_summary, summary
from tests.conftest import HeardProgress, make_config, new_run, silent


class TruthfulEditor(FakeEditor):
    """Answers with the true result for some tasks, with the source image for all others."""

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tasks

    def _edit_one(self, job: EditJob) -> EditResult:
        from syned.sources.png import decode

        truth = job.request.true_image
        if job.request.task in self.tasks and truth is not None:
            return EditResult(decode(truth))
        return EditResult(job.pixels)


def work(run: Run, config: RunConfig, editor: FakeEditor | None = None) -> GenerateSummary:
    pipeline.make_plan(config, run, silent)
    return pipeline.generate(config, run, HeardProgress(), editor=editor)


def bytes_of(run: Run) -> dict[str, bytes]:
    files = sorted(run.path.rglob("*.parquet"))
    return {path.relative_to(run.path).as_posix(): path.read_bytes() for path in files}


def test_a_config_becomes_as_many_edits_as_it_asks_for(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), make_config(n=10)

    made = work(run, config)

    told = summary(run)
    assert (made.done, told.planned, told.done, told.remaining) == (10, 10, 10, 0)
    assert told.failed_by_reason == {}
    assert told.seconds_per_edit is not None
    assert told.size_bytes == sum(len(data) for data in bytes_of(run).values())


def test_the_same_command_again_does_nothing(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), make_config()
    work(run, config)
    before = bytes_of(run)

    assert work(run, config).shards_made == 0
    assert bytes_of(run) == before


def test_a_larger_n_adds_shards_and_leaves_the_old_ones_as_they_are(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    work(run, make_config(n=6))
    before = bytes_of(run)

    made = work(run, make_config(n=11))

    after = bytes_of(run)
    assert summary(run).done == 11
    assert made.done == 5
    assert {name: after[name] for name in before} == before


def test_a_smaller_n_makes_only_the_first_edits_of_a_plan(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    pipeline.make_plan(make_config(n=12), run, silent)

    made = pipeline.generate(make_config(n=4), run, HeardProgress())

    assert (made.done, summary(run).remaining) == (4, 8)


def test_the_edits_of_a_plan_do_not_depend_on_batch_size(tmp_path: Path) -> None:
    one, two = make_config("one", batch_size=1), make_config("two", batch_size=4)
    runs = [new_run(tmp_path, one), new_run(tmp_path, two)]

    for run, config in zip(runs, (one, two), strict=True):
        work(run, config)

    assert bytes_of(runs[0]) == bytes_of(runs[1])


@pytest.mark.parametrize(
    "changed", [{"steps": 5}, {"guidance_scale": 3.0}, {"image_guidance_scale": 2.0}, {"seed": 1}]
)
def test_settings_that_would_change_the_edits_are_refused_before_a_model_is_loaded(
    tmp_path: Path, changed: dict[str, float]
) -> None:
    run = new_run(tmp_path)
    work(run, make_config())
    other = make_config(**changed)

    with pytest.raises(RunError, match=next(iter(changed))):
        pipeline.make_plan(other, run, silent)
    with pytest.raises(RunError, match=next(iter(changed))):
        pipeline.generate(other, run, HeardProgress(), editor=_Never())


class _Never(FakeEditor):
    def edit(self, jobs: Sequence[EditJob], *, steps: int) -> list[EditResult]:
        raise AssertionError("the editor was used")


def test_right_edits_are_counted_by_task(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), make_config(n=16)

    work(run, config, TruthfulEditor(["style"]))

    told = summary(run)
    scores = {score.task: (score.right, score.judged) for score in told.tasks}
    assert scores["style"] == (2, 2)
    assert scores["add"] == (0, 2)
    assert (told.judged, told.right) == (16, 2)


def test_failed_edits_are_counted_by_reason(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), make_config(n=4)
    pipeline.make_plan(config, run, silent)
    first = run.requests.read(0, ["instruction"]).column("instruction")[0].as_py()

    pipeline.generate(config, run, HeardProgress(), editor=FakeEditor(fail={first: "flat_image"}))

    told = summary(run)
    assert told.failed_by_reason == {"flat_image": told.failed}
    assert told.done + told.failed == 4


def test_a_run_remembers_the_versions_of_everything_that_took_part(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    work(run, make_config())

    text = (run.path / "run.yaml").read_text()

    for name in ("torch", "diffusers", "transformers", "pyarrow", "pillow", "python", "licence"):
        assert name in text


def test_what_a_killed_call_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), make_config()
    work(run, config)
    folders = (run.images.path, run.requests.path, run.edits.path)
    leftovers = [folder / "00009.parquet.tmp-1" for folder in folders]
    for path in leftovers:
        path.write_bytes(b"half")

    work(run, config)

    assert not any(path.exists() for path in leftovers)


def test_a_run_in_use_is_refused(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), make_config()

    with run.lock(), pytest.raises(RunError, match="is in use"):
        pipeline.make_plan(config, run, silent)


def test_a_dry_run_estimates_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNED_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    estimate = pipeline.dry_run(make_config(n=1000))

    assert estimate.edits == 1000
    assert estimate.seconds > 0
    assert 1000 * 500 < estimate.edits_bytes < 1000 * 20_000
    assert not list(tmp_path.glob("*/*"))


def test_every_stage_of_the_table_says_what_it_reads_and_writes() -> None:
    names = [stage.name for stage in pipeline.STAGES]
    assert names == ["generate", "paraphrase", "filter", "publish", "train-eval"]
    assert all(stage.command.startswith("syned ") for stage in pipeline.STAGES)


def with_paraphrases(config: RunConfig, **changes: object) -> RunConfig:
    settings = {"engine": "fake", "similarity_threshold": -1, "word_threshold": -1, **changes}
    return config.model_copy(update={"paraphrase": ParaphraseConfig.model_validate(settings)})


def paraphrase(run: Run, config: RunConfig) -> ParaphraseSummary:
    return pipeline.paraphrase(config, run, HeardProgress(), say=lambda text: None)


def test_the_texts_of_a_plan_are_paraphrased_before_and_after_the_edits(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), with_paraphrases(make_config(n=6))
    pipeline.make_plan(config, run, silent)
    first = paraphrase(run, config)
    pipeline.generate(config, run, HeardProgress())
    again = paraphrase(run, config)
    told = caption_summary(run)
    assert told is not None
    assert first.texts == told.texts == again.texts > 6
    assert again.requests == again.made == 0
    assert summary(run).done == 6
    assert run.settings()["versions"]["language_model"] == "fake@1"
    examples = caption_examples(run, 3)
    assert len(examples) == 3
    assert all(paraphrases for _, paraphrases in examples)


def test_a_plan_with_the_same_texts_again_asks_nothing_new(tmp_path: Path) -> None:
    run, small, large = new_run(tmp_path), make_config(n=6), make_config(n=30)
    limited = SourceConfig(kind="shapes", image_size_px=64, limit=6)
    small, large = (
        with_paraphrases(c.model_copy(update={"source": limited})) for c in (small, large)
    )
    pipeline.make_plan(small, run, silent)
    first = paraphrase(run, small)
    pipeline.make_plan(large, run, silent)
    assert sum(len(run.requests.read(s)) for s in run.requests.done()) == 30
    again = paraphrase(run, large)
    assert again.texts == first.texts
    assert again.requests == 0


def test_paraphrases_are_made_beside_the_edits(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), with_paraphrases(make_config())
    pipeline.make_plan(config, run, silent)
    with run.lock():
        assert paraphrase(run, config).made > 0
    with run.lock("captions.lock"), pytest.raises(RunError, match="in use by"):
        paraphrase(run, config)


def test_a_limit_takes_the_first_texts(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), with_paraphrases(make_config(), limit=5)
    pipeline.make_plan(config, run, silent)
    assert paraphrase(run, config).texts == 5


def test_only_texts_of_the_kinds_asked_for_are_paraphrased(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    config = with_paraphrases(make_config(n=6), kinds=["caption"])
    pipeline.make_plan(config, run, silent)
    paraphrase(run, config)
    rows = [row for s in run.captions.done() for row in run.captions.read(s).to_pylist()]
    assert {row["kind"] for row in rows} == {"caption"}
    assert len(rows) > 6


def test_other_answers_are_refused_and_other_thresholds_are_not(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), with_paraphrases(make_config())
    pipeline.make_plan(config, run, silent)
    paraphrase(run, config)
    judged = paraphrase(run, with_paraphrases(make_config(), similarity_threshold=0.99))
    assert (judged.requests > 0, judged.known > 0) == (True, True)
    other = with_paraphrases(make_config(), temperature=0.5)
    with pytest.raises(RunError) as caught:
        paraphrase(run, other)
    assert str(caught.value) == (
        f"{run.path}/captions was made with temperature 0.9, this config says 0.5; "
        "go on with --set paraphrase.temperature=0.9 or start another run with --run NAME"
    )
    pipeline.forget_captions(run)
    assert caption_summary(run) is None
    assert paraphrase(run, other).made > 0


def test_another_prompt_is_another_fingerprint(tmp_path: Path) -> None:
    run, config = new_run(tmp_path), with_paraphrases(make_config())
    pipeline.make_plan(config, run, silent)
    paraphrase(run, config)
    mine = tmp_path / "mine.md"
    mine.write_text(prompt_path("paraphrase_caption").read_text("utf-8") + "\n", "utf-8")
    with pytest.raises(RunError, match="captions was made with caption_prompt"):
        paraphrase(run, with_paraphrases(make_config(), caption_prompt=str(mine)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"engine": "server"}, "paraphrase.url is missing"),
        ({"engine": "vllm", "serve": True}, "set paraphrase.engine to server"),
        ({"engine": "vllm", "url": "http://x/v1"}, "'vllm', which asks no server; leave it out"),
        ({"engine": "fake", "caption_prompt": "nonsense"}, "'nonsense' is no prompt"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_before_anything_loads(
    tmp_path: Path, settings: dict[str, object], message: str
) -> None:
    run = new_run(tmp_path)
    with pytest.raises(ConfigError, match=message):
        paraphrase(run, with_paraphrases(make_config(), **settings))


def test_a_model_that_is_nowhere_is_said_to_be_missing(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    with pytest.raises(EngineError, match="language model 'nowhere' is neither a folder nor"):
        paraphrase(run, with_paraphrases(make_config(), engine="transformers", model="nowhere"))


@pytest.mark.parametrize("limit", [5, None])
def test_further_source_rows_are_refused_once_their_variants_are_begun(
    tmp_path: Path, limit: int | None
) -> None:
    def limited(limit: int | None, n: int) -> RunConfig:
        source = SourceConfig(kind="shapes", image_size_px=64, limit=limit)
        return make_config(n=n).model_copy(update={"source": source})

    run = new_run(tmp_path, limited(3, 3))
    pipeline.make_plan(limited(3, 3), run, silent)
    assert pipeline.make_plan(limited(4, 4), run, silent).source_rows == 4
    assert pipeline.make_plan(limited(4, 6), run, silent).variants == 2
    with pytest.raises(RunError, match=r"has source.limit 4 .*--set source.limit=4 or start"):
        pipeline.make_plan(limited(limit, 9), run, silent)
    assert pipeline.make_plan(limited(4, 9), run, silent).planned == 9


def test_a_source_that_cannot_be_opened_leaves_no_run_behind(tmp_path: Path) -> None:
    missing = SourceConfig(kind="folder", path=str(tmp_path / "nowhere"), instruction="add a cat")
    config = make_config().model_copy(update={"source": missing})
    run = Run.create_or_open(config, data_dir=tmp_path / "data")
    with pytest.raises(SynedError, match="nowhere"):
        pipeline.make_plan(config, run, silent)
    assert not (tmp_path / "data").exists()


def test_an_editor_that_cannot_be_found_leaves_no_run_behind(tmp_path: Path) -> None:
    config = make_config(editor="./nowhere")
    run = Run.create_or_open(config, data_dir=tmp_path / "data")
    with pytest.raises(SynedError, match="nowhere"):
        pipeline.make_plan(config, run, silent)
    assert not (tmp_path / "data").exists()


def test_what_needs_a_plan_makes_no_run_of_its_own(tmp_path: Path) -> None:
    config = make_config()
    run = Run.create_or_open(config, data_dir=tmp_path / "data")
    with pytest.raises(RunError, match=r"has no run 'test'"):
        pipeline.filter_edits(config, run, HeardProgress(), say=print)
    with pytest.raises(RunError, match=r"has no run 'test'"):
        pipeline.publish(config, run, HeardProgress())
    assert not (tmp_path / "data").exists()


def test_pairs_that_cannot_be_opened_leave_no_run_behind(tmp_path: Path) -> None:
    config = make_config()
    run = Run.create_or_open(config, data_dir=tmp_path / "data")
    with pytest.raises(SynedError, match=r"train_eval\.sets is empty"):
        pipeline.train_eval(config, run, HeardProgress())
    assert not (tmp_path / "data").exists()
