from __future__ import annotations

import pytest

from syned.errors import ConfigError
from syned.sources.columns import resolve_columns, row_texts

NEEDED = ("source_image", "instruction")


def resolve(*found: str, **given: str) -> dict[str, str]:
    return resolve_columns(found, given, where="a table", needed=NEEDED)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            "img_id turn_index source_img mask_img instruction target_img",
            "source_img target_img instruction",
            id="magicbrush",
        ),
        pytest.param(
            "original_prompt original_image edit_prompt edited_prompt edited_image",
            "original_image edited_image edit_prompt",
            id="instructpix2pix",
        ),
        pytest.param(
            "source_caption target_caption idx edit_prompt source_image edited_image",
            "source_image edited_image edit_prompt",
            id="ultraedit",
        ),
        pytest.param(
            "input input_image edit inverse_edit output output_image",
            "input_image output_image edit",
            id="hq-edit",
        ),
        pytest.param(
            "omni_edit_id task src_img edited_img edited_prompt_list width height",
            "src_img edited_img edited_prompt_list",
            id="omniedit",
        ),
        pytest.param(
            "input_image edit_prompt edited_image",
            "input_image edited_image edit_prompt",
            id="1000",
        ),
    ],
)
def test_the_columns_of_known_datasets_are_found(found: str, expected: str) -> None:
    columns = resolve(*found.split())
    images = [columns[n] for n in ("source_image", "edited_image", "instruction")]
    assert images == expected.split()


def test_captions_of_both_images_are_only_found_together() -> None:
    assert resolve("image", "edit", "input", "output")["output_caption"] == "output"
    assert "input_caption" not in resolve("image", "edit", "input")


def test_a_given_column_goes_before_the_known_names() -> None:
    columns = resolve("image", "img0", "prompt", "wish", source_image="img0", instruction="wish")
    assert (columns["source_image"], columns["instruction"]) == ("img0", "wish")


def test_a_given_column_is_not_used_for_a_second_purpose() -> None:
    assert "task" not in resolve("image", "edit", "task", idx="task")


def test_two_columns_for_one_purpose_are_an_error_that_names_both() -> None:
    message = r"a table has source_image and image, which could each be the source_image; say which"
    with pytest.raises(ConfigError, match=message):
        resolve("image", "source_image", "instruction")


def test_a_missing_instruction_is_an_error_that_names_the_columns_and_the_nearest() -> None:
    message = r"has columns image, instructions, .* for the instruction; the nearest is instruc"
    with pytest.raises(ConfigError, match=message):
        resolve("image", "instructions")


def test_a_given_column_that_is_not_there_is_an_error_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"'wishes'.*no such column, did you mean wish; its"):
        resolve("image", "wish", instruction="wishes")


def test_a_purpose_that_syned_does_not_know_is_an_error_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"source.columns.instructions .*did you mean instruct"):
        resolve("image", "wish", instructions="wish")


def test_numbers_become_text_and_text_is_stripped() -> None:
    row = {"idx": 102, "task": " add ", "instruction": "Add a goat\n", "hash": None}
    columns = {name: name for name in row}
    texts = row_texts(row, columns, split="train")
    assert (texts.idx, texts.task, texts.instruction, texts.hash) == (
        "102",
        "add",
        "Add a goat",
        "",
    )


def test_the_first_instruction_of_a_list_that_is_not_empty_counts() -> None:
    row = {"edited_prompt_list": ["", None, " Make it snow", "Let snow fall"]}
    texts = row_texts(row, {"instruction": "edited_prompt_list"}, split="train")
    assert texts.instruction == "Make it snow"


def test_captions_are_all_kept_and_empty_ones_are_not() -> None:
    row = {"captions": ["the sky is dark", "", "it is night now "]}
    texts = row_texts(row, {"captions": "captions"}, split="train")
    assert texts.captions == ("the sky is dark", "it is night now")


def test_a_row_names_its_own_split_or_takes_the_sources() -> None:
    assert row_texts({"split": "test"}, {"split": "split"}, split="train").split == "test"
    assert row_texts({"split": None}, {"split": "split"}, split="train").split == "train"
    assert row_texts({}, {}, split="train").split == "train"
