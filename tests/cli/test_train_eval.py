"""`syned train-eval` from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import run_cli

ROOT = Path(__file__).parents[2]
CONFIG = {
    "train_eval": {
        "sets": {"real": {"kind": "shapes", "limit": 6}},
        "validation": {"kind": "shapes", "split": "validation", "limit": 3},
        "test": {"kind": "shapes", "split": "test", "limit": 5},
        "arms": {"real": [["real"]]},
        "captioners": {
            "small": {
                "model": {
                    "kind": "blip2idc",
                    "new": {
                        "image_size_px": 32,
                        "width": 16,
                        "heads": 2,
                        "vision_layers": 1,
                        "qformer_layers": 1,
                        "text_layers": 1,
                        "query_tokens": 2,
                    },
                },
                "training": {"steps": 2, "batch_size": 2},
            }
        },
        "seeds": [0],
        "bootstrap": 100,
        "examples": 2,
    }
}


def train_eval(*arguments: str) -> int:
    """Exit status of the command."""
    return run_cli("train-eval", *arguments)


def config_file(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump({"train_eval": {**CONFIG["train_eval"], **changes}}))
    return path


@pytest.mark.slow
def test_it_trains_scores_and_says_where_the_report_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setenv("PATH", "/nowhere")  # without Java, which takes a while to start
    file = config_file(tmp_path)
    assert train_eval("--config", str(file)) == 0
    out, err = capsys.readouterr()
    folder = tmp_path / "small" / "train_eval"
    assert "small: CIDEr x 100 on 5 test pairs, and the gain over real" in out
    assert f"report   {folder / 'gains.md'}" in out
    assert "trainings: 1 of 1" in err
    assert "small, real, seed 0: step 2 of 2" in err
    assert "not comparable with papers" in (folder / "gains.md").read_text()
    trial = folder / "small" / "real" / "seed-0"
    assert len((trial / "predictions.jsonl").read_text().splitlines()) == 5
    assert (trial / "weights" / "captioner.json").is_file()

    before = (trial / "metrics.json").stat().st_mtime_ns
    assert train_eval() == 0  # the run that was used last
    assert (trial / "metrics.json").stat().st_mtime_ns == before
    assert json.loads((folder / "gains.json").read_text())["missing"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--arms", "reel"], "syned: reel: not among train_eval.arms; there are real\n"),
        (["--seeds", "5"], "syned: 5: not among train_eval.seeds; there are 0\n"),
        (["--seeds", "a"], "syned: --seeds is 'a'; whole numbers with commas are expected\n"),
        (
            ["--set", "train_eval.test=null"],
            (
                "syned: train_eval.test is missing; it must say where real pairs for test are, "
                "such as {kind: spot_the_diff, path: FOLDER, split: test}\n"
            ),
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert train_eval("--config", str(config_file(tmp_path)), *arguments) == 2
    assert capsys.readouterr().err == message


def test_a_run_that_is_not_published_is_told_to_publish_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = config_file(tmp_path, arms={"real": [["real"]], "both": [["real", "syned"]]})
    assert train_eval("--config", str(file)) == 2
    assert "publish the run with `syned publish`" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ctrl_c_says_how_to_go_on_and_exits_130(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    training = {"steps": 100_000, "batch_size": 2, "save_every": 5, "eval_every": 50_000}
    (captioner,) = CONFIG["train_eval"]["captioners"].values()  # type: ignore[attr-defined]
    file = config_file(tmp_path, captioners={"small": {**captioner, "training": training}})
    command = [sys.executable, "-c", "from syned.cli import main; main()", "train-eval"]
    with subprocess.Popen(
        [*command, "--config", str(file)],
        cwd=ROOT,
        env={**os.environ, "PATH": "/nowhere"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 400
        while not list(tmp_path.rglob("checkpoint-*")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == (
        "syned: stopped; finished trainings are kept, and the one in hand goes on from its last "
        "checkpoint: `syned train-eval --run small`"
    )
