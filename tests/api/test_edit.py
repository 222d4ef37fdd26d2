"""The images of an edit: read when they are asked for, and of the right edit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import syned
from syned.run.records import EDIT_SCHEMA, Edit, from_rows, to_table
from syned.run.rows import RowReader
from syned.sources.png import decode
from tests.api.conftest import directory_of
from tests.conftest import failed_request, make_job, new_run, plan_of
from tests.scored_run import Made, noise, scored_run


def test_images_are_those_of_the_run_and_none_where_there_is_none(tmp_path: Path) -> None:
    changed = noise(7)
    scored_run(tmp_path, [[Made(1, noise(9)), Made(2, None)], [Made(3, changed)]])
    edits = syned.open_run("test", data_dir=tmp_path).edits()
    source, edited = edits[2].source_image, edits[2].edited_image
    assert isinstance(source, Image.Image)
    assert isinstance(edited, Image.Image)
    assert np.array_equal(np.asarray(source), noise(3))
    assert np.array_equal(np.asarray(edited), changed)
    assert edits[1].edited_image is None
    assert edits[1].source_image is not None
    assert edits[2].true_image is None


def test_the_true_image_is_the_one_that_the_source_knows(tmp_path: Path) -> None:
    run = syned.start_run(
        "shapes", "generate.editor=fake", "generate.n=2", "name=test", data_dir=tmp_path
    )
    run.generate(progress=False)
    truths = [row["true_image"]["bytes"] for row in directory_of(run).requests.read(0).to_pylist()]
    image = run.edits()[1].true_image
    assert image is not None
    assert np.array_equal(np.asarray(image), decode(truths[1]))


def test_an_edit_whose_source_image_was_unreadable_has_no_image(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    request = failed_request(2)
    plan_of(run, [[make_job(1), request]])
    edits = [
        Edit("edit1", "source1", 0, "failed", "flat_image"),
        Edit(request.edit_id, request.source_id, 0, "failed", "unreadable"),
    ]
    run.edits.commit(0, to_table(edits, EDIT_SCHEMA), inputs="", counts={}, seconds=0.0)
    edit = syned.open_run("test", data_dir=tmp_path).edits()[1]
    assert (edit.source_image, edit.edited_image) == (None, None)
    assert (edit.status, edit.reason) == ("failed", "unreadable")


def test_no_image_is_read_before_it_is_asked_for(
    run: syned.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[int, int]] = []
    plain = RowReader.row

    def noted(reader: RowReader, shard: int, row: int) -> dict[str, object]:
        read.append((shard, row))
        return plain(reader, shard, row)

    monkeypatch.setattr(RowReader, "row", noted)
    edits = list(run.edits())
    assert read == []
    assert edits[11].edited_image is not None
    assert read == [(1, 3)]


def test_an_image_of_another_edit_is_refused(run: syned.Run) -> None:
    edit = run.edits()[0]
    directory = directory_of(run)
    rows = from_rows(directory.edits.read(0).to_pylist(), Edit)
    turned = to_table([*rows[1:], rows[0]], EDIT_SCHEMA)
    directory.edits.commit(0, turned, inputs="", counts={}, seconds=0.0)
    with pytest.raises(syned.RunError, match="the run has changed meanwhile"):
        _ = edit.edited_image
