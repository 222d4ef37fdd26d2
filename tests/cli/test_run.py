"""`syned run` from outside: which steps it takes, in which order, and how it stops."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from tests.cli.conftest import run_cli

CONFIG: dict[str, Any] = {
    "source": {"kind": "shapes", "image_size_px": 64, "limit": 8},
    "generate": {"editor": "fake", "n": 8},
}
FURTHER: dict[str, Any] = {
    "paraphrase": {
        "engine": "fake",
        "similarity_model": "fake",
        "similarity_threshold": -1,
        "word_threshold": -1,
        "limit": 2,
    },
    "filter": {
        "encoder": "fake",
        "thresholds": {
            "min_image_similarity": -1,
            "max_image_similarity": None,
            "min_source_text_similarity": None,
            "min_edited_text_similarity": None,
            "min_directional_similarity": None,
            "min_patch_change": None,
        },
    },
    "publish": {},
}


def config_file(folder: Path, config: dict[str, Any]) -> Path:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def steps(out: str) -> list[str]:
    return [line[4:] for line in out.splitlines() if line.startswith("--- ")]


def test_only_the_steps_that_a_config_names_are_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli("run", str(config_file(tmp_path, CONFIG))) == 0
    assert steps(capsys.readouterr().out) == ["generate", "report"]
    assert (tmp_path / "mine" / "report.html").is_file()
    assert not (tmp_path / "mine" / "captions").exists()


def test_all_steps_are_taken_in_order_and_not_done_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for library in ("imagehash", "skimage", "jinja2"):
        pytest.importorskip(library)
    file = config_file(tmp_path, CONFIG | FURTHER)
    assert run_cli("run", str(file), "--run", "first", "--set", "generate.n=6") == 0
    out = capsys.readouterr().out
    assert steps(out) == ["generate", "paraphrase", "filter", "publish", "report"]
    assert "6 done of 6 planned" in out
    assert (tmp_path / "first" / "dataset" / "README.md").is_file()
    assert run_cli("run", str(file), "--run", "first", "--set", "generate.n=6") == 0
    out = capsys.readouterr().out
    assert "this time 0 requests to the model" in out
    assert "the rows were published before" in out


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), typer.Exit(130)])
def test_a_step_that_is_stopped_says_how_all_of_it_goes_on_and_exits_130(
    stop: BaseException,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stopped(*arguments: object) -> None:
        raise stop

    # The name syned.cli.run is that of the command in its package.
    monkeypatch.setattr(import_module("syned.cli.run"), "make_edits", stopped)
    assert run_cli("run", str(config_file(tmp_path, CONFIG))) == 130
    out, err = capsys.readouterr()
    assert steps(out) == ["generate"]
    assert "`syned run` was stopped at generate; the same command goes on" in err


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("shape", "did you mean 'shapes'?"),
        ("nowhere.yaml", "nowhere.yaml is not there"),
    ],
)
def test_a_config_that_is_not_there_is_one_line(
    config: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli("run", config) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
