"""What scores and outcomes are called in the report, and what they mean."""

from __future__ import annotations

KEPT, WAITING, FAILED = "kept", "not_filtered", "failed"
"""Outcomes of an edit beside the drop reasons; WAITING is one that no filter has looked at."""

NO_TASK = "no task"

SCORES = {
    "image_similarity": ("Image similarity", "source image and edited image, as the encoder sees"),
    "directional_similarity": (
        "Directional similarity",
        "change of the image against change of the caption",
    ),
    "edited_text_similarity": ("Text similarity, after", "edited image and its caption"),
    "source_text_similarity": ("Text similarity, before", "source image and its caption"),
    "dino_similarity": ("DINOv2 similarity", "source image and edited image"),
    "changed_fraction": ("Changed pixels", "share of the pixels that changed visibly"),
    "patch_change": ("Strongest patch", "mean change of the patch that changed most"),
    "ssim": ("SSIM", "structural similarity of source image and edited image"),
    "variant_disagreement": (
        "Disagreement of variants",
        "how much the variants of the request differ, in proportion to what they changed",
    ),
}
"""Column -> title and meaning, in the order in which they are shown."""

OF_SELECTION = "variant_disagreement"
"""The score that lies in selection.parquet, since it is one of an edit among others."""

_MEANINGS = {
    FAILED: "the editor made no image",
    "flat": "the edited image is one color, or black",
    "nothing_changed": "source image and edited image are all but equal",
    "changed_too_much": "more changed than the task asks for",
    "scene_lost": "the edited image no longer shows the scene",
    "instruction_ignored": "what changed is not what was asked for",
    "variants_disagree": "the variants of the request differ too much: the editor was not sure",
    "near_duplicate": "looks like a better variant of the same request",
    "beyond_best": "enough better variants of the same request are kept",
    "contaminated": "occurs in an evaluation set",
    KEPT: "goes into the dataset",
    WAITING: "the filter has not looked at it",
}


def words(name: str) -> str:
    """A snake_case name as a person reads it: "scene lost"."""
    return name.replace("_", " ")


def meaning(outcome: str) -> str:
    """What an outcome says of an edit; "" for one that this version does not know."""
    return _MEANINGS.get(outcome, "")


def percent(part: int, whole: int, decimals: int = 0) -> str:
    """A share in words, never rounded to none or all of it: "75%", "<1%", ">99%"; "-" of nothing.

    Args:
        part: of the whole.
        whole: 0 for nothing.
        decimals: of the percentage.
    """
    if not whole:
        return "-"
    least = 10.0**-decimals
    share = 100 * part / whole
    if part and share < least:
        return f"<{least:.{decimals}f}%"
    if part < whole and share > 100 - least:
        return f">{100 - least:.{decimals}f}%"
    return f"{share:.{decimals}f}%"


def score(value: float) -> str:
    """A score with three decimals, so that scores stand below each other."""
    return f"{value:.3f}"


def number(value: float) -> str:
    """A threshold or the end of an axis: as few decimals as it needs, at least 1, at most 3."""
    text = f"{value:.3f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text
