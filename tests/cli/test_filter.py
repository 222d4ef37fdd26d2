"""`syned filter` from outside: what it prints, what it loads, what a kill leaves, how it exits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image

from syned.config import load_config
from syned.run.directory import Run, open_run
from syned.sources.png import png_bytes
from tests.cli.conftest import run_cli
from tests.scored_run import Made, noise, scored_run

pytest.importorskip("imagehash")
pytest.importorskip("skimage")

ROOT = Path(__file__).parents[2]
BLACK = np.zeros((32, 32, 3), np.uint8)
FAKE = [
    "filter",
    "--run",
    "test",
    "--encoder",
    "fake",
    "--set",
    "filter.thresholds.min_image_similarity=-1",
]


def planted(folder: Path) -> Run:
    """An edit of each kind that must be caught, and one that nothing is wrong with."""
    rows = [
        Made(0, noise(10), task="add", right=True, instruction="Add a kite"),
        Made(1, noise(1), task="add", right=False),
        Made(2, BLACK, task="style", right=False),
        Made(3, noise(13), task="style", right=True),
        Made(4, None, task="style"),
    ]
    return scored_run(folder, [rows[:3], rows[3:]])


def evaluation_of(folder: Path, pixels: NDArray[np.uint8]) -> str:
    """A setting that names a folder with this picture, in another size."""
    (folder / "evaluation").mkdir()
    image = Image.fromarray(pixels).resize((80, 80), Image.Resampling.LANCZOS)
    (folder / "evaluation" / "a.png").write_bytes(png_bytes(image))
    return f"filter.evaluation=[{{name: mine, path: {folder / 'evaluation'}}}]"


def reasons(run: Run) -> list[str]:
    return [row["reason"] for row in pq.read_table(run.path / "selection.parquet").to_pylist()]


def test_planted_faults_are_caught_and_the_funnel_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = planted(tmp_path)
    sets = evaluation_of(tmp_path, noise(3))
    assert run_cli(*FAKE, "--set", sets) == 0
    assert reasons(run) == ["", "nothing_changed", "flat", "contaminated", "failed"]
    out, err = capsys.readouterr()
    assert "kept     1 of 5 edits, 20%" in out
    assert "dropped  1 failed, 1 flat, 1 nothing_changed, 1 contaminated" in out
    assert "dropped  as part of the evaluation set mine: 1 by images, 0 by captions" in out
    assert "right    100.0% of the kept edits (1 of 1), the precision" in out
    assert "kept     50.0% of the right edits (1 of 2), the recall" in out
    funnel = [line.split() for line in out.splitlines()]
    assert ["nothing_changed", "-1", "2", "left"] in funnel
    assert ["style", "0", "of", "3", "1", "failed,", "1", "flat,", "1", "contaminated"] in funnel
    assert "5 source images and 5 edits scored" in out
    assert "pictures: 10 of 10" in err
    assert "evaluation set mine: 1 pictures" in err

    assert run_cli("status", "--run", "test") == 0
    out = capsys.readouterr().out
    assert "kept     1 of 5 edits, 20%" in out
    assert "the precision" in out
    assert "the recall" in out


def test_other_thresholds_decide_again_with_no_model_and_no_picture(tmp_path: Path) -> None:
    """The pictures of the run are gone by then, and model libraries cannot be imported."""
    run = planted(tmp_path)
    assert run_cli(*FAKE) == 0
    assert reasons(run)[0] == ""
    blank = b"\0" * 4096
    for folder in (run.images, run.edits):
        for shard in folder.recorded():
            data = folder.file(shard).read_bytes()
            start = data.index(b"\x89PNG")
            folder.file(shard).write_bytes(data[:start] + blank[:64] + data[start + 64 :])
    code = (
        "import sys\n"
        "for name in ('torch', 'transformers', 'diffusers', 'skimage', 'imagehash'):\n"
        "    sys.modules[name] = None\n"
        "import syned.libraries\n"
        "syned.libraries.find_spec = lambda name: True\n"
        "from syned.cli import main\n"
        "main(sys.argv[1:])"
    )
    setting = "filter.thresholds.min_changed_fraction=1"
    command = [sys.executable, "-c", code, *FAKE, "--set", setting]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "nothing is left: all 5 edits were dropped; lower a threshold" in done.stderr
    assert reasons(run) == [*["nothing_changed"] * 2, "flat", "nothing_changed", "failed"]


def test_settings_are_kept_by_the_run(tmp_path: Path) -> None:
    planted(tmp_path)
    assert run_cli(*FAKE) == 0
    assert run_cli("filter") == 0
    stored = open_run("test", tmp_path).settings()
    assert stored["config"]["filter"]["thresholds"]["min_image_similarity"] == -1
    assert stored["versions"]["image_text_encoder"] == "fake@1"


def test_another_encoder_is_refused_until_everything_is_scored_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = planted(tmp_path)
    assert run_cli(*FAKE) == 0
    before = run.edit_scores.file(0).read_bytes()
    assert run_cli("filter", "--encoder", "bundled:other") == 2
    assert "--set filter.encoder=fake" in capsys.readouterr().err
    assert run.edit_scores.file(0).read_bytes() == before
    assert run_cli(*FAKE, "--redo") == 0
    assert run.edit_scores.file(0).read_bytes() == before


def test_edits_that_come_later_are_scored_by_the_next_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = planted(tmp_path)
    later = run.edits.file(1).read_bytes(), (run.edits.path / "00001.json").read_bytes()
    run.edits.remove(1)
    assert run_cli(*FAKE) == 0
    assert (
        "2 edits of the plan are not made yet; run `syned filter` again when they are"
        in capsys.readouterr().out
    )
    run.edits.file(1).write_bytes(later[0])
    (run.edits.path / "00001.json").write_bytes(later[1])
    assert run_cli("status", "--run", "test") == 0
    assert "2 were made since, so run `syned filter` again" in capsys.readouterr().out
    assert run_cli("filter") == 0
    out = capsys.readouterr().out
    assert "0 source images and 2 edits scored" in out
    assert len(reasons(run)) == 5


def test_a_run_without_edits_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scored_run(tmp_path, [])
    assert run_cli(*FAKE) == 2
    assert "has no edits yet; make some with `syned generate`" in capsys.readouterr().err


def test_calibration_prints_a_config_that_can_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Edits that changed little are the wrong ones here."""
    rows = [Made(n, blended(n, n % 2), right=n % 2 == 1) for n in range(60)]
    run = scored_run(tmp_path, [rows])
    assert run_cli(*FAKE, "--calibrate", "--precision", "0.9") == 0
    out = capsys.readouterr().out
    assert "100.0% of the kept edits are right" in out
    assert not (run.path / "selection.parquet").exists()

    config = tmp_path / "mine.yaml"
    config.write_text(out)
    options = load_config(config).filter
    assert yaml.safe_load(out)["filter"]["thresholds"]["min_directional_similarity"] is None
    file = ["filter", "--config", str(config), "--run", "test", "--encoder", "fake"]
    assert options.thresholds.min_patch_change != 0.03
    assert run_cli(*file) == 0
    assert reasons(run).count("") == 30


def blended(number: int, much: int) -> NDArray[np.uint8]:
    """The source image, and a little or much of another."""
    other = noise(number + 100).astype(np.float64)
    share = 0.9 if much else 0.2
    return (noise(number) * (1 - share) + other * share).astype(np.uint8)


def test_calibration_without_a_truth_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scored_run(tmp_path, [[Made(0, noise(10))]])
    assert run_cli(*FAKE, "--calibrate") == 2
    assert "no edit of this run is known to be right" in capsys.readouterr().err


SLOW = """
import sys, time
from syned.models.fake import FakeImageTextEncoder
embed = FakeImageTextEncoder.embed_images
def slow(self, images):
    time.sleep(0.05)
    return embed(self, images)
FakeImageTextEncoder.embed_images = slow
from syned.cli import main
main(sys.argv[1:])
"""
BATCHES = ["--set", "filter.batch_size=2"]


def many(folder: Path) -> Run:
    made = [Made(n, noise(n + 50)) for n in range(24)]
    return scored_run(folder, [made[first : first + 4] for first in range(0, 24, 4)])


def start_slowly(data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SLOW, *FAKE, *BATCHES],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SYNED_DATA": str(data_dir)},
        # What a shell has put into the background ignores SIGINT, and so does what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 100
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)


def files_of(run: Run) -> dict[str, bytes]:
    paths = [*sorted((run.path / "scores").rglob("*.parquet")), run.path / "selection.parquet"]
    return {path.relative_to(run.path).as_posix(): path.read_bytes() for path in paths}


def test_a_filter_that_is_killed_goes_on_and_ends_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, killed = many(tmp_path / "whole"), many(tmp_path / "killed")
    monkeypatch.setenv("SYNED_DATA", str(tmp_path / "whole"))
    assert run_cli(*FAKE, *BATCHES) == 0
    for shard in (0, 2):
        with start_slowly(tmp_path / "killed") as process:
            wait_for(killed.edit_scores.path / f"{shard:05d}.json", process)
            process.kill()
        assert process.returncode == -signal.SIGKILL
        assert not (killed.path / "selection.parquet").exists()
    kept = {shard: killed.edit_scores.file(shard).stat().st_mtime_ns for shard in (0, 2)}
    monkeypatch.setenv("SYNED_DATA", str(tmp_path / "killed"))
    assert run_cli(*FAKE, *BATCHES) == 0
    assert files_of(killed) == files_of(whole)
    for shard, time_ns in kept.items():
        assert killed.edit_scores.file(shard).stat().st_mtime_ns == time_ns


def test_ctrl_c_keeps_finished_scores_and_says_how_to_go_on(tmp_path: Path) -> None:
    run = many(tmp_path)
    with start_slowly(tmp_path) as process:
        wait_for(run.edit_scores.path / "00000.json", process)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=100)
    assert process.returncode == 130, errors
    assert "stopping after the batch in hand" in errors
    assert "`syned filter --run test` goes on" in errors
    assert 0 in run.edit_scores.done()
    assert not (run.path / "selection.parquet").exists()


def test_a_second_filter_of_one_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = planted(tmp_path)
    with run.lock("scores.lock"):
        assert run_cli(*FAKE) == 2
    assert "is in use by process" in capsys.readouterr().err
    with run.lock():  # who generates does not stand in the way
        assert run_cli(*FAKE) == 0
