"""`syned sheet` from outside: which edits it draws, where, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageChops

from syned.report.sheet.sheet import PAGE
from tests.cli.conftest import SHAPES, run_cli
from tests.conftest import new_run
from tests.made_up_run import MadeUp, make_run


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as sheet:
        assert sheet.format == "PNG"
        return sheet.size


def test_it_draws_into_the_run_or_where_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path, MadeUp(40))
    assert run_cli("sheet") == 0
    assert capsys.readouterr().out == f"sheet    {tmp_path / 'test' / 'contact_sheet.png'}\n"
    assert run_cli("sheet", "--out", str(tmp_path / "new" / "mine.png")) == 0
    mine = tmp_path / "new" / "mine.png"
    assert mine.read_bytes() == (tmp_path / "test" / "contact_sheet.png").read_bytes()


def test_it_is_what_generate_draws_at_its_end(tmp_path: Path) -> None:
    assert run_cli(*SHAPES, "--n", "8") == 0
    assert run_cli("sheet", "--out", str(tmp_path / "mine.png")) == 0
    drawn = (tmp_path / "shapes" / "contact_sheet.png").read_bytes()
    assert drawn == (tmp_path / "mine.png").read_bytes()


def test_as_many_edits_are_drawn_as_are_asked_for(tmp_path: Path) -> None:
    make_run(tmp_path, MadeUp(80))
    sizes = []
    for edits in ([], ["--edits", "36"], ["--edits", "18"]):
        out = tmp_path / "mine.png"
        assert run_cli("sheet", *edits, "--out", str(out)) == 0
        sizes.append(size_of(out))
    assert sizes[0] == sizes[1]
    assert sizes[0][0] == sizes[2][0]
    assert sizes[0][1] > 1.8 * sizes[2][1]


def test_captions_take_room_of_their_own(tmp_path: Path) -> None:
    make_run(tmp_path, MadeUp(40))
    plain, captioned = tmp_path / "plain.png", tmp_path / "captioned.png"
    assert run_cli("sheet", "--edits", "6", "--out", str(plain)) == 0
    assert run_cli("sheet", "--edits", "6", "--captions", "--out", str(captioned)) == 0
    assert size_of(captioned)[1] > size_of(plain)[1]


def test_kept_edits_alone_are_drawn_when_they_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path, MadeUp(40, with_selection=False))
    every = tmp_path / "test" / "contact_sheet.png"
    assert run_cli("sheet") == 0
    before = every.read_bytes()
    assert run_cli("sheet", "--kept") == 2
    err = capsys.readouterr().err
    assert "has no selection.parquet, so no edit is known to be kept" in err
    assert "run `syned filter` first" in err
    assert every.read_bytes() == before
    make_run(tmp_path, MadeUp(40, kept_fraction=0.2))
    assert run_cli("sheet", "--kept") == 0
    assert every.read_bytes() != before
    make_run(tmp_path, MadeUp(40, kept_fraction=0))
    assert run_cli("sheet", "--kept") == 2
    assert "the filter has kept no edit" in capsys.readouterr().err


def test_a_sheet_of_kept_edits_says_so(tmp_path: Path) -> None:
    """The same edits, since all are kept; what differs is the title."""
    make_run(tmp_path, MadeUp(8, failed_every=100, kept_fraction=1))
    every, kept = tmp_path / "every.png", tmp_path / "kept.png"
    assert run_cli("sheet", "--out", str(every)) == 0
    assert run_cli("sheet", "--kept", "--out", str(kept)) == 0
    with Image.open(every) as one, Image.open(kept) as other:
        assert one.size == other.size
        box = ImageChops.difference(one, other).getbbox()
    assert box is not None
    assert box[3] < PAGE.margin_px + 2 * PAGE.title_line_px


def test_a_run_without_edits_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new_run(tmp_path)
    assert run_cli("sheet") == 2
    err = capsys.readouterr().err
    assert "no edit is finished yet" in err
    assert "`syned generate`" in err
    assert not (tmp_path / "test" / "contact_sheet.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--edits", "0"], "--edits is 0; a number from 1 to 1,000 is expected"),
        (["--edits", "-3"], "--edits is -3; a number from 1 to 1,000 is expected"),
        (["--edits", "1001"], "--edits is 1001; a number from 1 to 1,000 is expected"),
        (["--out", "FOLDER"], "which is a folder; name a file in it, as in FOLDER/sheet.png"),
        (["--out", "a.jpg"], "--out is 'a.jpg'; a sheet is a PNG, so its name ends in .png"),
        (["--out", "/dev/null/a.png"], "/dev/null/a.png cannot be written"),
    ],
)
def test_a_mistake_is_one_line_and_no_traceback(
    tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path, MadeUp(4))
    folder = str(tmp_path / "test")
    assert run_cli("sheet", *(word.replace("FOLDER", folder) for word in arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message.replace("FOLDER", folder) in err
    assert err.startswith("syned: ")
    assert err.count("\n") == 1
