from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from syned.config import SourceConfig
from syned.errors import ConfigError, DataError
from syned.run.records import SourceRecord
from syned.sources import open_source
from tests.sources.awkward import BLUE, GREEN, RED, animation, corners, encoded


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three good images of one color each, one of them in a folder below."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    (folder / "b.png").write_bytes(encoded(Image.new("RGB", (16, 8), GREEN), "PNG"))
    (folder / "a.JPG").write_bytes(encoded(Image.new("RGB", (16, 8), RED), "JPEG"))
    (folder / "more" / "c.webp").write_bytes(encoded(Image.new("RGB", (16, 8), BLUE), "WEBP"))
    (folder / "notes.txt").write_text("not an image")
    return folder


def config_of(folder: Path, **settings: Any) -> SourceConfig:
    return SourceConfig(kind="folder", path=str(folder), **settings)


def read_all(folder: Path, **settings: Any) -> list[SourceRecord]:
    return list(open_source(config_of(folder, **settings)).records(0))


def write_csv(folder: Path, *lines: str) -> None:
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")


def test_one_instruction_goes_for_every_image_below_the_folder(photos: Path) -> None:
    records = read_all(photos, instruction=" Make it snow ", split="test")
    assert [r.key for r in records] == ["photos/a.JPG#0", "photos/b.png#0", "photos/more/c.webp#0"]
    assert {(r.instruction, r.reason, r.split) for r in records} == {("Make it snow", "", "test")}
    assert records[0].image is not None
    assert records[0].image.size == (16, 8)


def test_a_file_of_instructions_is_applied_to_every_image(photos: Path, tmp_path: Path) -> None:
    file = tmp_path / "instructions.txt"
    file.write_text(
        "0 <INSTRUCT>  Make it night\n\n180 <INSTRUCT> Add a goat\nAdd a goat\n 7 up \n"
    )
    records = read_all(photos, instructions_file=str(file))
    assert Counter(r.instruction for r in records) == {
        "Make it night": 3,
        "Add a goat": 3,
        "7 up": 3,
    }
    assert len({(r.key.split("#")[0], r.instruction) for r in records}) == 9
    assert len({r.key for r in records}) == 9


def test_the_first_rows_show_every_image_and_several_instructions(
    photos: Path, tmp_path: Path
) -> None:
    file = tmp_path / "instructions.txt"
    file.write_text("one\ntwo\nthree\nfour\n")
    first = read_all(photos, instructions_file=str(file))[:3]
    assert len({r.key.split("#")[0] for r in first}) == 3
    assert [r.instruction for r in first] == ["one", "two", "three"]


def test_starting_later_gives_the_same_rows(photos: Path, tmp_path: Path) -> None:
    file = tmp_path / "instructions.txt"
    file.write_text("one\ntwo\n")
    source = open_source(config_of(photos, instructions_file=str(file)))
    whole = [(r.key, r.instruction) for r in source.records(0)]
    assert [(r.key, r.instruction) for r in source.records(4)] == whole[4:]


def test_a_limit_counts_rows_and_not_images(photos: Path) -> None:
    assert len(read_all(photos, instruction="Make it snow", limit=2)) == 2


def test_an_image_that_cannot_be_read_is_a_row_with_its_reason(photos: Path) -> None:
    (photos / "d.jpg").write_text("404 page not found")
    (photos / "e.gif").write_bytes(animation("GIF"))
    (photos / "f.png").write_bytes(b"")
    reasons = {r.key: (r.reason, r.image is None) for r in read_all(photos, instruction="Go")}
    assert reasons["photos/d.jpg#0"] == ("unreadable", True)
    assert reasons["photos/e.gif#0"] == ("animated", True)
    assert reasons["photos/f.png#0"] == ("zero_sized", True)
    assert reasons["photos/b.png#0"] == ("", False)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_metadata_of_every_kind_names_images_and_words(photos: Path, kind: str) -> None:
    if kind == "csv":
        write_csv(
            photos,
            "file_name,edit,task,idx,input,output",
            "more/c.webp,Make it red,color,7,a blue card,a red card",
            "a.JPG,Make it blue,color,8,a red card,a blue card",
        )
    elif kind == "jsonl":
        (photos / "metadata.jsonl").write_text(
            '{"file_name": "more/c.webp", "edit": "Make it red", "task": "color", "idx": 7, '
            '"input": "a blue card", "output": "a red card", "captions": ["it is red now"]}\n'
            '{"file_name": "a.JPG", "edit": "Make it blue"}\n'
        )
    else:
        row = {"file_name": "more/c.webp", "edit": "Make it red", "task": "color", "idx": 7,
               "input": "a blue card", "output": "a red card"}  # fmt: skip
        rows = [row, row | {"file_name": "a.JPG"}]
        pq.write_table(pa.Table.from_pylist(rows), photos / "metadata.parquet")
    first, second = read_all(photos)
    assert (first.key, second.key) == ("photos/more/c.webp#0", "photos/a.JPG#1")
    assert (first.instruction, first.task, first.idx) == ("Make it red", "color", "7")
    assert (first.input_caption, first.output_caption) == ("a blue card", "a red card")
    assert first.captions == (("it is red now",) if kind == "jsonl" else ())
    assert first.image is not None
    assert second.reason == ""


def test_metadata_below_the_folder_names_images_beside_itself(photos: Path) -> None:
    write_csv(photos / "more", "file_name,instruction", "c.webp,Make it red")
    (record,) = read_all(photos)
    assert record.reason == ""


def test_edited_images_are_read_when_metadata_names_them(photos: Path) -> None:
    write_csv(photos, "file_name,edited_file_name,instruction", "a.JPG,b.png,Make it green")
    (record,) = read_all(photos)
    assert record.edited_image is not None
    assert record.edited_image.getpixel((0, 0)) == GREEN
    assert not record.true_edit
    source = open_source(config_of(photos), edited_images=False)
    assert next(source.records(0)).edited_image is None


def test_an_edited_image_that_cannot_be_read_does_not_lose_the_row(photos: Path) -> None:
    write_csv(photos, "file_name,edited_file_name,instruction", "a.JPG,gone.png,Make it green")
    (record,) = read_all(photos)
    assert (record.reason, record.edited_image) == ("", None)


def test_a_row_that_names_a_missing_file_is_a_row_with_that_reason(photos: Path) -> None:
    write_csv(photos, "file_name,instruction", "gone.png,Go", ",Go", "a.JPG/x.png,Go", "a.JPG,Go")
    assert [r.reason for r in read_all(photos)] == ["missing_file"] * 3 + [""]


def test_a_row_without_an_instruction_is_a_row_with_that_reason(photos: Path) -> None:
    write_csv(photos, "file_name,instruction", "a.JPG, ", "b.png,Go")
    assert [r.reason for r in read_all(photos)] == ["no_instruction", ""]


def test_metadata_rows_start_anywhere(photos: Path) -> None:
    write_csv(photos, "file_name,instruction", "a.JPG,one", "b.png,two", "a.JPG,three")
    later = open_source(config_of(photos)).records(1)
    assert [(r.key, r.instruction) for r in later] == [
        ("photos/b.png#1", "two"),
        ("photos/a.JPG#2", "three"),
    ]


def test_an_instruction_of_the_config_goes_before_metadata(photos: Path) -> None:
    write_csv(photos, "file_name,instruction", "a.JPG,one")
    assert {r.instruction for r in read_all(photos, instruction="Make it snow")} == {"Make it snow"}


def test_columns_of_the_config_go_before_the_known_names(photos: Path) -> None:
    write_csv(photos, "file_name,wish", "a.JPG,Add a goat")
    (record,) = read_all(photos, columns={"instruction": "wish"})
    assert record.instruction == "Add a goat"


def test_neither_metadata_nor_an_instruction_is_an_error_with_the_three_ways(photos: Path) -> None:
    message = r"3 images.*metadata\.csv.*source\.instruction .*source\.instructions_file"
    with pytest.raises(ConfigError, match=message):
        open_source(config_of(photos))


def test_several_metadata_files_are_an_error_that_names_them(photos: Path) -> None:
    write_csv(photos, "file_name,instruction", "a.JPG,Go")
    write_csv(photos / "more", "file_name,instruction", "c.webp,Go")
    with pytest.raises(ConfigError, match=r"2 metadata files \(metadata.csv, more/metadata.csv\)"):
        open_source(config_of(photos))


def test_metadata_without_file_names_is_an_error_that_names_its_columns(photos: Path) -> None:
    write_csv(photos, "filename,instruction", "a.JPG,Go")
    with pytest.raises(
        ConfigError, match=r"has columns filename, instruction.*nearest is filename"
    ):
        open_source(config_of(photos))


def test_metadata_without_instructions_is_an_error_that_names_its_columns(photos: Path) -> None:
    write_csv(photos, "file_name,wish", "a.JPG,Go")
    with pytest.raises(ConfigError, match=r"source\.columns\.instruction"):
        open_source(config_of(photos))


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(ConfigError, match="holds no image"):
        open_source(config_of(tmp_path, instruction="Go"))


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a folder"):
        open_source(config_of(tmp_path / "gone", instruction="Go"))


def test_an_empty_instruction_is_an_error(photos: Path) -> None:
    with pytest.raises(ConfigError, match=r"source\.instruction is empty"):
        open_source(config_of(photos, instruction="  "))


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_file_without_an_instruction_is_an_error(photos: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "instructions.txt").write_text(text)
    with pytest.raises(ConfigError, match="holds no instruction"):
        open_source(config_of(photos, instructions_file=str(tmp_path / "instructions.txt")))


def test_a_missing_file_of_instructions_is_an_error(photos: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        open_source(config_of(photos, instructions_file="gone.txt"))


def test_instructions_that_are_not_text_are_an_error(photos: Path) -> None:
    with pytest.raises(DataError, match="cannot be read as UTF-8"):
        open_source(config_of(photos, instructions_file=str(photos / "a.JPG")))


def test_the_fingerprint_follows_the_data_and_not_where_it_lies(
    photos: Path, tmp_path: Path
) -> None:
    before = open_source(config_of(photos, instruction="Go"))
    assert before.licence == "unknown"
    moved = photos.rename(tmp_path / "holiday")
    after = open_source(config_of(moved, instruction="Go", limit=1))
    assert after.fingerprint == before.fingerprint
    (moved / "z.png").write_bytes(encoded(corners(), "PNG"))
    grown = open_source(config_of(moved, instruction="Go"))
    assert grown.fingerprint != before.fingerprint


def test_another_instruction_or_other_metadata_changes_the_fingerprint(photos: Path) -> None:
    def fingerprint(**settings: Any) -> dict[str, object]:
        return dict(open_source(config_of(photos, **settings)).fingerprint)

    assert fingerprint(instruction="Go") != fingerprint(instruction="Stop")
    write_csv(photos, "file_name,instruction", "a.JPG,Go")
    before = fingerprint()
    write_csv(photos, "file_name,instruction", "a.JPG,No")
    assert fingerprint() != before


def test_rows_are_read_one_by_one(photos: Path) -> None:
    """An image that is removed after the first row is missed only when its row comes."""
    records = open_source(config_of(photos, instruction="Go")).records(0)
    first = list(islice(records, 1))
    (photos / "more" / "c.webp").unlink()
    assert [r.reason for r in first + list(records)] == ["", "", "missing_file"]
