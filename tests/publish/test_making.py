"""What the card says of how a dataset was made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syned import __version__
from syned.config import PublishConfig
from syned.filter.select import REASONS
from syned.publish.card_facts import CardFacts
from syned.publish.making import making
from syned.run.published import INSTRUCT_PIX2PIX_SCHEMA
from syned.run.truth import RIGHT
from tests.publish.made_up_facts import FACTS, SELECTION


def told(facts: CardFacts = FACTS) -> str:
    return "\n\n".join(making(facts))


def selected(**changes: Any) -> str:
    """What is told of a selection with these changes."""
    return told(replace(FACTS, selection={**SELECTION, **changes}))


def test_source_editor_and_language_model_are_named_with_what_fixes_them() -> None:
    text = told()

    assert f"Made with Syned {__version__}." in text
    assert (
        "The source images are from `facebook/emu` (revision `abc`, split `validation`, longest "
        "side `512` px)." in text
    )
    assert "by the model `vinesmsuic/magicbrush-jul7` (revision `77a1`) with steps `20`" in text
    assert "guidance scale `6.0` to `9.0`, seed `0`." in text
    assert "judged by rules and by `minilm`" in text
    assert "4,000 by `allenai/Olmo@1` with the prompt `paraphrase_caption v1 0123`." in text


def test_what_run_yaml_does_not_say_is_left_out_or_unknown() -> None:
    text = told(replace(FACTS, settings={"config": {}}))

    assert "The source images are from `unknown`." in text
    assert "by the model `unknown` with" in text
    assert "judged by rules" not in text


def test_paraphrases_are_listed_by_model_and_prompt() -> None:
    text = told(replace(FACTS, paraphrased={("b", "p v2"): 1, ("a", "p v1"): 2000}))

    assert "2,000 by `a` with the prompt `p v1`; 1 by `b` with the prompt `p v2`." in text


def test_captions_without_paraphrases_are_said_to_have_none() -> None:
    text = told(replace(FACTS, paraphrased={}))

    assert "Nothing was paraphrased." in text
    assert "language model" not in text


def test_a_dataset_without_captions_speaks_of_none() -> None:
    text = told(replace(FACTS, schema=INSTRUCT_PIX2PIX_SCHEMA))

    assert "The edit prompts are the source's instructions." in text
    assert "captions are" not in text


def test_the_filter_tells_what_it_kept_and_why_it_dropped_the_others() -> None:
    text = told()

    assert (
        "Of 1,000 edits, scored by `openai/clip-vit-large-patch14@32bd64`, the filter kept 900 and "
        "dropped 100 for these reasons:" in text
    )
    assert "| `scene_lost` | 80 | the edited image no longer shows the scene |" in text


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_of_the_filter_is_explained(reason: str) -> None:
    (row,) = (
        line
        for line in selected(dropped={reason: 1}).splitlines()
        if line.startswith(f"| `{reason}` | 1 |")
    )
    assert row.split("|")[3].strip()


def test_a_filter_that_dropped_nothing_has_no_table_of_reasons() -> None:
    text = selected(dropped={})

    assert "the filter kept 900 and dropped 0." in text
    assert "| reason |" not in text


def test_a_task_shows_its_own_thresholds_and_those_it_goes_without() -> None:
    text = told()

    assert "| threshold | all tasks | style | text |" in text
    assert "| `image_similarity` | 0.7 | 0.5 |  |" in text
    assert "| `directional_similarity` | 0.2 |  | none |" in text
    assert "Where a task's cell is empty" in text


def test_a_threshold_that_only_a_task_has_is_shown_for_it() -> None:
    thresholds = {"all": {}, "tasks": {"add": {"min_patch_change": 0.25}}}

    assert "| `min_patch_change` |  | 0.25 |" in selected(thresholds=thresholds)


def test_cells_are_not_explained_where_no_task_has_thresholds_of_its_own() -> None:
    assert "cell is empty" not in selected(thresholds={"all": {"min_ssim": 0.5}})
    assert "| threshold |" not in selected(thresholds={"all": {}, "tasks": {}})


def test_evaluation_sets_are_listed_with_what_was_left_out_for_them() -> None:
    assert "| `emu_edit_test` | 3 | 1 |" in told()
    assert "| `a` | 0 | 0 |" in selected(contamination={"a": {}})


def test_a_dataset_that_was_compared_with_nothing_says_so() -> None:
    text = selected(contamination={})

    assert "were not compared with any evaluation set" in text
    assert "| evaluation set |" not in text


def test_precision_and_recall_are_told_where_the_truth_is_known() -> None:
    text = told()

    assert "The true result is known for 1,000 of these edits: " in text
    assert "80.0% of the kept ones are right, and 90.0% of the right ones were kept" in text
    assert RIGHT in text


@pytest.mark.parametrize(
    "truth", [None, {"judged": 9, "right": 4, "kept_judged": 0, "kept_right": 0}]
)
def test_nothing_is_said_of_truth_where_none_of_the_kept_edits_has_one(
    truth: dict[str, int] | None,
) -> None:
    assert "true result is known" not in selected(truth=truth)


def test_a_filter_that_kept_nothing_right_says_so() -> None:
    text = selected(truth={"judged": 9, "right": 0, "kept_judged": 4, "kept_right": 0})

    assert "known for 9 of these edits: 0.0% of the kept ones are right (" in text


def test_what_was_not_filtered_says_so() -> None:
    facts = replace(FACTS, options=PublishConfig(unfiltered=True), selection=None)

    assert "**Nothing was filtered:**" in told(facts)
    assert "the filter kept" not in told(facts)


def test_true_results_name_no_editor_and_are_not_called_unfiltered() -> None:
    options = PublishConfig(true_images=True, unfiltered=True)
    text = told(replace(FACTS, options=options, selection=None))

    assert "the true results of the instructions" in text
    assert "magicbrush" not in text
    assert "Nothing was filtered" not in text


@pytest.mark.parametrize(
    ("options", "saved"),
    [
        (PublishConfig(image_format="png", quality=90), "in the same way (png), "),
        (PublishConfig(image_format="webp", quality=90), "in the same way (webp, quality 90), "),
    ],
)
def test_the_kind_of_image_file_is_told_with_its_quality_if_it_has_one(
    options: PublishConfig, saved: str
) -> None:
    assert saved in told(replace(FACTS, options=options))
