"""Runs and datasets of earlier versions are read; those of later ones are refused in words.

`tests/fixtures/made_by_0_1` is a run of 12 edits of the shapes world by the fake editor, made by
Syned 0.1.0 before run.yaml said its schema_version: planned, edited, paraphrased, scored, filtered
and published.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from syned import pipeline
from syned.captioning.data.readers import open_pairs
from syned.config import PairSource, RunConfig
from syned.errors import RunError
from syned.run.directory import SCHEMA_VERSION, SETTINGS_FILE, Run, open_run
from syned.run.status import caption_summary, selection_summary, summary
from syned.settings import load_settings
from tests.conftest import HeardProgress, silent

MADE = Path(__file__).parents[1] / "fixtures" / "made_by_0_1"


@pytest.fixture
def earlier(tmp_path: Path) -> Run:
    shutil.copytree(MADE, tmp_path / MADE.name)
    return open_run(MADE.name, tmp_path)


def config_of(run: Run, *overrides: str) -> RunConfig:
    return load_settings(RunConfig, run.path / SETTINGS_FILE, overrides, section="config")


def test_an_earlier_run_is_read(earlier: Run) -> None:
    assert "schema_version" not in earlier.settings()
    told = summary(earlier)
    assert (told.planned, told.done, told.remaining) == (12, 12, 0)
    captions, selection = caption_summary(earlier), selection_summary(earlier)
    assert captions is not None
    assert captions.texts == 8
    assert selection is not None
    assert (selection.whole.edits, selection.behind) == (12, 0)


def test_an_earlier_run_goes_on_and_keeps_what_it_has(earlier: Run) -> None:
    before = {path: path.read_bytes() for path in (earlier.path / "edits").iterdir()}
    config = config_of(earlier, "generate.n=20", "source.limit=6")
    pipeline.make_plan(config, earlier, silent)
    made = pipeline.generate(config, earlier, HeardProgress())
    assert made.done + made.failed == 8
    assert {path: path.read_bytes() for path in before} == before
    assert earlier.settings()["schema_version"] == SCHEMA_VERSION
    assert pipeline.filter_edits(config, earlier, HeardProgress(), say=print).scores.known == 12
    assert pipeline.publish(config, earlier, HeardProgress()).splits["train"].rows >= 1


def test_an_earlier_dataset_is_read_by_captioners() -> None:
    source = PairSource(kind="published", path=str(MADE / "dataset"))
    pairs = open_pairs(source)
    assert len(pairs.infos) == 1
    assert pairs.images(0)[0].size == (64, 64)


def test_a_run_of_a_newer_version_is_refused_in_words(earlier: Run) -> None:
    path = earlier.path / SETTINGS_FILE
    newer = {"schema_version": SCHEMA_VERSION + 1, **yaml.safe_load(path.read_text())}
    newer["versions"]["syned"] = "9.0.0"
    path.write_text(yaml.safe_dump(newer))
    with pytest.raises(RunError, match=r"written by Syned 9\.0\.0.*update Syned, or start another"):
        open_run(earlier.name, earlier.path.parent)
    with pytest.raises(RunError, match="update Syned"):
        earlier.write_settings(config_of(Run(MADE)), {}, sections=("filter",))
