"""The cards of the report: what belongs to an edit, and nothing of another."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from syned.report.page.cards import MOST_CAPTIONS, Card, make_cards
from syned.report.page.edit_table import EditColumns, read_columns
from syned.report.page.labels import SCORES
from syned.report.page.thumbnails import QUALITIES, Picture
from syned.run.directory import Run
from tests.conftest import silent
from tests.report.page.made_up import MadeUp, make_run, request_of


def cards_of(
    run: Run, positions: Sequence[int], columns: EditColumns | None = None
) -> dict[int, Card]:
    columns = columns or read_columns(run, silent)
    cards = make_cards(run, columns, positions, silent)
    return dict(zip(positions, cards, strict=True))


def longest_side(picture: Picture | None) -> int:
    assert picture is not None
    data = base64.b64decode(picture.url.partition(",")[2])
    return max(Image.open(io.BytesIO(data)).size)


def test_a_card_shows_the_edit_of_its_position(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    columns = read_columns(run, silent)
    for position, card in cards_of(run, [3, 17, 50]).items():
        assert card.request.seed == position
        assert card.edit.edit_id == card.request.edit_id
        assert card.task == columns.tasks[position] == card.request.task
        assert card.outcome == columns.outcomes[position]
        assert card.pictures.source
        assert card.pictures.edited


def test_a_card_holds_small_pictures_and_not_the_image(tmp_path: Path) -> None:
    (card,) = cards_of(make_run(tmp_path), [0]).values()
    assert card.edit.edited_image is None


def test_an_edit_that_failed_has_no_picture_and_no_scores(tmp_path: Path) -> None:
    (card,) = cards_of(make_run(tmp_path), [7]).values()
    assert (card.outcome, card.kept, card.truth) == ("failed", False, "")
    assert card.pictures.edited is None
    assert card.scores == []


def test_kept_and_dropped_are_told_apart_from_what_waits(tmp_path: Path) -> None:
    run = make_run(tmp_path / "filtered")
    columns = read_columns(run, silent)
    chosen = [columns.outcomes.index("kept"), columns.outcomes.index("scene_lost")]
    assert [card.kept for card in cards_of(run, chosen).values()] == [True, False]
    waiting = make_run(tmp_path / "waiting", MadeUp(edits=4, selection=False))
    assert cards_of(waiting, [0])[0].kept is None


def test_truth_is_right_wrong_or_unknown(tmp_path: Path) -> None:
    run = make_run(tmp_path / "known")
    columns = read_columns(run, silent)
    chosen = [columns.right.index(True), columns.right.index(False)]
    assert [card.truth for card in cards_of(run, chosen).values()] == ["right", "wrong"]
    unknown = make_run(tmp_path / "unknown", MadeUp(edits=4, truth=False))
    assert cards_of(unknown, [0])[0].truth == ""


def test_only_scores_that_were_measured_are_shown_in_their_order(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    columns = read_columns(run, silent)
    (card,) = cards_of(run, [3]).values()
    measured = [name for name in SCORES if not math.isnan(columns.scores[name][3])]
    assert "dino_similarity" not in measured
    assert [(score.title, score.note) for score in card.scores] == [SCORES[n] for n in measured]
    assert [score.value for score in card.scores] == [
        f"{columns.scores[name][3]:.3f}" for name in measured
    ]


def test_a_score_fails_by_the_limits_of_its_own_task(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(edits=64, tasks=("add", "style")))
    columns = read_columns(run, silent)
    columns.scores["image_similarity"][:] = 0.6  # the least is 0.7, and 0.55 for style
    chosen = [columns.tasks.index("add"), columns.tasks.index("style")]
    title = SCORES["image_similarity"][0]
    fails = [
        score.fails
        for card in cards_of(run, chosen, columns).values()
        for score in card.scores
        if score.title == title
    ]
    assert fails == [True, False]


def test_texts_are_the_instruction_and_then_a_few_captions(tmp_path: Path) -> None:
    (card,) = cards_of(make_run(tmp_path), [0]).values()
    many = tuple(f"caption {number}" for number in range(MOST_CAPTIONS + 3))
    request = replace(request_of(0, MadeUp()), captions=many)
    assert replace(card, request=request).texts == [
        ("instruction", "add star number 0"),
        *(("caption", caption) for caption in many[:MOST_CAPTIONS]),
    ]


def test_pictures_are_as_small_as_all_of_them_need_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path, MadeUp(edits=4, size_px=300))
    (large,) = cards_of(run, [0]).values()
    assert longest_side(large.pictures.edited) == QUALITIES[0].side_px
    monkeypatch.setattr("syned.report.page.cards.PICTURE_BYTES", 1)
    (small,) = cards_of(run, [0]).values()
    assert longest_side(small.pictures.edited) == QUALITIES[-1].side_px


def test_progress_is_told_whenever_the_cards_of_a_shard_are_made(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    heard: list[tuple[int, int]] = []
    columns = read_columns(run, silent)
    chosen = [0, 1, 20, 40]
    list(make_cards(run, columns, chosen, lambda done, total: heard.append((done, total))))
    assert heard == [(2, 4), (3, 4), (4, 4)]
