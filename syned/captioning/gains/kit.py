"""The readers, captioners and metrics of Syned, as an experiment takes them."""

from __future__ import annotations

from syned.captioning.data.readers import open_pairs
from syned.captioning.gains.bench import Kit
from syned.captioning.gains.trials import Tools
from syned.captioning.metrics.metrics import CaptionScorer


def standard_kit() -> Kit:
    """What opens real pairs, and trains and scores real captioners."""
    return Kit(open_pairs=open_pairs, open_tools=open_tools, open_scorer=CaptionScorer)


def open_tools() -> Tools:
    """Load the model libraries, where something is trained."""
    from syned.captioning.models.load import load_captioner
    from syned.captioning.training.train import train_captioner

    return Tools(train=train_captioner, load=load_captioner)
