"""The readers, captioners and metrics of Syned, as an experiment takes them."""

from __future__ import annotations

from syned.idc.bench import Kit
from syned.idc.metrics import CaptionScorer
from syned.idc.readers import open_pairs
from syned.idc.trials import Tools


def standard_kit() -> Kit:
    """What opens real pairs, and trains and scores real captioners."""
    return Kit(open_pairs=open_pairs, open_tools=open_tools, open_scorer=CaptionScorer)


def open_tools() -> Tools:
    """Load the model libraries, where something is trained."""
    from syned.idc.captioners import load_captioner
    from syned.idc.training import train_captioner

    return Tools(train=train_captioner, load=load_captioner)
