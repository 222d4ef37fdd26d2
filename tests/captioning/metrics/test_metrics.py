"""Expected numbers are those of COCO-caption's own pipeline, as pycocoevalcap 1.2 carries it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pycocoevalcap")

from syned.captioning.data.pairs import PairInfo
from syned.captioning.metrics.java import java_is_there
from syned.captioning.metrics.metrics import (
    METRICS,
    CaptionScorer,
    most_frequent_caption,
    plain_tokens,
)
from tests.captioning.metrics.reference_metrics import largest_difference, reference_scores
from tests.captioning.metrics.sentences import ODD, make_pairs

needs_java = pytest.mark.skipif(not java_is_there(), reason="needs Java")


@pytest.fixture(scope="module")
def scorer() -> Iterator[CaptionScorer]:
    with CaptionScorer(java=True) as opened:
        yield opened


def info(*references: str, task: str = "") -> PairInfo:
    return PairInfo("p/1", references, task)


@needs_java
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_scores_are_those_of_coco_caption(scorer: CaptionScorer) -> None:
    infos, predictions = make_pairs(200)
    ours = scorer.score(infos, predictions)
    reference = reference_scores(infos, predictions, meteor=True)
    assert set(reference[0]) == set(ours.all.whole) == set(METRICS)
    assert largest_difference((ours.all.whole, ours.all.pairs), reference) <= 1e-9
    assert ours.comparable
    assert list(ours.by_task) == ["add", "local", "remove"]


@needs_java
@pytest.mark.timeout(600)
def test_a_task_is_scored_as_a_set_of_its_own() -> None:
    infos, predictions = make_pairs(120, seed=1)
    ours = CaptionScorer(java=True, meteor=False).score(infos, predictions)
    for task, scores in ours.by_task.items():
        places = [place for place, each in enumerate(infos) if each.task == task]
        chosen = [infos[place] for place in places], [predictions[place] for place in places]
        reference = reference_scores(*chosen, meteor=False)
        assert largest_difference((scores.whole, scores.pairs), reference) <= 1e-9
        assert scores.whole["CIDEr"] != ours.all.whole["CIDEr"]


@needs_java
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_odd_texts_neither_break_nor_hang_anything(scorer: CaptionScorer) -> None:
    infos = [info("the dog is gone", text[:400] or "a dog left", task="x") for text in ODD]
    ours = scorer.score(infos, list(ODD))
    assert [len(scores) for scores in ours.all.pairs.values()] == [len(ODD)] * len(METRICS)
    assert [ours.all.pairs[metric][0] for metric in METRICS] == pytest.approx([0.0] * 7)
    assert ours.by_task["x"].whole == ours.all.whole


@needs_java
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_meteor_runs_once_and_ends_when_it_is_closed() -> None:
    infos, predictions = make_pairs(8)
    with CaptionScorer(java=True) as own:
        own.score_all(infos, [predictions, predictions])
        assert own._meteor is not None
        number = own._meteor.process_id
        own.score(infos, predictions)
        assert own._meteor.process_id == number
        assert Path(f"/proc/{number}").exists()
    assert not Path(f"/proc/{number}").exists()


@needs_java
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_nothing_is_printed(scorer: CaptionScorer, capfd: pytest.CaptureFixture[str]) -> None:
    scorer.score(*make_pairs(4))
    assert capfd.readouterr() == ("", "")


def test_without_java_scores_say_that_they_are_not_comparable() -> None:
    scores = CaptionScorer(java=False).score(*make_pairs(40))
    assert not scores.comparable
    assert "METEOR" not in scores.all.whole
    assert 0 < scores.all.whole["CIDEr"] <= 10
    assert CaptionScorer(java=False).name == "plain tokenizer, no METEOR"


def test_scores_of_means_are_means_of_the_pairs() -> None:
    scores = CaptionScorer(java=False).score(*make_pairs(40)).all
    for metric in ("ROUGE-L", "CIDEr"):
        each = scores.pairs[metric]
        assert scores.whole[metric] == pytest.approx(sum(each) / len(each), abs=1e-12)


def test_references_without_words_score_nothing() -> None:
    scores = CaptionScorer(java=False).score([info("..."), info("!")], ["a dog", ""])
    assert scores.all.whole["CIDEr"] == 0


def test_several_captioners_score_as_each_alone() -> None:
    infos, predictions = make_pairs(30)
    other = predictions[::-1]
    both = CaptionScorer(java=False).score_all(infos, [predictions, other])
    assert both[1] == CaptionScorer(java=False).score(infos, other)
    assert both[0].all.whole["BLEU-4"] > both[1].all.whole["BLEU-4"]


def test_the_most_frequent_caption_is_that_of_most_pairs() -> None:
    infos = [
        info("The dog left.", "the dog left", "a dog is gone"),
        info("a dog is gone"),
        info("A dog is gone!", "it is away", "it is away"),
    ]
    assert most_frequent_caption(infos) == "a dog is gone"


def test_the_plain_tokenizer_takes_words() -> None:
    assert (
        plain_tokens('Paint the man\'s "EXIT" sign, please...')
        == "paint the man's exit sign please"
    )
