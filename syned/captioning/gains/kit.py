"""The functions with which an experiment opens pairs, trains captioners and scores captions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from syned.captioning.data.pairs import PairSet
from syned.captioning.data.readers import open_pairs
from syned.captioning.gains.trials import Scorer, Tools
from syned.captioning.metrics.metrics import CaptionScorer
from syned.config import PairSource


@dataclass(frozen=True)
class Kit:
    """What opens pairs, and what opens that which trains and scores captioners."""

    open_pairs: Callable[[PairSource], PairSet]
    open_tools: Callable[[], Tools]
    """Called where the trainings run, which may be another process."""
    open_scorer: Callable[[], AbstractContextManager[Scorer]]
    """Called once; what it starts ends with its `with` block."""


def standard_kit() -> Kit:
    """What opens real pairs, and trains and scores real captioners."""
    return Kit(open_pairs=open_pairs, open_tools=open_tools, open_scorer=CaptionScorer)


def open_tools() -> Tools:
    """Load the model libraries, where something is trained."""
    from syned.captioning.models.load import load_captioner
    from syned.captioning.training.train import train_captioner

    return Tools(train=train_captioner, load=load_captioner)
