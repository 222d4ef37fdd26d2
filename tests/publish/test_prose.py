"""The text of a card: that it says what holds of just this dataset."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from syned.config import PublishConfig, SplitFractions
from syned.publish.card_facts import SplitSize
from syned.publish.prose import column_type, text
from syned.run.published import INSTRUCT_PIX2PIX_SCHEMA, PUBLISHED_SCHEMA
from tests.publish.made_up_facts import FACTS

EXAMPLE = {"task": "add", "edit_prompt": "add a cat"}
INSTRUCT_PIX2PIX = replace(FACTS, schema=INSTRUCT_PIX2PIX_SCHEMA, examples=[EXAMPLE])
SOURCE = {"name": "facebook/emu", "revision": "abc"}


def section(card: str, title: str) -> str:
    return card.split(f"\n## {title}\n")[1].split("\n## ")[0]


def with_licence(licence: dict[str, str], **options: Any) -> str:
    settings = {**FACTS.settings, "versions": {"source": {**SOURCE, **licence}}}
    facts = replace(FACTS, settings=settings, options=PublishConfig(**options))
    return section(text(facts), "Licence and provenance")


def test_a_card_begins_with_what_the_dataset_is() -> None:
    assert text(FACTS).startswith(
        "# my edits\n\n1,000 pairs of a source image and an edited image, each with the "
        "instruction for the edit and with captions that say what changed."
    )


@pytest.mark.parametrize(
    ("repository", "place"), [(None, "path/to/this/folder"), ("me/edits", "me/edits")]
)
def test_the_lines_that_load_it_name_its_place_and_a_split_that_it_has(
    repository: str | None, place: str
) -> None:
    options = PublishConfig(push_to_hub=repository)
    facts = replace(FACTS, options=options, splits={"test": SplitSize(1, 2, 3, 4)})

    assert f'pairs = load_dataset("{place}", split="test")' in text(facts)


def test_splits_are_listed_with_their_sizes() -> None:
    splits = section(text(FACTS), "Splits")

    assert "| train | 900 | 2 | 8,000 |" in splits
    assert "| test | 100 | 1 | 800 |" in splits


def test_splits_by_hash_tell_their_shares_and_seed() -> None:
    fractions = SplitFractions(train=0.8, validation=0.15, test=0.05)
    options = PublishConfig(fractions=fractions, split_seed=3)
    splits = section(text(replace(FACTS, options=options)), "Splits")

    assert "All pairs of a source image are in the same split." in splits
    assert "(0.8 train, 0.15 validation, 0.05 test; seed 3)" in splits
    assert "the source's own split" not in splits


def test_splits_of_the_source_are_said_to_be_its_own() -> None:
    splits = section(text(replace(FACTS, from_source=9)), "Splits")

    assert "It is the source's own split, or if the source names none, it is chosen by" in splits
    assert "several splits" not in splits


def test_images_in_several_splits_of_the_source_are_counted() -> None:
    splits = section(text(replace(FACTS, from_source=9, conflicts=1200)), "Splits")

    assert "1,200 source images are in several splits of the source" in splits


@pytest.mark.parametrize("schema", [PUBLISHED_SCHEMA, INSTRUCT_PIX2PIX_SCHEMA])
def test_every_column_has_a_row_with_its_type_and_meaning(schema: pa.Schema) -> None:
    facts = replace(FACTS, schema=schema, examples=[{**EXAMPLE, "instruction": "add a cat"}])
    rows = [line.split("|") for line in section(text(facts), "Columns").splitlines()]
    told = {cells[1].strip(): (cells[2].strip(), cells[3].strip()) for cells in rows if cells[1:]}

    for field in schema:
        kind, meaning = told[f"`{field.name}`"]
        assert kind == column_type(field.type)
        assert meaning.endswith(".")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (PUBLISHED_SCHEMA.field("image").type, "image"),
        (PUBLISHED_SCHEMA.field("captions").type, "list of string"),
        (pa.float64(), "float64"),
        (pa.int32(), "int32"),
    ],
)
def test_a_type_is_said_in_a_word_or_two(kind: pa.DataType, name: str) -> None:
    assert column_type(kind) == name


def test_examples_show_a_few_captions_each_on_its_line() -> None:
    captions = [f"caption {number}" for number in range(9)]
    example = {"task": None, "instruction": "add a cat", "captions": captions}
    examples = section(text(replace(FACTS, examples=[example])), "Examples")

    assert "|  | add a cat | caption 0<br>caption 1<br>" in examples
    assert "caption 4 |" in examples


def test_columns_of_instruct_pix2pix_have_a_card_without_captions() -> None:
    card = text(INSTRUCT_PIX2PIX)

    assert "each with the instruction for the edit. They serve" in card
    assert "| add | add a cat |" in section(card, "Examples")
    assert "| `edit_prompt` | string | The instruction: what was asked for. |" in card
    assert "caption" not in section(card, "Examples")
    assert "The edit prompts say what was asked for." in section(card, "Limits")


def test_what_a_filter_got_wrong_is_a_limit_of_filtered_data_alone() -> None:
    assert "some good ones may have been dropped" in section(text(FACTS), "Limits")
    assert "dropped" not in section(text(replace(FACTS, selection=None)), "Limits")


def test_true_images_are_not_called_synthetic() -> None:
    card = text(replace(FACTS, options=PublishConfig(true_images=True)))

    assert "the true result of the instruction (no editor took part)" in card
    assert "digitalsourcetype" not in card.replace("`digital_source_type`", "")
    assert "magicbrush" not in card
    assert "The licence of the editor" not in card
    assert "follows some kinds" not in card


def test_an_edited_image_is_called_synthetic_in_iptcs_terms() -> None:
    provenance = section(text(FACTS), "Licence and provenance")

    assert "Every edited image is synthetic." in provenance
    assert "compositeWithTrainedAlgorithmicMedia" in provenance


def test_the_licence_of_the_source_also_holds_for_what_was_made_of_it() -> None:
    told = with_licence({"licence": "cc-by-4.0"})

    assert "under `cc-by-4.0`, which also holds for what was made from them." in told
    assert "The licence of the editor may hold as well." in told


@pytest.mark.parametrize("licence", [{}, {"licence": "unknown"}])
def test_an_unknown_licence_is_not_passed_over(licence: dict[str, str]) -> None:
    told = with_licence(licence)

    assert "The licence of the source images is not known." in told
    assert "`unknown`" not in told


def test_the_source_is_cited_if_its_citation_is_known() -> None:
    known = replace(FACTS, options=PublishConfig(citation="@misc{x}"))

    assert "The source:\n\n```bibtex\n@misc{x}\n```" in text(known)
    assert "The source:" not in text(FACTS)


def test_a_citation_cannot_end_its_block() -> None:
    options = PublishConfig(citation="@misc{x}\n```\n# not a heading")
    cited = section(text(replace(FACTS, options=options)), "Citation")

    assert cited.count("```") == 4
    assert cited.rstrip().endswith("# not a heading\n```")
