"""A dataset is whole or not there, whenever publishing is killed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from syned.errors import RunError
from syned.publish.parquet_files import write_files
from syned.publish.swap import DatasetFolder

ROWS = {"train": 3, "test": 1}


def build(folder: DatasetFolder, made_from: str = "new") -> None:
    """Three files of train and one of test, a row each."""
    folder.go_on(made_from)
    for split, count in ROWS.items():
        groups = iter([pa.table({"id": [f"{made_from} {i}"]}) for i in range(count)])
        write_files(groups, folder.building, split, first=0, max_bytes=1, made_from=made_from)


def contents(path: Path) -> dict[str, bytes]:
    return {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def published(path: Path, made_from: str = "old", card: str = "card of old") -> DatasetFolder:
    folder = DatasetFolder(path)
    build(folder, made_from)
    folder.finish(card)
    return folder


def test_a_finished_dataset_has_the_hubs_names_and_nothing_beside_it(tmp_path: Path) -> None:
    folder = published(tmp_path / "dataset")

    assert sorted(contents(tmp_path)) == [
        "dataset/README.md",
        "dataset/data/test-00000-of-00001.parquet",
        "dataset/data/train-00000-of-00003.parquet",
        "dataset/data/train-00001-of-00003.parquet",
        "dataset/data/train-00002-of-00003.parquet",
    ]
    assert folder.is_current("old", ROWS)
    assert not folder.is_current("new", ROWS)
    assert not folder.is_current("old", {**ROWS, "test": 2})


def test_the_old_dataset_stays_whole_until_the_new_one_is(tmp_path: Path) -> None:
    folder = published(tmp_path / "dataset")
    before = contents(folder.path)

    build(folder, "new")
    assert contents(folder.path) == before
    folder.finish("card of new")

    assert (folder.path / "README.md").read_text() == "card of new"
    assert folder.is_current("new", ROWS)


def test_files_of_a_larger_dataset_do_not_survive_a_smaller_one(tmp_path: Path) -> None:
    folder = published(tmp_path / "dataset")
    folder.go_on("small")
    groups = iter([pa.table({"id": ["a"]})])
    write_files(groups, folder.building, "train", first=0, max_bytes=1, made_from="small")

    folder.finish("card")

    assert sorted(contents(folder.path)) == ["README.md", "data/train-00000-of-00001.parquet"]


def test_what_was_finished_is_gone_on_with_and_what_was_made_otherwise_is_not(
    tmp_path: Path,
) -> None:
    folder = DatasetFolder(tmp_path / "dataset")
    build(folder, "new")
    (folder.building / "test-00001.parquet.tmp-77").write_bytes(b"half")

    assert len(folder.go_on("new")) == 4
    assert not list(folder.building.glob("*.tmp-*"))
    assert folder.go_on("newer") == []
    assert contents(folder.building) == {}


def test_a_kill_amid_the_renaming_is_gone_on_with(tmp_path: Path) -> None:
    whole = published(tmp_path / "whole", "new", "card").path
    folder = DatasetFolder(tmp_path / "killed")
    build(folder, "new")
    first = folder.building / "train-00000.parquet"
    first.rename(first.with_name("train-00000-of-00003.parquet"))

    folder.recover()
    assert len(folder.go_on("new")) == 4
    folder.finish("card")

    assert contents(folder.path) == contents(whole)


def test_a_kill_between_the_two_last_renames_leaves_the_old_dataset(tmp_path: Path) -> None:
    folder = published(tmp_path / "dataset")
    before = contents(folder.path)
    build(folder, "new")
    folder.path.rename(tmp_path / "dataset.old")

    DatasetFolder(tmp_path / "dataset").recover()

    assert contents(folder.path) == before
    assert not (tmp_path / "dataset.old").exists()
    folder.finish("card of new")
    assert folder.is_current("new", ROWS)


def test_a_kill_before_the_old_dataset_is_deleted_leaves_the_new_one(tmp_path: Path) -> None:
    folder = published(tmp_path / "dataset", "new", "card of new")
    published(tmp_path / "dataset.old")

    folder.recover()

    assert folder.is_current("new", ROWS)
    assert not (tmp_path / "dataset.old").exists()


def test_a_damaged_file_makes_a_dataset_out_of_date(tmp_path: Path) -> None:
    folder = published(tmp_path / "dataset")
    file = folder.path / "data" / "train-00001-of-00003.parquet"
    file.write_bytes(file.read_bytes()[:-10])

    assert not folder.is_current("old", ROWS)
    folder.recover()  # a damaged file is no stranger


def test_a_card_alone_can_be_renewed(tmp_path: Path) -> None:
    folder = published(tmp_path / "dataset")
    build(folder, "given up")

    folder.renew_card("another card")

    assert (folder.path / "README.md").read_text() == "another card"
    assert folder.is_current("old", ROWS)
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]


@pytest.mark.parametrize("stranger", ["notes.txt", "data/photo.png", "src/a.py"])
def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(
    tmp_path: Path, stranger: str
) -> None:
    folder = published(tmp_path / "dataset")
    (folder.path / stranger).parent.mkdir(exist_ok=True)
    (folder.path / stranger).write_text("mine")

    with pytest.raises(RunError, match="which Syned did not write"):
        folder.recover()

    assert (folder.path / stranger).read_text() == "mine"


def test_somebody_elses_dataset_is_not_replaced(tmp_path: Path) -> None:
    folder = DatasetFolder(tmp_path / "dataset")
    (folder.path / "data").mkdir(parents=True)
    pq.write_table(pa.table({"a": [1]}), folder.path / "data" / "train-00000-of-00001.parquet")

    with pytest.raises(RunError, match=r"train-00000-of-00001\.parquet', which Syned did not"):
        folder.recover()


def test_a_readme_alone_is_somebodys(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")

    with pytest.raises(RunError, match=r"README\.md"):
        DatasetFolder(tmp_path).recover()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dataset").write_text("mine")

    with pytest.raises(RunError, match="is a file"):
        DatasetFolder(tmp_path / "dataset").recover()
