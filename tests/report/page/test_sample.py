"""Which edits the report shows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from syned.generate.jobs import failed_edit
from syned.report.page.edit_table import EditColumns, read_columns
from syned.report.page.sample import SHARDS, choose_edits, read_samples
from tests.conftest import failed_request, new_run, silent
from tests.report.page.made_up import MadeUp, commit, make_run


def columns_of(groups: list[tuple[str, str]], shard_rows: int = 10) -> EditColumns:
    positions = np.arange(len(groups), dtype=np.int32)
    return EditColumns(
        shards=positions // shard_rows,
        rows=positions % shard_rows,
        tasks=[task for task, _ in groups],
        outcomes=[outcome for _, outcome in groups],
        right=[None] * len(groups),
        scores={},
        scored=0,
        selection={},
    )


def test_every_task_and_outcome_is_shown_equally_often() -> None:
    groups = [("add", "kept")] * 700 + [("add", "flat")] * 200 + [("style", "kept")] * 100
    chosen = choose_edits(columns_of(groups), 60)
    assert Counter(groups[position] for position in chosen) == {
        ("add", "kept"): 20,
        ("add", "flat"): 20,
        ("style", "kept"): 20,
    }
    assert chosen == sorted(set(chosen))


def test_frequent_edits_come_from_few_shards_that_are_spread_over_the_run() -> None:
    columns = columns_of([("add", "kept")] * 100_000)
    shards = columns.shards[choose_edits(columns, 240)]
    assert len(set(shards.tolist())) <= SHARDS
    assert shards.min() == 0
    assert shards.max() > 0.9 * columns.shards.max()


def test_a_rare_outcome_is_found_wherever_it_is() -> None:
    groups = [("add", "kept")] * 10_000
    groups[7777] = groups[123] = ("add", "contaminated")
    assert {123, 7777} <= set(choose_edits(columns_of(groups), 40))


def test_a_small_run_is_shown_whole() -> None:
    assert choose_edits(columns_of([("add", "kept")] * 30), 240) == list(range(30))
    assert choose_edits(columns_of([]), 240) == []


def test_a_sample_holds_what_belongs_together(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    columns = read_columns(run, silent)
    samples = [s for some in read_samples(run, columns, [3, 7, 50]) for s in some]
    assert [sample.position for sample in samples] == [3, 7, 50]
    for sample in samples:
        assert sample.request.seed == sample.position
        assert sample.edit.edit_id == sample.request.edit_id
        images = run.images.read(sample.request.image_shard, ["source_id", "image"]).to_pylist()
        image = images[sample.request.image_row]
        assert image["source_id"] == sample.request.source_id
        assert sample.source_image == image["image"]["bytes"]
    assert samples[1].edit.status == "failed"


def test_a_request_without_an_image_is_shown_without_one(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    request = failed_request(0)
    commit(run.requests, 0, [request])
    commit(run.edits, 0, [failed_edit(request)])
    ((sample,),) = read_samples(run, read_columns(run, silent), [0])
    assert sample.source_image is None
    assert sample.edit.reason == "unreadable"


def test_few_shards_are_opened(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(edits=64))
    columns = read_columns(run, silent)
    for shard in (1, 2, 3):
        run.edits.file(shard).write_bytes(b"not to be read")
    assert len(list(read_samples(run, columns, [0, 5, 9]))) == 1
