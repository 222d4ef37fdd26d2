from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from syned.captioning.data.readers.annotations import (
    PictureFolder,
    PicturePairs,
    first_file,
    folder_at,
    number_of,
    read_entries,
    read_json,
    read_lists,
    read_picture,
    texts_in,
)
from syned.errors import ConfigError, DataError
from tests.captioning.data.readers.miniature import gray, write_json, write_picture


def level_of(image: Image.Image) -> Any:
    return image.getpixel((0, 0))


def test_a_folder_may_be_named_from_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sets").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_at("~/sets") == tmp_path / "sets"


@pytest.mark.parametrize("name", [None, "", "gone", "file.json"])
def test_a_path_that_is_no_folder_is_refused_with_the_place_it_was_looked_for(
    name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        folder_at(name)
    assert str(caught.value).startswith(
        f"path is {name!r}, which is not a folder (looked for from {tmp_path})"
    )


def test_of_several_names_the_first_that_is_a_file_counts(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    for name in ("b.json", "c.json"):
        (tmp_path / name).write_text("{}")
    found = first_file(tmp_path, ["a.json", "c.json", "b.json"], dataset="Some Set")
    assert found == tmp_path / "c.json"


def test_a_file_that_is_missing_under_every_name_is_an_error_that_tells_the_dataset(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError) as caught:
        first_file(tmp_path, ["a.json", "b.json"], dataset="Some Set")
    assert str(caught.value).startswith(
        f"{tmp_path} has no a.json or b.json, which comes with Some Set; set path"
    )


@pytest.mark.parametrize("content", [b"[{", b'"\xff"', b""])
def test_a_file_that_is_no_json_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.json cannot be read as JSON: .*; get the file again"):
        read_json(tmp_path / "a.json")


def test_a_json_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.json cannot be read as JSON"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([["a"]], r"a\.json holds a list; an object of lists is expected"),
        ({"0": ["a"], "1": "b"}, r"a\.json: the value of '1' is a str; a list is expected"),
    ],
)
def test_captions_by_image_must_be_an_object_of_lists(
    value: object, message: str, tmp_path: Path
) -> None:
    write_json(tmp_path / "a.json", value)
    with pytest.raises(DataError, match=message):
        read_lists(tmp_path / "a.json")


def test_an_object_of_lists_is_read_as_it_is(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"0": ["a", ""], "1": []})
    assert read_lists(tmp_path / "a.json") == {"0": ["a", ""], "1": []}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": 1}, r"a\.json holds a dict; a list of objects is expected"),
        ([{"a": 1, "b": 2}, {"a": 1}], r"entry 1 is \{'a': 1\}; an object with a, b is expected"),
        (["ab"], r"entry 0 is ab; an object with a, b is expected"),
        (["x" * 200], f"entry 0 is {'x' * 80}; an object"),
    ],
)
def test_entries_must_be_objects_with_all_fields(
    value: object, message: str, tmp_path: Path
) -> None:
    write_json(tmp_path / "a.json", value)
    with pytest.raises(DataError, match=message):
        read_entries(tmp_path / "a.json", ("a", "b"))


def test_entries_may_have_more_fields_than_are_needed(tmp_path: Path) -> None:
    entries = [{"a": 1, "b": 2, "c": 3}]
    write_json(tmp_path / "a.json", entries)
    assert read_entries(tmp_path / "a.json", ("a", "b")) == entries


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ("it moved", ("it moved",)),
        (["a", "", None, 7], ("a", "", "", "7")),
        (None, ("",)),
        ([], ()),
    ],
)
def test_texts_that_are_empty_are_kept_to_be_counted(
    values: object, texts: tuple[str, ...]
) -> None:
    assert texts_in(values) == texts


@pytest.mark.parametrize(
    ("key", "number"),
    [
        (0, 0),
        ("12", 12),
        ("0.png", 0),
        ("CLEVR_default_000013.png", 13),
        ("7_2.png", 2),
    ],
)
def test_the_number_at_the_end_of_a_key_counts(key: object, number: int) -> None:
    assert number_of(key, Path("a.json")) == number


@pytest.mark.parametrize("key", ["first", "3 dogs", "", "4.png.bak", "-"])
def test_a_key_that_does_not_end_in_a_number_is_refused(key: str) -> None:
    with pytest.raises(DataError) as caught:
        number_of(key, Path("a.json"))
    assert str(caught.value).startswith(f"a.json: the key {key!r} does not end in a number")


def touch(folder: Path, *names: str) -> PictureFolder:
    for name in names:
        (folder / name).write_bytes(b"")
    return PictureFolder(folder)


def test_a_picture_is_found_by_a_name_in_another_case(tmp_path: Path) -> None:
    folder = touch(tmp_path, "A_b.JPG")
    assert folder.find("a_B.jpg") == tmp_path / "A_b.JPG"
    assert folder.find("a_b.png") is None


def test_of_two_names_that_differ_in_case_alone_only_the_exact_one_is_found(
    tmp_path: Path,
) -> None:
    folder = touch(tmp_path, "a.JPG", "A.jpg")
    assert folder.find("a.JPG") == tmp_path / "a.JPG"
    assert folder.find("A.jpg") == tmp_path / "A.jpg"
    assert folder.find("a.jpg") is None


def test_the_name_that_is_asked_for_first_is_found_first(tmp_path: Path) -> None:
    folder = touch(tmp_path, "1.png", "000001.png")
    assert folder.find("2.png", "000001.png", "1.png") == tmp_path / "000001.png"


def test_a_folder_that_is_not_there_has_no_pictures(tmp_path: Path) -> None:
    assert PictureFolder(tmp_path / "gone").find("1.png") is None


def test_of_a_picture_that_moves_the_first_frame_is_read(tmp_path: Path) -> None:
    frames = [gray(100), gray(0)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=50)
    image = read_picture(tmp_path / "a.gif")
    assert (image.mode, level_of(image)) == ("RGB", (100, 100, 100))


def test_a_damaged_picture_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"404 not found")
    with pytest.raises(DataError) as caught:
        read_picture(tmp_path / "a.jpg")
    assert str(caught.value) == (
        f"{tmp_path / 'a.jpg'} is unreadable; get it again, or delete it to have its pairs left out"
    )


def test_a_picture_that_is_gone_when_it_is_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_picture(tmp_path / "a.jpg")
    assert str(caught.value) == f"{tmp_path / 'a.jpg'} cannot be read: No such file or directory"


def picture_folders(root: Path) -> tuple[PictureFolder, PictureFolder]:
    for n in (1, 2):
        write_picture(root / f"before/{n}.png", n)
        write_picture(root / f"after/{n}.png", n + 100)
    return PictureFolder(root / "before"), PictureFolder(root / "after")


def test_pairs_have_places_in_the_order_in_which_they_were_found(tmp_path: Path) -> None:
    before, after = picture_folders(tmp_path)
    pairs = PicturePairs()
    assert pairs.add((before, "2.png"), (after, "000002.png", "2.png")) == (0, "")
    assert pairs.add((before, "3.png"), (after, "1.png"))[0] == -1
    assert pairs.add((before, "1.png"), (after, "1.png")) == (1, "")
    assert [level_of(image)[0] for image in pairs.read(0)] == [2, 102]
    assert [level_of(image)[0] for image in pairs.read(1)] == [1, 101]


def test_of_a_pair_that_is_not_whole_the_first_missing_file_is_named(tmp_path: Path) -> None:
    before, after = picture_folders(tmp_path)
    pairs = PicturePairs()
    gone = pairs.add((before, "9.png", "9.jpg"), (after, "9.png"))
    assert gone == (-1, str(tmp_path / "before/9.png"))
    half = pairs.add((before, "1.png"), (after, "9.jpg", "9.png"))
    assert half == (-1, str(tmp_path / "after/9.jpg"))


def test_pictures_are_not_opened_before_they_are_asked_for(tmp_path: Path) -> None:
    before, after = picture_folders(tmp_path)
    (tmp_path / "after/1.png").write_bytes(b"broken")
    pairs = PicturePairs()
    assert pairs.add((before, "1.png"), (after, "1.png")) == (0, "")
    with pytest.raises(DataError, match=r"after/1\.png is unreadable"):
        pairs.read(0)


def test_json_of_any_language_is_read_as_utf_8(tmp_path: Path) -> None:
    text = json.dumps(["caf\u00e9"], ensure_ascii=False)
    (tmp_path / "a.json").write_bytes(text.encode("utf-8"))
    assert read_json(tmp_path / "a.json") == ["caf\u00e9"]
