"""What scores and outcomes are called in the report, and what they mean."""

from __future__ import annotations

from syned.run.selection_file import REASON_MEANINGS

KEPT, WAITING, FAILED = "kept", "not_filtered", "failed"
"""Outcomes of an edit beside the drop reasons; WAITING is one that no filter has looked at."""

NO_TASK = "no task"

SCORES = {
    "image_similarity": (
        "Image similarity",
        "how alike source image and edited image are to the encoder",
    ),
    "directional_similarity": (
        "Directional similarity",
        "whether the image changed in the direction in which its caption did",
    ),
    "edited_text_similarity": (
        "Text similarity, after",
        "how well the edited image fits the caption that it should have",
    ),
    "source_text_similarity": (
        "Text similarity, before",
        "how well the source image fits its caption",
    ),
    "dino_similarity": (
        "DINOv2 similarity",
        "how alike source image and edited image are to DINOv2",
    ),
    "changed_fraction": ("Changed pixels", "share of the pixels that changed visibly"),
    "patch_change": (
        "Strongest patch",
        "mean change of the patch that changed most, of 8 by 8 patches",
    ),
    "ssim": ("SSIM", "structural similarity of source image and edited image"),
    "variant_disagreement": (
        "Disagreement of variants",
        "how much the other variants differ from this one, relative to what it changed",
    ),
}
"""Column -> title and meaning, in the order in which they are shown."""

OF_SELECTION = "variant_disagreement"
"""The score that lies in selection.parquet, since it is one of an edit among others."""

_MEANINGS = {
    **REASON_MEANINGS,
    KEPT: "edits that go into the dataset",
}

_REJECTIONS = {
    "empty": "holds no words",
    "refusal": "refuses, or talks to the user",
    "several_lines": "is more than one line",
    "several_sentences": "is more than one sentence",
    "too_long": "has far more words than the text",
    "cut_off": "ends before the sentence does",
    "scaffold": "talks about paraphrasing",
    "stray_quotes": "has a quote that is not closed",
    "not_an_instruction": "is no instruction, although the text is one",
    "not_a_caption": "is an instruction, although the text is a caption",
    "same": "equals the text",
    "duplicate": "equals an earlier answer",
    "protected_word_lost": "loses a color, number, place, negation or quoted word",
    "protected_word_added": "adds a color, number, place, negation or quoted word",
    "operation_changed": "asks for another kind of edit, such as removing instead of adding",
    "taken_as_there": "treats the thing that is to be added as if it were already in the picture",
    "clause_added": "asks for one more thing",
    "repeats_itself": "says a word twice",
    "roles_swapped": "swaps what is edited and where",
    "object_lost": "loses an object of the text",
    "object_added": "adds an object to those of the text",
    "too_far": "is too far from the text in meaning",
}
"""Why the judge rejects an answer to a text, in words."""


def words(name: str) -> str:
    """A snake_case name as a person reads it: "scene lost"."""
    return name.replace("_", " ")


def meaning(outcome: str) -> str:
    """What an outcome says of an edit; "" for one that this version does not know."""
    return _MEANINGS.get(outcome, "")


def rejection(reason: str) -> str:
    """What is wrong with an answer; "" for a reason that this version does not know."""
    return _REJECTIONS.get(reason, "")


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
