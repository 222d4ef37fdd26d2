from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi
from PIL import Image

from syned.config import SourceConfig
from syned.errors import ConfigError, DataError
from syned.run.records import SourceRecord
from syned.sources import open_source
from syned.sources.hub import Table, ask_hub, read_rows
from tests.sources.awkward import BLUE, RED, corners, encoded

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def cell(image: Image.Image | bytes | None) -> dict[str, Any] | None:
    """A picture as `datasets.Image` keeps it."""
    if image is None:
        return None
    data = image if isinstance(image, bytes) else encoded(image, "PNG")
    return {"bytes": data, "path": "image.png"}


def write(path: Path, rows: list[dict[str, Any]], *, hf: bool = True, group: int = 64) -> None:
    """Rows as a Parquet file, with the schema metadata of `datasets` or without."""
    images = {n for n, v in rows[0].items() if isinstance(v, dict)}
    table = pa.Table.from_pylist(rows)
    for name in images:
        index = table.schema.get_field_index(name)
        values = pa.array([row[name] for row in rows], IMAGE)
        table = table.set_column(index, pa.field(name, IMAGE), values)
    if hf:
        features = datasets.Features(
            {n: datasets.Image() if n in images else datasets.Value("string")
             if pa.types.is_string(table.schema.field(n).type) else
             datasets.Features.from_arrow_schema(table.select([n]).schema)[n]
             for n in table.column_names}
        )  # fmt: skip
        table = table.replace_schema_metadata(features.arrow_schema.metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=group)


def emu_row(number: int) -> dict[str, Any]:
    """A row of facebook/emu_edit_test_set_generations."""
    return {
        "instruction": f"Add goat number {number} \n",
        "image": cell(Image.new("RGB", (16, 8), (number, 0, 0))),
        "task": "add",
        "split": "validation",
        "idx": number,
        "hash": f"{number:032x}",
        "input_caption": "a meadow",
        "output_caption": "a meadow with a goat",
        "edited_image": cell(Image.new("RGB", (16, 8), BLUE)),
        "model": "emu_edit",
    }


@pytest.fixture
def emu(tmp_path: Path) -> Path:
    folder = tmp_path / "emu"
    rows = [emu_row(number) for number in range(50)]
    write(folder / "data" / "validation-00000-of-00002.parquet", rows[:30], group=8)
    write(folder / "data" / "validation-00001-of-00002.parquet", rows[30:], group=8)
    write(folder / "data" / "test-00000-of-00001.parquet", rows[:2])
    return folder


def config_of(folder: Path, **settings: Any) -> SourceConfig:
    return SourceConfig(kind="hub", path=str(folder), **settings)


def read_all(folder: Path, **settings: Any) -> list[SourceRecord]:
    return list(open_source(config_of(folder, **settings)).records(0))


def test_the_generations_of_emu_edit_are_read_as_they_are(emu: Path) -> None:
    records = read_all(emu, split="validation", dataset="facebook/emu_edit_test_set_generations")
    assert len(records) == 50
    record = records[40]
    assert record.key == "facebook/emu_edit_test_set_generations/validation/40"
    assert (record.instruction, record.task) == ("Add goat number 40", "add")
    assert (record.split, record.idx, record.hash) == ("validation", "40", f"{40:032x}")
    assert (record.input_caption, record.output_caption) == ("a meadow", "a meadow with a goat")
    assert record.image is not None
    assert record.image.getpixel((0, 0)) == (40, 0, 0)
    assert record.edited_image is not None
    assert record.edited_image.getpixel((0, 0)) == BLUE
    assert (record.true_edit, record.reason) == (False, "")


def test_magicbrush_is_read_as_it_is(tmp_path: Path) -> None:
    row = {
        "img_id": "139306",
        "turn_index": 1,
        "source_img": cell(Image.new("RGB", (16, 8), RED)),
        "mask_img": cell(corners()),
        "instruction": "Let it be blue",
        "target_img": cell(Image.new("RGB", (16, 8), BLUE)),
    }
    write(tmp_path / "data" / "train-00000-of-00001.parquet", [row])
    (record,) = read_all(tmp_path)
    assert (record.idx, record.instruction, record.split) == ("139306", "Let it be blue", "train")
    assert record.image is not None
    assert record.image.getpixel((0, 0)) == RED
    assert record.edited_image is not None
    assert record.edited_image.getpixel((0, 0)) == BLUE


def test_the_data_of_instructpix2pix_is_read_as_it_is(tmp_path: Path) -> None:
    row = {
        "original_prompt": "a red card",
        "original_image": cell(Image.new("RGB", (16, 8), RED)),
        "edit_prompt": "make it blue",
        "edited_prompt": "a blue card",
        "edited_image": cell(Image.new("RGB", (16, 8), BLUE)),
    }
    write(tmp_path / "data" / "train-00000-of-00001.parquet", [row])
    (record,) = read_all(tmp_path)
    assert record.instruction == "make it blue"
    assert (record.input_caption, record.output_caption) == ("a red card", "a blue card")
    assert record.image is not None
    assert record.image.getpixel((0, 0)) == RED


def test_a_list_of_instructions_gives_the_first_that_is_not_empty(tmp_path: Path) -> None:
    row = {"omni_edit_id": "a_1", "src_img": cell(corners()), "edited_prompt_list": ["", " Go "]}
    write(tmp_path / "train.parquet", [row])
    (record,) = read_all(tmp_path)
    assert (record.idx, record.instruction) == ("a_1", "Go")


@pytest.mark.parametrize("hf", [True, False])
def test_files_with_and_without_the_metadata_of_datasets_are_read(tmp_path: Path, hf: bool) -> None:
    write(tmp_path / "train.parquet", [{"image": cell(corners()), "edit": "Go"}], hf=hf)
    (record,) = read_all(tmp_path)
    assert record.image is not None
    assert record.image.size == (48, 32)


def test_images_as_plain_bytes_are_read(tmp_path: Path) -> None:
    rows = [{"image": encoded(corners(), "PNG"), "edit": "Go"}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "train.parquet")
    assert read_all(tmp_path)[0].image is not None


def test_one_bad_image_is_one_bad_row(tmp_path: Path) -> None:
    good = encoded(corners(), "JPEG")
    images = [good, good[: len(good) // 2], b"404 not found", None, good]
    rows = [{"image": cell(data), "instruction": "Go"} for data in images]
    rows.append({"image": cell(good), "instruction": " "})
    write(tmp_path / "train.parquet", rows)
    reasons = [record.reason for record in read_all(tmp_path)]
    assert reasons == ["", "truncated", "unreadable", "missing_image", "", "no_instruction"]


def test_an_edited_image_that_cannot_be_read_does_not_lose_the_row(tmp_path: Path) -> None:
    row = {"image": cell(corners()), "edited_image": cell(b"broken"), "instruction": "Go"}
    write(tmp_path / "train.parquet", [row])
    (record,) = read_all(tmp_path)
    assert (record.reason, record.edited_image) == ("", None)


def test_an_image_that_is_only_named_is_read_from_inside_the_folder_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    rows = [
        {"image": {"bytes": None, "path": path}, "instruction": "Go"}
        for path in ("in.png", "../out.png", str(tmp_path / "out.png"), "gone.png")
    ]
    write(folder / "train.parquet", rows)
    (folder / "in.png").write_bytes(encoded(corners(), "PNG"))
    (tmp_path / "out.png").write_bytes(encoded(corners(), "PNG"))
    assert [r.reason for r in read_all(folder)] == ["", *["missing_file"] * 3]


@pytest.mark.parametrize("start", [0, 1, 8, 29, 30, 31, 49, 50])
def test_rows_start_anywhere(emu: Path, start: int) -> None:
    records = open_source(config_of(emu, split="validation")).records(start)
    assert [record.idx for record in records] == [str(number) for number in range(start, 50)]


def test_edited_images_are_left_out_when_nobody_needs_them(emu: Path) -> None:
    with_edits = open_source(config_of(emu, split="test"))
    without = open_source(config_of(emu, split="test"), edited_images=False)
    assert next(without.records(0)).edited_image is None
    assert without.fingerprint == with_edits.fingerprint


def test_a_column_of_classes_is_read_by_their_names(tmp_path: Path) -> None:
    rows = [{**emu_row(number), "task": number % 2} for number in range(3)]
    path = tmp_path / "data" / "train-00000-of-00001.parquet"
    write(path, rows, hf=True)
    table = pq.read_table(path)
    features = datasets.Features.from_arrow_schema(table.schema)
    features["task"] = datasets.ClassLabel(names=["add", "remove"])
    pq.write_table(table.replace_schema_metadata(features.arrow_schema.metadata), path)
    assert [record.task for record in read_all(tmp_path)] == ["add", "remove", "add"]


def test_columns_of_the_config_go_before_the_known_names(tmp_path: Path) -> None:
    row = {"image": cell(Image.new("RGB", (8, 8), RED)), "photo": cell(corners()), "wish": "Go"}
    write(tmp_path / "train.parquet", [row])
    columns = {"source_image": "photo", "instruction": "wish"}
    (record,) = read_all(tmp_path, columns=columns)
    assert record.image is not None
    assert record.image.size == (48, 32)
    assert record.instruction == "Go"


def test_a_column_of_text_is_no_column_of_images(tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", [{"image": "a.png", "instruction": "Go"}], hf=False)
    with pytest.raises(ConfigError, match=r"column image holds .*source\.columns\.source_image"):
        open_source(config_of(tmp_path))


def test_unknown_columns_are_an_error_before_any_row_is_read(tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", [{"image": cell(corners()), "instrucion": "Go"}])
    with pytest.raises(ConfigError, match=r"has columns image, instrucion.*nearest is instrucion"):
        open_source(config_of(tmp_path))


def test_an_unknown_split_is_an_error_that_names_the_splits(emu: Path) -> None:
    with pytest.raises(ConfigError, match=r"source.split is 'train'; .* has test, validation"):
        open_source(config_of(emu))


def test_a_folder_without_parquet_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds no \.parquet file"):
        open_source(config_of(tmp_path))


def test_a_cut_off_parquet_file_is_an_error_that_names_it(emu: Path) -> None:
    path = emu / "data" / "test-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"test-00000-of-00001\.parquet does not end as Parquet"):
        open_source(config_of(emu, split="validation"))


def test_damage_inside_a_file_ends_the_rows_with_an_error(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    write(path, [{"image": cell(corners()), "instruction": "Go"}] * 4)
    data = bytearray(path.read_bytes())
    data[4:200] = bytes(196)
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"cannot be read any further"):
        list(open_source(config_of(tmp_path)).records(0))


def test_the_revision_follows_the_files_and_not_where_they_lie(emu: Path, tmp_path: Path) -> None:
    before = open_source(config_of(emu, split="test", dataset="a/b"))
    moved = emu.rename(tmp_path / "elsewhere")
    again = open_source(config_of(moved, split="test", dataset="a/b", limit=1))
    assert again.fingerprint == before.fingerprint
    write(moved / "data" / "test-00000-of-00001.parquet", [emu_row(9), emu_row(8)])
    assert open_source(config_of(moved, split="test", dataset="a/b")).revision != before.revision


def test_the_licence_is_the_configs_or_the_cards_or_unknown(emu: Path) -> None:
    assert open_source(config_of(emu, split="test")).licence == "unknown"
    (emu / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n# Emu Edit\n")
    assert open_source(config_of(emu, split="test")).licence == "cc-by-nc-4.0"
    assert open_source(config_of(emu, split="test", licence="mit")).licence == "mit"


def test_a_folder_named_like_a_loader_of_datasets_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "parquet" / "train.parquet", [{"image": cell(corners()), "edit": "Go"}])
    monkeypatch.chdir(tmp_path)
    (record,) = read_all(Path("parquet"))
    assert record.key == "parquet/train/0"


@pytest.mark.parametrize("start", [0, 1])
def test_a_dataset_in_another_format_is_streamed_with_its_images_as_bytes(
    tmp_path: Path, start: int
) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(encoded(corners(), "PNG"))
    (tmp_path / "metadata.jsonl").write_text(
        '{"file_name": "a.png", "edit": "one"}\n{"file_name": "b.png", "edit": "two"}\n'
    )
    table = Table("photos", str(tmp_path), None, config_of(tmp_path), {}, (), {})
    rows = list(read_rows(table, start))
    assert [row["edit"] for row in rows] == ["one", "two"][start:]
    assert {Path(row["image"]["path"]).parent for row in rows} == {tmp_path}


READ_ALL = """
import resource, sys
from syned.config import SourceConfig
from syned.sources import open_source
source = open_source(SourceConfig(kind="hub", path=sys.argv[1]))
next(source.records(0))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert sum(1 for _ in source.records(1)) == 95
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_memory_stays_flat_and_a_stream_left_early_lets_the_process_end(tmp_path: Path) -> None:
    schema = pa.schema([("image", IMAGE), ("instruction", pa.string())])
    with pq.ParquetWriter(tmp_path / "train.parquet", schema, compression="none") as writer:
        for _ in range(12):
            rows = [{"image": cell(os.urandom(1 << 20)), "instruction": "Go"} for _ in range(8)]
            writer.write_table(pa.Table.from_pylist(rows, schema))
    command = [sys.executable, "-c", READ_ALL, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=100)
    grown_kib = int(done.stdout)
    assert grown_kib < 48 << 10, f"{grown_kib} KiB for a file of 96 MiB"


@contextmanager
def small_hub(status: int, answer: dict[str, Any]) -> Iterator[tuple[HfApi, list[str]]]:
    """A hub on this machine that gives one answer, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield HfApi(endpoint=f"http://127.0.0.1:{server.server_port}", token=False), asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hub_config(**settings: Any) -> SourceConfig:
    return SourceConfig(kind="hub", dataset="osunlp/MagicBrush", **settings)


def test_the_hub_tells_the_commit_and_the_licence() -> None:
    answer = {"id": "osunlp/MagicBrush", "sha": "0" * 40, "cardData": {"license": ["mit", "other"]}}
    with small_hub(200, answer) as (api, asked):
        known = ask_hub(hub_config(revision="v1"), api)
        assert ask_hub(hub_config(licence="cc-by-4.0"), api).licence == "cc-by-4.0"
    assert (known.revision, known.licence) == ("0" * 40, "mit, other")
    assert asked[0].endswith("/datasets/osunlp/MagicBrush/revision/v1")


def test_a_dataset_without_a_card_has_an_unknown_licence() -> None:
    with small_hub(200, {"id": "osunlp/MagicBrush", "sha": "0" * 40}) as (api, _):
        assert ask_hub(hub_config(), api).licence == "unknown"


def test_a_dataset_that_the_hub_does_not_know_is_an_error_with_the_ways_on() -> None:
    with (
        small_hub(404, {"error": "Repository not found"}) as (api, _),
        pytest.raises(DataError, match=r"osunlp/MagicBrush cannot be opened .*source\.path"),
    ):
        ask_hub(hub_config(), api)


def test_no_network_is_an_error_with_the_ways_on() -> None:
    with small_hub(200, {}) as (api, _):
        pass
    with pytest.raises(DataError, match=r"check its name.*HF_HUB_OFFLINE.*source\.path"):
        ask_hub(hub_config(), api)
