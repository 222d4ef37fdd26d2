"""`syned generate` from outside: what it prints, where, and how it exits."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from syned.run.directory import Run, open_run
from syned.run.status import summary
from tests.cli.conftest import SHAPES, run_cli

ROOT = Path(__file__).parents[2]


def test_generate_says_what_it_made_and_where_to_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(*SHAPES, "--n", "8") == 0
    out, err = capsys.readouterr()
    assert str(tmp_path / "shapes") in out
    assert "8 done of 8 planned" in out
    assert "s an edit" in out
    assert "right: at most half as far from the true result as the source image is" in out
    assert (tmp_path / "shapes" / "contact_sheet.png").is_file()
    assert str(tmp_path / "shapes" / "contact_sheet.png") in out
    assert "edits: 8 of 8" in err


def test_a_larger_n_goes_on_with_the_run_used_last_and_its_own_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(*SHAPES, "--n", "8", "--set", "generate.shard_rows=4") == 0
    before = (tmp_path / "shapes" / "edits" / "00000.parquet").read_bytes()
    assert run_cli("generate", "--n", "12") == 0
    assert "12 done of 12 planned" in capsys.readouterr().out
    assert (tmp_path / "shapes" / "edits" / "00000.parquet").read_bytes() == before
    config = open_run(None, tmp_path).settings()["config"]
    assert config["generate"]["editor"] == "fake"
    assert config["generate"]["shard_rows"] == 4


def test_a_run_is_gone_on_with_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        assert run_cli(*SHAPES, "--n", "4", "--run", name) == 0
    assert run_cli("generate", "--run", "one", "--n", "5") == 0
    capsys.readouterr()
    assert run_cli("status", "--run", "two") == 0
    assert "4 done of 4 planned" in capsys.readouterr().out
    assert run_cli("status", "--run", "one") == 0
    assert "5 done of 5 planned" in capsys.readouterr().out


def test_a_copied_run_goes_on_as_itself(tmp_path: Path) -> None:
    assert run_cli(*SHAPES, "--n", "4") == 0
    shutil.copytree(tmp_path / "shapes", tmp_path / "007")
    assert run_cli("generate", "--run", "007", "--n", "8") == 0
    edits = {name: Run(tmp_path / name).edits for name in ("shapes", "007")}
    rows = {name: sum(made.read(s).num_rows for s in made.done()) for name, made in edits.items()}
    assert rows == {"shapes": 4, "007": 8}


def test_failed_edits_are_made_again_only_by_the_command_that_asks(tmp_path: Path) -> None:
    assert run_cli(*SHAPES, "--n", "4", "--retry-failed") == 0
    assert open_run(None, tmp_path).settings()["config"]["generate"]["retry_failed"] is True
    assert run_cli("generate") == 0
    assert open_run(None, tmp_path).settings()["config"]["generate"]["retry_failed"] is False


def test_other_settings_are_refused_with_what_differs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_cli(*SHAPES, "--n", "4") == 0
    assert run_cli("generate", "--set", "generate.steps=3") == 2
    err = capsys.readouterr().err
    assert "steps 2, this config says 3" in err
    assert "--run NAME" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate"], "no run was used"),
        (["generate", "--source", "shape"], "did you mean 'shapes'?"),
        (["generate", "--source", "shapes", "--config", "a.yaml"], "give one of them"),
        (["generate", "--config", "nowhere.yaml"], "nowhere.yaml is not there"),
        ([*SHAPES, "--n", "0"], "generate.n is 0; at least 1 is needed"),
        ([*SHAPES, "--set", "generate.stepz=4"], "did you mean generate.steps?"),
        ([*SHAPES, "--device", "abacus"], "generate.device is 'abacus'"),
        (["generate", "--source", "folder"], "source.path is missing"),
    ],
)
def test_a_mistake_is_one_plain_message_and_exit_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("syned: ")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "text", ["make it: night", '"quoted"', "#1", "null", "[a, b]", "夜 🐐", "a=b", "two\nlines"]
)
def test_an_instruction_reaches_the_config_as_it_was_typed(tmp_path: Path, text: str) -> None:
    (tmp_path / "photos").mkdir()
    write_picture(tmp_path / "photos" / "a.png")
    folder = ["generate", "--source", "folder", "--path", str(tmp_path / "photos")]
    small = ["--editor", "fake", "--n", "1", "--set", "source.image_size_px=64"]
    assert run_cli(*folder, "--instruction", text, *small) == 0
    config = yaml.safe_load((tmp_path / "folder" / "run.yaml").read_text("utf-8"))["config"]
    assert config["source"]["instruction"] == text


def write_picture(path: Path) -> None:
    from PIL import Image

    Image.effect_mandelbrot((64, 48), (-2.0, -1.5, 1.0, 1.5), 50).convert("RGB").save(path)


def test_a_dry_run_says_what_a_run_would_cost_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(*SHAPES, "--n", "500", "--dry-run") == 0
    out = capsys.readouterr().out
    assert "500" in out
    assert "s an edit" in out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("n", "begun"), [(20000, "plan/requests"), (320, "edits")])
def test_ctrl_c_keeps_what_is_finished_says_how_to_go_on_and_exits_130(
    tmp_path: Path, n: int, begun: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*SHAPES, "--n", str(n), "--set", "generate.shard_rows=8"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from syned.cli import main; main()", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell has put into the background ignores SIGINT, and so does what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_for(tmp_path / "shapes" / begun / "00001.json", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "`syned generate --run shapes` goes on" in err
    kept = summary(open_run("shapes", tmp_path))
    assert f"{kept.done:,} edits are kept" in err
    assert kept.remaining > 0
    assert run_cli("status") == 0
    assert f"{kept.remaining:,} to do" in capsys.readouterr().out


def test_ctrl_c_before_anything_is_made_says_how_to_go_on_as_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("syned.pipeline.make_plan", stopped)
    assert run_cli(*SHAPES) == 130
    assert "0 edits are kept" in capsys.readouterr().err


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
