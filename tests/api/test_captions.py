"""Captioners, scores and pairs from Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import syned
from syned.captioning.data.pairs import PairInfo
from syned.captioning.metrics.java import java_is_there
from syned.captioning.metrics.metrics import METRICS, CaptionScorer
from syned.sources.png import png_bytes

PREDICTIONS = ("the red square is blue now", "nothing has changed", "")
REFERENCES = (
    ("the red square is blue now", "red became blue"),
    ("there is no change", "both images are the same"),
    ("the dog is gone",),
)


@pytest.mark.skipif(not java_is_there(), reason="METEOR needs Java")
def test_scores_are_those_of_train_eval() -> None:
    infos = [PairInfo(str(i), references) for i, references in enumerate(REFERENCES)]
    with CaptionScorer(meteor=False) as scorer:
        expected = scorer.score(infos, PREDICTIONS).all.whole
    scores = syned.score_captions(PREDICTIONS, REFERENCES)
    assert tuple(scores) == METRICS
    assert 0 < scores.pop("METEOR") < 1
    assert scores == expected


def test_without_java_a_warning_says_that_papers_score_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.warns(UserWarning, match="there is no Java, so METEOR is left out") as caught:
        scores = syned.score_captions(PREDICTIONS, REFERENCES)
    assert caught[0].filename == __file__
    assert "METEOR" not in scores
    assert scores["BLEU-1"] > 0


def test_predictions_and_references_that_do_not_fit_are_refused() -> None:
    with pytest.raises(syned.DataError, match="there are 3 predictions and 2 lists of references"):
        syned.score_captions(PREDICTIONS, REFERENCES[:2])
    with pytest.raises(syned.DataError, match=r"references\[1\] is 'b'; a list of at least one"):
        syned.score_captions(["a", "b"], [["a"], "b"])
    with pytest.raises(syned.DataError, match=r"references\[0\] is \[\]"):
        syned.score_captions(["a"], [[]])
    nothings: list[Sequence[str]] = ["a", []]
    for nothing in nothings:
        with pytest.raises(syned.DataError, match="a list of captions is expected"):
            syned.score_captions(nothing, [["a"]])


def test_pairs_are_opened_by_their_kind_and_settings() -> None:
    pairs = syned.open_pairs("shapes", split="test", limit=3)
    assert len(pairs.infos) == 3
    assert pairs.infos[0].references
    assert [image.size for image in pairs.images(2)] == [(64, 64), (64, 64)]


def test_pairs_of_a_published_run_are_its_kept_edits(tmp_path: Path) -> None:
    settings = ("generate.editor=fake", "generate.n=4", "publish.unfiltered=true")
    run = syned.start_run("shapes", *settings, data_dir=tmp_path)
    run.generate(progress=False)
    pairs = syned.open_pairs("published", run.publish(progress=False).path)
    edits = {edit.edit_id: edit for edit in run.edits()}
    assert {info.pair_id for info in pairs.infos} == set(edits)
    edited = edits[pairs.infos[0].pair_id].edited_image
    assert edited is not None
    assert png_bytes(pairs.images(0)[1]) == png_bytes(edited)


def test_pairs_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(syned.ConfigError, match="open_pairs: kind is 'spot'; one of"):
        syned.open_pairs("spot")
    with pytest.raises(syned.ConfigError, match="open_pairs: splt is not a setting; did you mean"):
        syned.open_pairs("shapes", splt="test")
    with pytest.raises(syned.ConfigError, match="which is not a folder"):
        syned.open_pairs("published", tmp_path / "nothing")


def test_a_folder_without_a_captioner_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    with pytest.raises(syned.EngineError, match=r"has no captioner\.json"):
        syned.load_captioner(tmp_path)


def test_libraries_that_are_missing_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syned.api.captions.TO_CAPTION", ("json", "no_such_library"))
    with pytest.raises(syned.EngineError, match="a captioner needs no_such_library, which is not"):
        syned.load_captioner(tmp_path)
