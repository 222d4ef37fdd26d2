"""Captioners from Python: load one, score what it says, and open pairs to try it on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from syned.captioning.data.pairs import PairInfo, Pairs
from syned.captioning.data.readers import open_pairs as open_pair_source
from syned.captioning.metrics.metrics import CaptionScorer
from syned.captioning.models.base import Captioner
from syned.config import PairSource
from syned.errors import DataError
from syned.libraries import TO_CAPTION, need_libraries
from syned.settings import validate


def load_captioner(folder: str | Path, *, device: str = "auto") -> Captioner:
    """Load a trained captioner, which says in words what changed between two images.

    Its method `caption` takes a list of pairs, each a source image and an edited image: PIL images,
    RGB of any size. It returns a list with one caption for each pair.

    Args:
        folder: as `Run.train_eval` writes it into the run's folder:
            train_eval/CAPTIONER/ARM/seed-N/weights.
        device: where it computes: auto, cpu, cuda, cuda:N or mps; auto takes a GPU if there is one.

    Raises:
        ConfigError: this machine has no such device.
        EngineError: the folder holds no finished captioner, it cannot be loaded, or a library for
            it is not installed.
    """
    need_libraries(TO_CAPTION, what="a captioner", extra="models")
    from syned.captioning.models.load import load_captioner as load

    return load(Path(folder).expanduser(), device=device)


def score_captions(
    predictions: Sequence[str], references: Sequence[Sequence[str]]
) -> dict[str, float]:
    """Score captions as `Run.train_eval` does: BLEU-1 to BLEU-4, METEOR, ROUGE-L and CIDEr.

    The numbers are COCO-caption's. They are of the set as a whole, and CIDEr counts how rare words
    are in its references; so scores compare between captioners on one set, and not between sets.

    Args:
        predictions: one caption for each pair, at least one pair; a caption may be empty.
        references: for each pair its references, at least one.

    Returns:
        Metric -> score. All are fractions in [0, 1] but CIDEr, which is in [0, 10]; papers print
        them times 100. Without Java, METEOR is missing, the others compare with each other and not
        with those of papers, and a warning says so.

    Raises:
        DataError: predictions and references do not fit together.
        EngineError: pycocoevalcap is not installed, or a Java program fails.
    """
    infos = _infos(predictions, references)
    with CaptionScorer() as scorer:
        if not scorer.comparable:
            warnings.warn(
                "there is no Java, so METEOR is left out, and the other scores do not compare with "
                "those of papers",
                stacklevel=2,
            )
        return dict(scorer.score(infos, predictions).all.whole)


def open_pairs(kind: str, path: str | Path | None = None, **settings: object) -> Pairs:
    """Open a set of image pairs with references, to caption them and to score the captions.

    All that is known of the pairs is read at once, but for their images: `infos` is a list with
    `pair_id`, `references` and `task` of each pair, and `images(index)` reads the source image and
    the edited image of one of them. `notes` says what was left out, and why.

    Args:
        kind: how the data are laid out, as in "spot_the_diff", or "published" for a dataset that
            Syned has published; docs/captioners.md lists all kinds.
        path: the folder of the data, for the kinds that need one.
        settings: other settings of `train_eval.test` in docs/settings.md, as in split="test" or
            limit=100.

    Raises:
        ConfigError: a setting is wrong, or does not fit what was found.
        DataError: the data cannot be reached or read, or nothing of them can be used.
    """
    given = {"kind": kind, "path": None if path is None else str(path), **settings}
    return open_pair_source(validate(PairSource, given, "open_pairs"))


def _infos(predictions: Sequence[str], references: Sequence[Sequence[str]]) -> list[PairInfo]:
    if isinstance(predictions, str) or not len(predictions):
        raise DataError(f"predictions is {predictions!r}; a list of captions is expected")
    if len(predictions) != len(references):
        raise DataError(
            f"there are {len(predictions):,} predictions and {len(references):,} lists of "
            "references; one of each is needed for every pair"
        )
    for number, of_pair in enumerate(references):
        if isinstance(of_pair, str) or not len(of_pair):
            raise DataError(
                f"references[{number}] is {of_pair!r}; a list of at least one reference is expected"
            )
    return [PairInfo(str(number), tuple(texts)) for number, texts in enumerate(references)]
