"""A run directory: its settings, its fingerprints, its locks, and how it is found again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from syned.config import RunConfig
from syned.errors import RunError
from syned.run.directory import SCHEMA_VERSION, Run, default_data_dir, open_run
from tests.conftest import make_job, new_run, plan_of


def _config(name: str = "one", **generate: Any) -> RunConfig:
    return RunConfig.model_validate({"name": name, "generate": generate})


def _run(data_dir: Path, name: str = "one") -> Run:
    return new_run(data_dir, _config(name))


def _planned_run(data_dir: Path) -> Run:
    run = _run(data_dir)
    plan_of(run, [[make_job(0)]])
    return run


def test_a_new_run_knows_its_settings_before_the_first_shard(tmp_path: Path) -> None:
    run = new_run(tmp_path, _config(steps=7))
    assert run.path == tmp_path / "one"
    assert run.settings()["config"]["generate"]["steps"] == 7


def test_opening_a_run_again_changes_nothing(tmp_path: Path) -> None:
    _run(tmp_path).check_fingerprint("plan", {"a": 1}, made=False)
    before = (tmp_path / "one/run.yaml").read_bytes()
    Run.create_or_open(_config(steps=7), data_dir=tmp_path)
    assert (tmp_path / "one/run.yaml").read_bytes() == before


def test_new_settings_keep_the_fingerprints(tmp_path: Path) -> None:
    run = _run(tmp_path)
    run.check_fingerprint("plan", {"a": 1}, made=False)
    versions = {"torch": "2.13", "source": {"name": "shapes"}}
    run.write_settings(_config(n=9), versions, sections=["generate"])
    assert run.settings()["config"]["generate"]["n"] == 9
    assert run.settings()["versions"] == {"torch": "2.13", "source": {"name": "shapes"}}
    assert run.settings()["fingerprints"] == {"plan": {"a": 1}}


def test_sections_of_other_stages_and_other_versions_stay(tmp_path: Path) -> None:
    run = _run(tmp_path)
    run.write_settings(_config(n=9), {"torch": "2.13"}, sections=["generate"])
    run.write_settings(_config(n=5), {"language_model": "x@1"}, sections=["paraphrase"])
    assert run.settings()["config"]["generate"]["n"] == 9
    assert run.settings()["versions"] == {"torch": "2.13", "language_model": "x@1"}


def test_two_threads_that_note_something_lose_nothing(tmp_path: Path) -> None:
    run = _run(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda i: run.write_settings(_config(), {f"v{i}": i}, sections=[]), range(32))
        )
    assert run.settings()["versions"] == {f"v{i}": i for i in range(32)}


def test_settings_survive_a_scale_that_is_a_range(tmp_path: Path) -> None:
    run = new_run(tmp_path, _config(guidance_scale=[6, 9]))
    assert RunConfig.model_validate(run.settings()["config"]).generate.guidance_scale == (6.0, 9.0)


def test_a_folder_of_something_else_is_not_taken_for_a_run(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/thesis.tex").write_text("precious")
    with pytest.raises(RunError, match=r"one is not a run: it holds 'thesis.tex' but no run.yaml"):
        _run(tmp_path)
    assert [p.name for p in (tmp_path / "one").iterdir()] == ["thesis.tex"]


def test_a_run_to_which_nothing_was_written_leaves_nothing(tmp_path: Path) -> None:
    run = Run.create_or_open(_config(), data_dir=tmp_path)
    assert not run.exists
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RunError, match=r"has no run 'one'; make one with"), run.lock():
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_first_write_notes_all_settings_and_their_form(tmp_path: Path) -> None:
    run = Run.create_or_open(_config(steps=7), data_dir=tmp_path)
    run.check_fingerprint("generate", {"a": 1}, made=False)
    assert run.settings()["schema_version"] == SCHEMA_VERSION
    assert run.settings()["config"]["generate"]["steps"] == 7
    assert run.settings()["config"]["filter"]


def test_an_empty_folder_and_a_start_that_was_cut_off_become_a_run(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/lock").touch()
    (tmp_path / "one/run.yaml.tmp-77").write_text("half")
    assert _run(tmp_path).settings()["config"]["name"] == "one"


@pytest.mark.parametrize("text", ["", "[1]", "config: [", "versions: {}", "config: 3"])
def test_damaged_settings_are_refused(tmp_path: Path, text: str) -> None:
    run = _run(tmp_path)
    (run.path / "run.yaml").write_text(text)
    with pytest.raises(RunError, match=r"run\.yaml"):
        run.check_fingerprint("plan", {"a": 1}, made=False)


def test_the_same_fields_in_another_order_have_the_same_hash(tmp_path: Path) -> None:
    run = _run(tmp_path)
    first = run.check_fingerprint("plan", {"a": (1.0, 2.0), "b": {"x": "y", "z": None}}, made=False)
    again = open_run("one", tmp_path)
    assert (
        again.check_fingerprint("plan", {"b": {"z": None, "x": "y"}, "a": [1.0, 2.0]}, made=False)
        == first
    )
    assert again.check_fingerprint("generate", {"a": 1}, made=False) != first


def test_settings_may_change_until_something_is_planned(tmp_path: Path) -> None:
    run = _run(tmp_path)
    run.check_fingerprint("plan", {"generate.steps": 20}, made=False)
    run.check_fingerprint("plan", {"generate.steps": 5}, made=False)
    assert run.settings()["fingerprints"] == {"plan": {"generate.steps": 5}}


def test_one_other_setting_is_refused_with_both_ways_on(tmp_path: Path) -> None:
    run = _planned_run(tmp_path)
    run.check_fingerprint(
        "generate", {"generate.guidance_scale": 7.5, "generate.steps": 20}, made=True
    )
    with pytest.raises(RunError) as caught:
        run.check_fingerprint(
            "generate", {"generate.guidance_scale": 5.0, "generate.steps": 20}, made=True
        )
    assert str(caught.value) == (
        f"{tmp_path}/one/edits was made with guidance_scale 7.5, this config says 5.0; "
        "go on with --set generate.guidance_scale=7.5 or start another run with --run NAME"
    )


def test_all_other_settings_are_listed(tmp_path: Path) -> None:
    run = _planned_run(tmp_path)
    run.check_fingerprint(
        "plan", {"guidance_scale": (6.0, 9.0), "source": {"split": "a b"}}, made=True
    )
    with pytest.raises(RunError) as caught:
        run.check_fingerprint(
            "plan", {"guidance_scale": 5.0, "source": {"split": "test"}}, made=True
        )
    assert str(caught.value).splitlines() == [
        (
            f"{tmp_path}/one/plan was made with other settings; go on with "
            "--set generate.guidance_scale='[6.0, 9.0]' --set source.split='a b' "
            "or start another run with --run NAME"
        ),
        "  guidance_scale [6.0, 9.0], this config says 5.0",
        "  source.split a b, this config says test",
    ]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({"editor.hash": "a"}, {"editor.hash": "b"}),
        ({"source.kind": "shapes", "source.revision": "1"}, {"source.revision": "2"}),
        ({}, {"generate.steps": 5}),
    ],
)
def test_what_no_setting_can_bring_back_leaves_one_way_on(
    tmp_path: Path, was: dict[str, object], now: dict[str, object]
) -> None:
    run = _planned_run(tmp_path)
    run.check_fingerprint("generate", was, made=True)
    with pytest.raises(RunError) as caught:
        run.check_fingerprint("generate", now, made=True)
    assert "--set" not in str(caught.value)
    assert "start another run with --run NAME" in str(caught.value)


def test_a_refusal_leaves_the_fingerprint_as_it_was(tmp_path: Path) -> None:
    run = _planned_run(tmp_path)
    first = run.check_fingerprint("generate", {"generate.steps": 20}, made=True)
    with pytest.raises(RunError):
        run.check_fingerprint("generate", {"generate.steps": 5}, made=True)
    assert run.check_fingerprint("generate", {"generate.steps": 20}, made=True) == first


def test_a_second_writer_is_told_who_holds_the_run(tmp_path: Path) -> None:
    run = _run(tmp_path)
    with run.lock(), pytest.raises(RunError) as caught, open_run("one", tmp_path).lock():
        pass
    assert f"one is in use by process {os.getpid()} on " in str(caught.value)
    assert " since 20" in str(caught.value)


def test_a_lock_is_free_after_it_was_held(tmp_path: Path) -> None:
    run = _run(tmp_path)
    with pytest.raises(ValueError, match="inside"), run.lock():
        raise ValueError("inside")
    with run.lock():
        holder = json.loads((run.path / "lock").read_text())
    assert holder["pid"] == os.getpid()
    assert (run.path / "lock").read_text() == ""


_HOLD = """
import sys, time
from pathlib import Path
from syned.run.directory import open_run
with open_run("one", Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    run = _run(tmp_path)
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunError, match=f"in use by process {holder.pid} "), run.lock():
            pass
        holder.send_signal(signal.SIGKILL)
    with run.lock():
        assert json.loads((run.path / "lock").read_text())["pid"] == os.getpid()


def test_events_are_lines_in_order(tmp_path: Path) -> None:
    run = _run(tmp_path)
    run.log_event("planned", rows=3)
    run.log_event("stopped", at=Path("x"))
    events = [json.loads(line) for line in (run.path / "events.jsonl").read_text().splitlines()]
    assert [(e["kind"], e.get("rows"), e.get("at")) for e in events] == [
        ("planned", 3, None),
        ("stopped", None, "x"),
    ]
    assert events[0]["time"].endswith("+00:00")


def test_the_last_run_is_the_one_used_last(tmp_path: Path) -> None:
    _run(tmp_path, "one")
    _run(tmp_path, "two")
    assert open_run(None, tmp_path).name == "two"
    open_run("one", tmp_path)
    assert open_run(None, tmp_path).name == "one"


def test_without_any_run_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run was used in .* make one with `syned generate"):
        open_run(None, tmp_path / "nowhere")


def test_an_unknown_run_names_the_nearest(tmp_path: Path) -> None:
    _run(tmp_path, "shapes")
    with pytest.raises(RunError, match="has no run 'shapse'; did you mean 'shapes'"):
        open_run("shapse", tmp_path)


def test_the_last_run_may_have_been_deleted(tmp_path: Path) -> None:
    run = _run(tmp_path)
    (run.path / "run.yaml").unlink()
    with pytest.raises(RunError, match="has no run 'one'"):
        open_run(None, tmp_path)


def test_runs_lie_in_data_or_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYNED_DATA", raising=False)
    assert default_data_dir() == Path("data")
    monkeypatch.setenv("SYNED_DATA", "/elsewhere")
    assert default_data_dir() == Path("/elsewhere")


def test_a_data_directory_that_is_a_file_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(RunError, match="cannot be"):
        _run(tmp_path / "data")


def test_run_yaml_is_for_people(tmp_path: Path) -> None:
    text = (_run(tmp_path).path / "run.yaml").read_text()
    assert text.startswith("# Written by Syned")
    assert yaml.safe_load(text)["config"]["name"] == "one"
