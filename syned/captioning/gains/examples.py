"""Choose test pairs to show, with both pictures, the references and every arm's caption."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from syned.captioning.data.pairs import PairInfo, PairSet
from syned.captioning.gains.gains import Finished
from syned.run.atomic import write_atomically

PICTURE_PX = 256
"""Height of an example's pictures; smaller ones are enlarged without smoothing."""
_GAP_PX = 8


def write_examples(
    finished: Sequence[Finished], test: PairSet, count: int, folder: Path
) -> list[dict[str, Any]]:
    """Choose examples, draw their pictures, and collect what was said of them.

    Args:
        finished: the trials that are done; of each arm, its first seed speaks.
        test: the test pairs.
        count: how many to show at most.
        folder: holds gains.md; the pictures go to its folder `examples`.

    Raises:
        DataError: a picture cannot be read.
        RunError: a file cannot be written.
    """
    speakers: dict[tuple[str, str], Finished] = {}
    for trial in finished:
        speakers.setdefault((trial.captioner, trial.arm), trial)
    examples = []
    for number, place in enumerate(spread_over_tasks(test.infos, count)):
        info = test.infos[place]
        name = f"examples/{number:02d}.png"
        write_atomically(folder / name, _side_by_side(*test.images(place)))
        said: dict[str, dict[str, str]] = {}
        for (captioner, arm), trial in speakers.items():
            said.setdefault(captioner, {})[arm] = trial.predictions[place]
        examples.append(
            {
                "pair_id": info.pair_id,
                "task": info.task,
                "picture": name,
                "references": list(info.references),
                "said": said,
            }
        )
    return examples


def spread_over_tasks(infos: Sequence[PairInfo], count: int) -> list[int]:
    """Places of `count` pairs, the tasks taking turns, each task's pairs evenly spread."""
    by_task: dict[str, list[int]] = {}
    for place, info in enumerate(infos):
        by_task.setdefault(info.task, []).append(place)
    chosen: list[int] = []
    rounds = -(-count // max(1, len(by_task)))
    for turn in range(rounds):
        for places in by_task.values():
            if turn < min(rounds, len(places)):
                chosen.append(places[turn * len(places) // min(rounds, len(places))])
    return sorted(chosen[:count])


def _side_by_side(source: Image.Image, edited: Image.Image) -> bytes:
    """Both pictures at one height, as PNG."""
    drawn = [_at_height(source), _at_height(edited)]
    whole = Image.new("RGB", (sum(p.width for p in drawn) + _GAP_PX, PICTURE_PX), "white")
    whole.paste(drawn[0], (0, 0))
    whole.paste(drawn[1], (drawn[0].width + _GAP_PX, 0))
    data = io.BytesIO()
    whole.save(data, "PNG")
    return data.getvalue()


def _at_height(picture: Image.Image) -> Image.Image:
    width = max(1, round(picture.width * PICTURE_PX / picture.height))
    smooth = picture.height > PICTURE_PX
    return picture.resize(
        (width, PICTURE_PX), Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    )
