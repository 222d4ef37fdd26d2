"""Which edits are kept, and why the others are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from syned.filter.select import (
    KEPT,
    REASONS,
    SCORES,
    Columns,
    Rules,
    Share,
    ranking,
    resolve_bounds,
    select,
)

NONE = Rules({}, {}, near_duplicate_distance=None, best_per_request=None)


def columns(count: int, **given: Any) -> Columns:
    """So many edits of different requests, with some columns given."""
    scores = {name: given.pop(name, [np.nan] * count) for name in SCORES}
    tasks = tuple(given.pop("tasks", ("local",)))
    values: dict[str, Any] = {
        "request": range(count),
        "variant_index": [0] * count,
        "task": [0] * count,
        "failed": [False] * count,
        "flat": [False] * count,
        "perceptual_hash": [1 << (2 * i % 64) for i in range(count)],
        **given,
    }
    kinds: dict[str, Any] = {"request": np.int64, "variant_index": np.int32, "task": np.int64}
    kinds |= {"failed": np.bool_, "flat": np.bool_, "perceptual_hash": np.uint64}
    arrays = {name: np.array(values[name], kinds[name]) for name in kinds}
    return Columns(
        tasks=tasks,
        scores={name: np.array(v, np.float64) for name, v in scores.items()},
        **arrays,
    )


def outcome(of: Columns, rules: Rules, contaminated: list[bool] | None = None) -> list[str]:
    known = np.array(contaminated or [False] * len(of), bool)
    return ["" if r == KEPT else REASONS[r] for r in select(of, rules, known)]


def bounded(**bounds: float) -> Rules:
    return Rules(bounds, {}, near_duplicate_distance=None, best_per_request=None)


@pytest.mark.parametrize(
    ("bound", "low", "high", "reason"),
    [
        ("min_image_similarity", True, False, "scene_lost"),
        ("max_image_similarity", False, True, "nothing_changed"),
        ("min_source_text_similarity", True, False, "instruction_ignored"),
        ("max_source_text_similarity", False, True, "instruction_ignored"),
        ("min_edited_text_similarity", True, False, "instruction_ignored"),
        ("max_edited_text_similarity", False, True, "instruction_ignored"),
        ("min_directional_similarity", True, False, "instruction_ignored"),
        ("max_directional_similarity", False, True, "instruction_ignored"),
        ("min_dino_similarity", True, False, "scene_lost"),
        ("max_dino_similarity", False, True, "nothing_changed"),
        ("min_changed_fraction", True, False, "nothing_changed"),
        ("max_changed_fraction", False, True, "changed_too_much"),
        ("min_patch_change", True, False, "nothing_changed"),
        ("max_patch_change", False, True, "changed_too_much"),
        ("min_ssim", True, False, "changed_too_much"),
        ("max_ssim", False, True, "nothing_changed"),
        ("max_variant_disagreement", False, True, "variants_disagree"),
    ],
)
def test_every_bound_has_its_reason(bound: str, low: bool, high: bool, reason: str) -> None:
    of = columns(4, **{bound[4:]: [0.2, 0.5, 0.8, np.nan]})
    dropped = [reason if low else "", "", reason if high else "", ""]
    assert outcome(of, bounded(**{bound: 0.5})) == dropped


def test_a_failed_edit_and_a_flat_one_are_dropped_whatever_the_rules() -> None:
    of = columns(3, failed=[True, True, False], flat=[False, True, True])
    assert outcome(of, NONE) == ["failed", "failed", "flat"]


def test_the_first_reason_that_applies_is_the_one_that_is_given() -> None:
    rules = bounded(
        max_image_similarity=0.9,
        max_changed_fraction=0.5,
        min_image_similarity=0.3,
        min_directional_similarity=0.2,
    )
    of = columns(
        4,
        image_similarity=[0.95, 0.1, 0.1, 0.5],
        changed_fraction=[0.9, 0.9, 0.1, 0.1],
        directional_similarity=[0.0, 0.0, 0.0, 0.0],
    )
    reasons = ["nothing_changed", "changed_too_much", "scene_lost", "instruction_ignored"]
    assert outcome(of, rules, [True] * 4) == reasons


def test_a_task_has_bounds_of_its_own_in_place_of_the_common_ones() -> None:
    of = columns(3, tasks=("style", "local"), task=[0, 1, 0], image_similarity=[0.5, 0.5, 0.2])
    common, tasks = resolve_bounds(
        of,
        {"min_image_similarity": 0.7, "max_ssim": 0.9},
        {"style": {"min_image_similarity": 0.4}, "other": {"max_ssim": None}},
    )
    assert tasks["style"] == {"min_image_similarity": 0.4, "max_ssim": 0.9}
    assert tasks["other"] == {"min_image_similarity": 0.7, "max_ssim": None}
    rules = Rules(common, tasks, near_duplicate_distance=None, best_per_request=None)
    assert outcome(of, rules) == ["", "scene_lost", "scene_lost"]


def test_a_share_is_counted_among_edits_that_have_the_score() -> None:
    of = columns(
        7,
        tasks=("style", "local"),
        task=[0, 0, 1, 1, 1, 1, 1],
        failed=[False] * 5 + [True, False],
        flat=[False] * 6 + [True],
        ssim=[0.0, 1.0, 0.2, 0.4, np.nan, 0.9, 0.9],
    )
    common, tasks = resolve_bounds(
        of,
        {"min_ssim": Share(0.5)},
        {"style": {"min_ssim": Share(0.5)}, "no": {"min_ssim": Share(0)}},
    )
    assert common == {"min_ssim": pytest.approx(0.3)}
    assert tasks["style"] == {"min_ssim": pytest.approx(0.5)}
    assert tasks["no"] == {"min_ssim": None}


def test_variants_are_ranked_by_direction_or_else_by_caption_or_else_by_image() -> None:
    of = columns(
        4,
        directional_similarity=[0.1, np.nan, np.nan, np.nan],
        edited_text_similarity=[0.9, 0.2, np.nan, np.nan],
        image_similarity=[0.9, 0.9, 0.3, np.nan],
    )
    assert ranking(of).tolist() == [0.1, 0.2, 0.3, -2.0]


def test_the_best_variants_of_each_request_are_kept() -> None:
    of = columns(
        6,
        request=[0, 1, 0, 0, 1, 0],
        variant_index=[0, 0, 1, 2, 1, 3],
        directional_similarity=[0.3, 0.1, 0.5, 0.4, 0.2, 0.5],
    )
    rules = Rules({}, {}, near_duplicate_distance=None, best_per_request=2)
    assert outcome(of, rules) == ["beyond_best", "", "", "beyond_best", "", ""]


def test_of_equal_variants_the_earlier_one_is_better() -> None:
    of = columns(2, request=[0, 0], variant_index=[1, 0], image_similarity=[0.5, 0.5])
    rules = Rules({}, {}, near_duplicate_distance=None, best_per_request=1)
    assert outcome(of, rules) == ["beyond_best", ""]


def test_a_near_duplicate_gives_way_to_the_better_variant_and_takes_no_place() -> None:
    of = columns(
        5,
        request=[0, 0, 0, 0, 1],
        perceptual_hash=[0b0000, 0b0011, 0b1111 << 8, 0b0111, 0b0000],
        directional_similarity=[0.5, 0.4, 0.3, 0.2, 0.1],
    )
    rules = Rules({}, {}, near_duplicate_distance=2, best_per_request=2)
    # the fourth is near the second, which is gone, and 3 bits from the first
    assert outcome(of, rules) == ["", "near_duplicate", "", "beyond_best", ""]


def test_a_dropped_variant_makes_no_other_a_duplicate() -> None:
    of = columns(
        2, request=[0, 0], perceptual_hash=[5, 5], ssim=[0.1, 0.9], image_similarity=[0.9, 0.1]
    )
    rules = Rules({"min_ssim": 0.5}, {}, near_duplicate_distance=0, best_per_request=1)
    assert outcome(of, rules) == ["changed_too_much", ""]


def test_a_contaminated_variant_takes_no_place() -> None:
    of = columns(2, request=[0, 0], image_similarity=[0.9, 0.1])
    rules = Rules({}, {}, near_duplicate_distance=None, best_per_request=1)
    assert outcome(of, rules, [True, False]) == ["contaminated", ""]


def test_no_edits_are_no_trouble() -> None:
    assert outcome(columns(0), Rules({"min_ssim": 0.5}, {}, 2, 4)) == []
