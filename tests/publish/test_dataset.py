"""A published run as others see it: datasets, DuckDB, pandas, Polars, the hub's card reader."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from datasets import Features, Image
from huggingface_hub import DatasetCard
from PIL import Image as PillowImage

from syned import pipeline
from syned.config import PublishConfig, RunConfig
from syned.errors import RunError
from syned.models.fake import FakeEditor
from syned.publish.dataset import Published
from syned.run.directory import Run
from syned.run.published import PUBLISHED_SCHEMA
from syned.sources.png import decode
from tests.conftest import HeardProgress, make_config, new_run, silent
from tests.made_up_run import MadeUp, make_run, select_at_random, write_selection

ROOT = Path(__file__).resolve().parents[2]
EVIL = "<script>alert(1)</script> | add `a` cat"


def publish(run: Run, /, folder: Path | None = None, **options: Any) -> Published:
    config = make_config().model_copy(update={"publish": PublishConfig(**options)})
    return pipeline.publish(config, run, HeardProgress(), folder=folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """600 edits in splits of the source's, half of them kept, with an awkward instruction."""
    made_up = MadeUp(
        600, splits=("train", "train", "train", "val", "test"), instructions=(EVIL,) * 20
    )
    return make_run(tmp_path_factory.mktemp("data"), made_up)


@pytest.fixture(scope="module")
def dataset(run: Run) -> Path:
    return publish(run, max_shard_bytes=150_000).path


def kept_ids(run: Run) -> list[str]:
    return [row.edit_id for row in select_at_random(run, 0.5) if row.kept]


def files_of(path: Path) -> dict[str, bytes]:
    return {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


LOADING = """
import json, sys
import datasets
path, cache = sys.argv[1:]
ways = {"normal": {}, "streaming": {"streaming": True}, "two processes": {"num_proc": 2}}
found = {}
for way, options in ways.items():
    loaded = datasets.load_dataset(path, cache_dir=f"{cache}/{way}", **options)
    found[way] = {
        split: [(row["id"], row["image"].size, row["edited_image"].mode) for row in rows]
        for split, rows in loaded.items()
    }
info = datasets.load_dataset_builder(path).info
found["info"] = {split: info.splits[split].num_bytes for split in info.splits}
loaded = datasets.load_dataset(path, cache_dir=f"{cache}/normal")
found["num_bytes"] = {split: rows.data.nbytes for split, rows in loaded.items()}
print(json.dumps(found))
"""


def test_datasets_loads_it_in_another_process_in_every_way(
    run: Run, dataset: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADING, str(dataset), str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])

    normal = found["normal"]
    assert sorted(normal) == ["test", "train", "validation"]
    assert sorted(row[0] for rows in normal.values() for row in rows) == sorted(kept_ids(run))
    assert all(row[1:] == [[16, 16], "RGB"] for rows in normal.values() for row in rows)
    assert found["streaming"] == normal
    assert found["two processes"] == normal
    for split, num_bytes in found["info"].items():
        assert num_bytes == pytest.approx(found["num_bytes"][split], rel=0.02)


def test_duckdb_pandas_and_polars_read_the_files(run: Run, dataset: Path) -> None:
    files = str(dataset / "data" / "*.parquet")
    ids = sorted(kept_ids(run))

    found = duckdb.sql(f"select id from '{files}' where len(captions) > 1")
    assert found is not None
    assert sorted(id for (id,) in found.fetchall()) == ids
    frames = [pd.read_parquet(file) for file in sorted((dataset / "data").iterdir())]
    assert sorted(id for frame in frames for id in frame["id"]) == ids
    assert sorted(pl.read_parquet(files)["id"]) == ids


def test_no_split_is_empty_and_no_image_is_in_two(dataset: Path) -> None:
    splits: dict[str, set[str]] = {}
    for file in (dataset / "data").iterdir():
        table = pq.read_table(file, columns=["split", "source_id"])
        assert table.num_rows
        splits.setdefault(file.name.split("-")[0], set()).update(table["source_id"].to_pylist())
        assert set(table["split"].to_pylist()) == {file.name.split("-")[0]}

    train, validation, test = (splits[name] for name in ("train", "validation", "test"))
    assert not train & validation | train & test | validation & test
    numbers = {int(source.removeprefix("source"), 16) % 5 for source in test}
    assert numbers == {4}


def test_names_tell_how_many_files_a_split_has(dataset: Path) -> None:
    names = sorted(path.name for path in (dataset / "data").iterdir())
    train = [name for name in names if name.startswith("train")]

    assert len(train) > 1
    assert train == [f"train-{i:05d}-of-{len(train):05d}.parquet" for i in range(len(train))]
    assert "test-00000-of-00001.parquet" in names


def test_files_have_datasets_features_small_row_groups_and_a_page_index(dataset: Path) -> None:
    for path in (dataset / "data").iterdir():
        file = pq.ParquetFile(path)
        features = Features.from_arrow_schema(file.schema_arrow)
        assert isinstance(features["image"], Image)
        assert isinstance(features["edited_image"], Image)
        assert file.schema_arrow.names == PUBLISHED_SCHEMA.names
        assert path.stat().st_size < 250_000
        for group in range(file.num_row_groups):
            metadata = file.metadata.row_group(group)
            assert metadata.num_rows <= 64
            assert metadata.total_byte_size < 100_000_000
            columns = [metadata.column(i) for i in range(metadata.num_columns)]
            by_name = {column.path_in_schema: column for column in columns}
            assert by_name["image.bytes"].compression == "UNCOMPRESSED"
            assert by_name["id"].has_offset_index
            assert by_name["id"].has_column_index


def test_images_are_pixel_for_pixel_what_was_generated(run: Run, dataset: Path) -> None:
    published = {
        row["id"]: row
        for file in (dataset / "data").iterdir()
        for row in pq.read_table(file, columns=["id", "image", "edited_image"]).to_pylist()
    }
    for shard in run.edits.recorded():
        requests = run.requests.read(shard, ["edit_id", "image_shard", "image_row"]).to_pylist()
        edits = run.edits.read(shard, ["edited_image"])["edited_image"].to_pylist()
        for request, edited in zip(requests, edits, strict=True):
            if request["edit_id"] in published:
                row = published.pop(request["edit_id"])
                source = run.images.read(request["image_shard"])["image"][request["image_row"]]
                assert pixels(row["edited_image"]) == pixels(edited)
                assert pixels(row["image"]) == pixels(source.as_py())
    assert published == {}


def pixels(image: dict[str, bytes]) -> bytes:
    return decode(image["bytes"]).tobytes()


def test_a_loader_written_for_emu_edit_reads_it(dataset: Path) -> None:
    """The columns that the paper's code and Emu Edit's own users read."""
    file = next(path for path in (dataset / "data").iterdir())
    for row in pq.read_table(file).to_pylist():
        before = PillowImage.open(io.BytesIO(row["image"]["bytes"])).convert("RGB")
        after = PillowImage.open(io.BytesIO(row["edited_image"]["bytes"])).convert("RGB")
        assert before.size == after.size
        assert int(row["idx"]) >= 0
        texts = ("instruction", "task", "split", "hash", "input_caption", "output_caption")
        assert all(isinstance(row[name], str) and row[name] for name in texts)


def test_the_card_agrees_with_the_files_and_escapes_what_is_in_them(dataset: Path) -> None:
    text = (dataset / "README.md").read_text("utf-8")
    head: Any = DatasetCard(text).data
    data = head.to_dict()

    files = list((dataset / "data").iterdir())
    assert data["license"] == "cc-by-4.0"
    info = data["dataset_info"]
    assert info["download_size"] == sum(file.stat().st_size for file in files)
    for split in info["splits"]:
        own = [file for file in files if file.name.startswith(split["name"])]
        assert split["num_examples"] == sum(pq.read_metadata(file).num_rows for file in own)
    assert [config["config_name"] for config in data["configs"]] == ["default"]
    assert "<script" not in text
    assert "&#60;script&#62;alert(1)" in text


def test_publishing_again_changes_no_byte_and_says_so(run: Run, dataset: Path) -> None:
    before = files_of(dataset)

    again = publish(run, max_shard_bytes=150_000)
    elsewhere = publish(run, dataset.parent / "other", max_shard_bytes=150_000)

    assert again.unchanged
    assert not elsewhere.unchanged
    assert files_of(dataset) == before
    assert files_of(elsewhere.path) == before


def test_another_title_renews_the_card_alone(run: Run, tmp_path: Path) -> None:
    first = publish(run, tmp_path / "out")
    files = {path: path.stat().st_mtime_ns for path in (first.path / "data").iterdir()}

    again = publish(run, tmp_path / "out", title="another title")

    assert again.unchanged
    assert "# another title" in (again.path / "README.md").read_text("utf-8")
    assert {path: path.stat().st_mtime_ns for path in (again.path / "data").iterdir()} == files


def test_a_new_selection_replaces_the_dataset_and_leaves_no_file_of_the_old(
    tmp_path: Path,
) -> None:
    run = make_run(tmp_path, MadeUp(400))
    before = publish(run, max_shard_bytes=100_000)
    write_selection(run, select_at_random(run, 0.1, seed=1))

    after = publish(run, max_shard_bytes=100_000)

    assert after.splits["train"].files < before.splits["train"].files
    assert not after.unchanged
    names = [path.name for path in (after.path / "data").iterdir() if path.name.startswith("train")]
    assert len(names) == after.splits["train"].files


def test_new_captions_are_new_rows(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(16, with_captions=False))
    publish(run)
    make_run(tmp_path / "reworded", MadeUp(16)).captions.path.rename(run.captions.path)

    assert not publish(run).unchanged


def test_the_formats_of_images_and_columns_can_be_chosen(run: Run, tmp_path: Path) -> None:
    made = publish(run, tmp_path / "out", format="instructpix2pix", image_format="jpeg", quality=90)

    table = pq.read_table(next((made.path / "data").glob("train-*")))
    assert table.schema.names[:3] == ["input_image", "edit_prompt", "edited_image"]
    row = table.slice(0, 1).to_pylist()[0]
    for name in ("input_image", "edited_image"):
        assert PillowImage.open(io.BytesIO(row[name]["bytes"])).format == "JPEG"


def test_edits_of_shapes_can_be_published_with_their_true_results(tmp_path: Path) -> None:
    config = make_config(n=30, shard_rows=8)
    run = generated(tmp_path, config)
    truth = {
        row["edit_id"]: row["true_image"]["bytes"]
        for shard in run.requests.recorded()
        for row in run.requests.read(shard).to_pylist()
    }

    made = publish(run, unfiltered=True, true_images=True)

    rows = pq.read_table(next((made.path / "data").glob("train-*"))).to_pylist()
    assert len(rows) == 30
    for row in rows:
        assert row["edited_image"]["bytes"] == truth[row["id"]]
        assert row["editor"] is None
        assert row["digital_source_type"] is None
        assert row["captions"]
    assert "no editor took part" in (made.path / "README.md").read_text("utf-8")


def generated(folder: Path, config: RunConfig) -> Run:
    run = new_run(folder, config)
    pipeline.make_plan(config, run, silent)
    pipeline.generate(config, run, HeardProgress(), editor=FakeEditor())
    return run


def test_a_generated_and_selected_run_is_published(tmp_path: Path) -> None:
    run = generated(tmp_path, make_config(n=24, shard_rows=8))
    rows = select_at_random(run, 1.0)
    kept = [replace(row, kept=row.task == "add", reason="scene_lost") for row in rows]
    write_selection(run, kept)

    made = publish(run)

    assert list(made.splits) == ["train"]
    assert made.splits["train"].rows == sum(row.kept for row in kept) > 0


def test_progress_adds_up_and_events_are_logged(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(200))
    heard = HeardProgress()

    pipeline.publish(make_config(), run, heard)
    again = HeardProgress()
    pipeline.publish(make_config(), run, again)

    assert heard.total == heard.done == len(kept_ids(run))
    assert again.total == again.skipped == heard.total
    events = [json.loads(line) for line in (run.path / "events.jsonl").read_text().splitlines()]
    assert [event["unchanged"] for event in events if event["kind"] == "published"] == [False, True]


def test_a_damaged_edit_stops_it_and_leaves_what_was_published(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(64, shard_rows=32))
    before = files_of(publish(run).path)
    write_selection(run, select_at_random(run, 0.9, seed=5))
    file = run.edits.file(1)
    file.write_bytes(file.read_bytes()[:500])

    with pytest.raises(RunError, match=r"00001\.parquet cannot be read"):
        publish(run)

    assert files_of(run.path / "dataset") == before


def test_a_selection_of_another_plan_is_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(8))
    write_selection(run, [replace(row, source_id="x") for row in select_at_random(run, 1.0)])

    with pytest.raises(RunError, match="the plan has no such source image; run `syned filter`"):
        publish(run)


def start(data_dir: Path, seconds_per_group: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.publish.crash_driver", str(data_dir), str(seconds_per_group)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def kill_after(data_dir: Path, lines: int) -> None:
    """Publish, and kill it as soon as it has told of so many row groups."""
    with start(data_dir, seconds_per_group=0.3) as process:
        assert process.stdout is not None
        for _ in range(lines):
            assert process.stdout.readline().startswith("rows ")
        process.kill()
    assert process.returncode == -signal.SIGKILL


def finish(data_dir: Path) -> str:
    with start(data_dir, seconds_per_group=0) as process:
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return output


def test_a_killed_publication_leaves_the_old_and_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    whole = make_run(tmp_path / "whole", MadeUp(800))
    finish(tmp_path / "whole")
    run = make_run(tmp_path / "killed", MadeUp(800, kept_fraction=0.2, seed=9))
    publish(run)
    old = files_of(run.path / "dataset")
    make_run(tmp_path / "killed", MadeUp(800))  # the same run, selected anew

    skipped = []
    for lines in (1, 3, 3):
        kill_after(tmp_path / "killed", lines)
        assert files_of(run.path / "dataset") == old
        skipped.append(len(list((run.path / "dataset.partial" / "data").glob("*.parquet"))))
    output = finish(tmp_path / "killed")

    assert skipped == sorted(skipped)
    assert skipped[-1] > 0
    assert "done, 0 of" not in output
    assert files_of(run.path / "dataset") == files_of(whole.path / "dataset")
    assert not (run.path / "dataset.partial").exists()


def test_only_one_process_publishes_a_run(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(400))
    with start(tmp_path, seconds_per_group=30) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(RunError, match=f"in use by process {process.pid}"):
            publish(run)
        process.kill()


def test_the_card_has_no_time_in_it(dataset: Path) -> None:
    month = str(np.datetime64("today"))[:7]

    assert month not in (dataset / "README.md").read_text("utf-8")
