"""docs/python.md: each block of code runs, in order, and prints what the page says."""

from __future__ import annotations

import re
import shutil
import warnings
from pathlib import Path

import pytest

pytest.importorskip("torch")

import syned
from syned.captioning.metrics.java import java_is_there
from syned.captioning.training.train import Phase, train_captioner
from syned.config import TrainingConfig, TwoStreamConfig
from tests.tiny_captioners import DrawnPairs, drawn_pairs, write_clip

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text("utf-8")
JAVA = java_is_there()
TRAINED = "data/shapes/train_eval/two_stream/real/seed-0/weights"
"""Where the page finds a captioner, whose training would take minutes."""


def blocks_of(page: str) -> list[tuple[str, str | None]]:
    """The blocks of code of a page, each with the output that the page shows below it."""
    found = re.findall(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", page, re.M | re.S)
    return [(code, output or None) for code, output in found]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A captioner that has learned next to nothing."""
    folder = tmp_path_factory.mktemp("trained")
    config = TwoStreamConfig(encoder=str(write_clip(folder / "clip")), width=16, heads=2)
    phases = [Phase(drawn_pairs(4))]
    train_captioner(
        config,
        TrainingConfig(steps=1, batch_size=4),
        phases,
        DrawnPairs(),
        folder / "weights",
        seed=0,
        say=lambda text: None,
    )
    return folder / "weights"


def test_each_block_runs_and_prints_what_the_page_shows(
    tmp_path: Path,
    trained: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNED_DATA", raising=False)
    names: dict[str, object] = {}
    for code, output in blocks_of(PAGE):
        if TRAINED in code:
            shutil.copytree(trained, tmp_path / TRAINED)
        capsys.readouterr()
        with warnings.catch_warnings():
            if not JAVA:
                warnings.filterwarnings("ignore", "there is no Java")
            exec(compile(code, "docs/python.md", "exec"), names)
        printed = capsys.readouterr().out
        if output is not None and (JAVA or "METEOR" not in output):
            assert printed == output, code


def test_the_page_has_no_other_code_than_its_blocks_and_their_output() -> None:
    assert PAGE.count("```") == 2 * sum(1 + (shown is not None) for _, shown in blocks_of(PAGE))


@pytest.mark.parametrize("name", syned.__all__)
def test_the_table_of_the_page_has_each_public_name(name: str) -> None:
    table = PAGE.partition("## All names")[2]
    assert f"`syned.{name}`" in table
