"""Draw gains.png: the CIDEr of every arm, with one panel for each captioner."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from syned.errors import EngineError
from syned.run.atomic import write_atomically

_INCHES_PER_ARM = 0.42
_DOTS_PER_INCH = 150
_INK, _MEAN, _SEED, _CONSTANT = "#1b1b1b", "#0b5cad", "#7fb0dd", "#b3541e"


def draw_gains(gains: Mapping[str, Any], path: Path) -> None:
    """Draw what gains.json holds: seeds as dots, the mean with its 95% interval.

    Args:
        gains: what gains.json holds.
        path: the PNG to write.

    Raises:
        EngineError: matplotlib is not installed.
        RunError: the file cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise EngineError('gains.png needs matplotlib: pip install "syned[idc]"') from None
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # of its font cache
    captioners = {name: c for name, c in gains["captioners"].items() if c["arms"]}
    if not captioners:
        return
    arms = max(len(captioner["arms"]) for captioner in captioners.values())
    figure = Figure(
        figsize=(1.2 + 4.2 * len(captioners), 1.3 + _INCHES_PER_ARM * arms), layout="constrained"
    )
    panels = figure.subplots(1, len(captioners), squeeze=False)[0]
    for panel, (name, captioner) in zip(panels, captioners.items(), strict=True):
        _draw_panel(panel, name, captioner, 100 * gains["constant"]["scores"]["CIDEr"])
    figure.suptitle(
        f"CIDEr x 100 on {gains['test']['pairs']:,} test pairs: mean with 95% interval, dots are "
        "seeds",
        fontsize=9,
        color=_INK,
    )
    canvas: Any = FigureCanvasAgg(figure)  # its methods have no types
    data = io.BytesIO()
    canvas.print_png(data, metadata={"Software": None})
    write_atomically(path, data.getvalue())


def _draw_panel(panel: Any, name: str, captioner: Mapping[str, Any], constant: float) -> None:
    arms = list(captioner["arms"].items())
    highest = max(constant, 1.0)  # so that scores of zero have an axis, too
    for row, (_, values) in enumerate(arms):
        scores, between = values["scores"]["CIDEr"], values["interval"]
        seeds = [100 * score for score in scores["seeds"].values()]
        highest = max(highest, 100 * between["high"], *seeds)
        panel.plot([100 * between["low"], 100 * between["high"]], [row, row], color=_MEAN, lw=2)
        panel.plot(seeds, [row] * len(seeds), "o", color=_SEED, ms=5, mec="white", mew=0.5)
        panel.plot([100 * scores["mean"]], [row], "|", color=_MEAN, ms=14, mew=2)
    panel.set_yticks(range(len(arms)), [arm for arm, _ in arms], fontsize=8)
    panel.set_ylim(len(arms) - 0.5, -1.1)
    panel.set_xlim(-0.02 * highest, 1.05 * highest)
    panel.axvline(constant, color=_CONSTANT, lw=1, ls="--")
    side = "right" if constant > 0.6 * highest else "left"
    panel.text(constant, -0.75, " most frequent caption ", color=_CONSTANT, fontsize=7, ha=side)
    panel.tick_params(axis="x", labelsize=8)
    panel.grid(axis="x", color="#dddddd", lw=0.6)
    panel.set_axisbelow(True)
    panel.set_title(name, fontsize=9, loc="left", color=_INK)
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)
