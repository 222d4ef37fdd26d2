"""The real vLLM, its offline engine and its server, on a few texts with a real language model.

Run: make vllm, or SYNED_VLLM_PYTHON=OTHER/bin/python pytest -m vllm

A CPU will do. vLLM lies in an environment of its own, whose Python $SYNED_VLLM_PYTHON names.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from syned.run.directory import open_run
from syned.run.records import CAPTION_SCHEMA, Paraphrased, from_rows

PYTHON = os.environ.get("SYNED_VLLM_PYTHON")
pytestmark = [
    pytest.mark.vllm,
    pytest.mark.timeout(600),  # a start takes minutes on a small machine
    pytest.mark.skipif(PYTHON is None, reason="$SYNED_VLLM_PYTHON names no Python with vLLM"),
]
TEXTS, ANSWERS = 6, 2
SETTINGS = {
    "generate.editor": "fake",
    "generate.n": TEXTS,
    "paraphrase.similarity_model": "fake",
    "paraphrase.limit": TEXTS,
    "paraphrase.answers": ANSWERS,
    "paraphrase.rounds": 1,
    "paraphrase.vllm_options": "{dtype: float32, max_model_len: 1024, enforce_eager: true}",
}


def paraphrase(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`syned paraphrase` as a person starts it."""
    settings = {**SETTINGS, "paraphrase.python": PYTHON}
    given = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    start = "from syned.cli import main; main()"
    command = [sys.executable, "-c", start, "paraphrase", "--source", "shapes", *options, *given]
    environment = {
        **os.environ,
        "SYNED_DATA": str(folder),
        "HF_HUB_OFFLINE": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
    }
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def still_running(folder: Path) -> list[str]:
    """Processes that `paraphrase` has started, and theirs: their environment names the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text("utf-8", "replace"))
        except OSError:  # it has ended meanwhile
            continue
    return found


@pytest.mark.parametrize("options", [("--engine", "vllm"), ("--serve",)])
def test_texts_are_answered_and_nothing_is_left_running(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    done = paraphrase(tmp_path, "--model", "smollm2", *options)
    assert done.returncode == 0, done.stderr
    run = open_run("shapes", tmp_path)
    rows = from_rows(run.captions.read(0, CAPTION_SCHEMA.names).to_pylist(), Paraphrased)
    assert [row.asked for row in rows] == [1] * TEXTS
    assert {len(row.candidates) for row in rows} == {ANSWERS}
    assert all(any(candidate.answer.strip() for candidate in row.candidates) for row in rows)
    assert {row.model.partition("@")[0] for row in rows} == {"smollm2"}
    pace = re.search(r"([\d,]+) tokens in .*, ([\d.]+) tokens a second", done.stdout)
    assert pace is not None, done.stdout
    assert float(pace[2]) > 0
    again = paraphrase(tmp_path, "--model", "smollm2", *options)
    assert "this time 0 requests" in again.stdout
    assert still_running(tmp_path) == []
