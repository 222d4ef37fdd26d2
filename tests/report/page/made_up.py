"""Runs that nobody generated, small or large, for the report to read."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from syned.config import TextKind
from syned.run.directory import Run
from syned.run.records import (
    SELECTION_SCHEMA,
    Edit,
    EditScore,
    JudgedCandidate,
    Paraphrased,
    Request,
    SourceImage,
    to_table,
)
from syned.run.selection_file import write_selection_file
from syned.run.shards import ShardFolder
from syned.sources.png import png_bytes
from tests.conftest import make_config, new_run
from tests.made_up_run import Selected

TASKS = ("add", "background", "color", "global", "local", "remove", "style", "text")
REASONS = ("nothing_changed", "scene_lost", "instruction_ignored", "near_duplicate")
THRESHOLDS = {
    "all": {"min_image_similarity": 0.7, "max_image_similarity": 0.99, "min_patch_change": 0.03},
    "tasks": {"style": {"min_image_similarity": 0.55}, "global": {"max_image_similarity": None}},
}
SCRIPT = "<script>window.hit = 1</script>"


@dataclass(frozen=True)
class MadeUp:
    """What a run is to look like; {n} in a text is the number of its source image."""

    edits: int = 64
    shard_rows: int = 16
    variants: int = 4
    size_px: int = 16
    tasks: Sequence[str] = TASKS
    instruction: str = "add star number {n}"
    caption: str = "there is a star now, number {n}"
    truth: bool = True
    scores: bool = True
    selection: bool = True
    captions: bool = True
    thresholds: dict[str, Any] = field(default_factory=lambda: THRESHOLDS)


def make_run(folder: Path, wanted: MadeUp | None = None) -> Run:
    """Write plan/, edits/, scores/, captions/ and selection.parquet."""
    wanted = wanted or MadeUp()
    run = new_run(folder, make_config())
    dice = random.Random(0)
    pngs = [picture(number, wanted.size_px) for number in range(24)]
    sources = [
        SourceImage(f"source{number}", pngs[number % 24], wanted.size_px, wanted.size_px)
        for number in range(-(-wanted.edits // wanted.variants))
    ]
    for shard, first in enumerate(range(0, len(sources), wanted.shard_rows)):
        commit(run.images, shard, sources[first : first + wanted.shard_rows])
    selected: list[Selected] = []
    for shard, first in enumerate(range(0, wanted.edits, wanted.shard_rows)):
        numbers = range(first, min(first + wanted.shard_rows, wanted.edits))
        requests = [request_of(number, wanted) for number in numbers]
        edits = [edit_of(request, pngs, wanted, dice) for request in requests]
        commit(run.requests, shard, requests, {"planned": len(requests)})
        commit(run.edits, shard, edits, counts_of(edits))
        if wanted.scores:
            commit(run.edit_scores, shard, [score_of(edit, dice) for edit in edits])
        selected += [
            selected_of((shard, row), request, edit, dice)
            for row, (request, edit) in enumerate(zip(requests, edits, strict=True))
        ]
    if wanted.selection:
        write_selection(run, selected, wanted.thresholds)
    if wanted.captions:
        write_captions(run, wanted)
    return run


def picture(number: int, size_px: int) -> bytes:
    """A gradient with a block on it, as PNG."""
    dice = np.random.default_rng(number)
    ramp = np.linspace(0, 1, size_px)[:, None, None]
    pixels = ramp * dice.integers(60, 256, 3) + (1 - ramp) * dice.integers(0, 200, 3)
    pixels = np.broadcast_to(pixels, (size_px, size_px, 3)).copy()
    x, y = dice.integers(0, max(1, size_px * 2 // 3), 2)
    pixels[y : y + size_px // 3, x : x + size_px // 3] = dice.integers(0, 256, 3)
    return png_bytes(Image.fromarray(pixels.astype(np.uint8)))


def request_of(number: int, wanted: MadeUp) -> Request:
    source = number // wanted.variants
    caption = wanted.caption.replace("{n}", str(source))
    return Request(
        edit_id=f"edit{number:08d}",
        source_id=f"source{source}",
        image_shard=source // wanted.shard_rows,
        image_row=source % wanted.shard_rows,
        variant_index=number % wanted.variants,
        instruction=wanted.instruction.replace("{n}", str(source)),
        seed=number,
        guidance_scale=7.5,
        image_guidance_scale=1.5,
        width_px=wanted.size_px,
        height_px=wanted.size_px,
        key=f"made-up/{source}",
        task=wanted.tasks[source % len(wanted.tasks)],
        input_caption="a picture",
        output_caption=caption,
        captions=(caption,),
    )


def edit_of(request: Request, pngs: Sequence[bytes], wanted: MadeUp, dice: random.Random) -> Edit:
    """Every 41st failed; 7 of 10 of the others are right."""
    named = (request.edit_id, request.source_id, request.variant_index)
    if request.seed % 41 == 7:
        return Edit(*named, "failed", "flat_image")
    error = 0.02 if dice.random() < 0.7 else 0.09
    return Edit(
        *named,
        "done",
        edited_image=pngs[(request.seed * 7 + 1) % len(pngs)],
        true_error=error if wanted.truth else None,
        source_error=0.1 if wanted.truth else None,
    )


def score_of(edit: Edit, dice: random.Random) -> EditScore:
    """What a wrong edit has less of, on the whole."""
    if edit.status == "failed":
        return EditScore(edit.edit_id)
    good = edit.right is not False
    return EditScore(
        edit.edit_id,
        image_similarity=min(1.0, dice.gauss(0.88 if good else 0.74, 0.06)),
        source_text_similarity=dice.gauss(0.27, 0.03),
        edited_text_similarity=dice.gauss(0.28 if good else 0.23, 0.03),
        directional_similarity=dice.gauss(0.3 if good else 0.08, 0.1),
        changed_fraction=min(1.0, abs(dice.gauss(0.2, 0.15))),
        patch_change=min(1.0, abs(dice.gauss(0.25, 0.12))),
        ssim=min(1.0, dice.gauss(0.8, 0.1)),
        perceptual_hash="0" * 16,
        flat=False,
        embedding=(1.0, 0.0),
    )


def selected_of(
    place: tuple[int, int], request: Request, edit: Edit, dice: random.Random
) -> Selected:
    dropped = dice.random() < (0.95 if edit.right is False else 0.15)
    reason = dice.choice(REASONS) if dropped else ""
    if edit.status == "failed":
        reason = "failed"
    ids = (edit.edit_id, edit.source_id)
    shard, row = place
    differs = None if edit.status == "failed" else dice.random()
    return Selected(*ids, shard, row, request.task, differs, not reason, reason)


def counts_of(edits: Sequence[Edit]) -> dict[str, int]:
    status = Counter(edit.status for edit in edits)
    judged = [edit.right for edit in edits if edit.right is not None]
    return {
        "done": status["done"],
        "failed": status["failed"],
        "failed:flat_image": status["failed"],
        "judged": len(judged),
        "right": sum(judged),
    }


def write_selection(run: Run, rows: Sequence[Selected], thresholds: dict[str, Any]) -> None:
    """selection.parquet with what the filter notes about it, as far as the report reads that."""
    dropped = Counter(row.reason for row in rows if not row.kept)
    noted = {
        "kept": len(rows) - dropped.total(),
        "dropped": dict(dropped),
        "thresholds": thresholds,
        "encoder": "made-up@1",
        "contamination": {"Emu Edit test": {"images": 3, "captions": 1}},
    }
    table = to_table(list(rows), SELECTION_SCHEMA)
    write_selection_file(run, table, noted)


def write_captions(run: Run, wanted: MadeUp) -> None:
    """One shard: the instructions of the first sources, and their captions."""
    rows: list[Paraphrased] = []
    for number in range(0, min(wanted.edits, 400), wanted.variants):
        request = request_of(number, wanted)
        rows.append(paraphrased("instruction", request.instruction))
        rows.append(paraphrased("caption", request.captions[0]))
    counts = {
        "done": len(rows),
        "paraphrases": 2 * len(rows),
        "accepted": 3 * len(rows),
        "rejected:same": len(rows),
        "rejected:refusal": len(rows),
    }
    commit(run.captions, 0, rows, counts)


def paraphrased(kind: TextKind, text: str) -> Paraphrased:
    """Two paraphrases, a third that is not among the best, and two that were rejected."""
    good = (f"please {text}", f"{text}, if you can")
    candidates = (
        *(JudgedCandidate(each, "", 0.95) for each in good),
        JudgedCandidate(f"well, {text}", "beyond_best", 0.9),
        JudgedCandidate(text, "same"),
        JudgedCandidate("I am sorry, I cannot", "refusal"),
    )
    return Paraphrased(f"{kind}:{text}", kind, text, "", "done", "", good, candidates, 1)


def gains_of(baseline: str) -> dict[str, Any]:
    """What gains.json holds, as far as the report reads it."""
    gain = {"difference": 0.05, "low": 0.01, "high": 0.091, "above_zero": 0.99}
    arms = {
        baseline: {
            "trained_on": "real pairs",
            "scores": {
                "BLEU-4": {"mean": 0.1, "deviation": None},
                "CIDEr": {"mean": 0.45, "deviation": 0.012},
            },
            "gain": {},
        },
        f"{baseline}+syned": {
            "trained_on": "real and syned",
            "scores": {
                "BLEU-4": {"mean": 0.12, "deviation": None},
                "CIDEr": {"mean": 0.5, "deviation": 0.02},
            },
            "gain": {"CIDEr": gain},
        },
    }
    return {
        "metrics": ["BLEU-4", "CIDEr"],
        "comparable": True,
        "baseline": baseline,
        "test": {"pairs": 400},
        "missing": [],
        "constant": {"caption": "nothing changed", "scores": {"BLEU-4": 0.01, "CIDEr": 0.02}},
        "captioners": {"two_stream": {"seeds": [0, 1, 2], "arms": arms}},
    }


def commit(
    folder: ShardFolder, shard: int, rows: Sequence[Any], counts: dict[str, int] | None = None
) -> None:
    table = to_table(list(rows), folder.schema)
    folder.commit(shard, table, inputs="", counts=counts or {}, seconds=1.0)
