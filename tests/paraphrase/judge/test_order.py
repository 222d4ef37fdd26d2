"""What the order of words tells, by answers that language models really gave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syned.paraphrase.judge.order import clause_added, repeats_itself, roles_swapped

WORDS = st.lists(
    st.sampled_from(
        "add put remove make turn the a hat bear red blue left back of to on from into look like "
        "and then picture text , .".split()
    ),
    max_size=12,
).map(" ".join)


@pytest.mark.parametrize(
    ("original", "paraphrase"),
    [
        ("Add the suitcase to the bed", "Put the bed on the suitcase"),
        ("Replace the dog with a cat", "Replace the cat with a dog"),
        ("Make the woman look like a man", "Make the man look like a woman"),
        ("Turn the gray car into a bus", "Create a bus that resembles a gray car"),
        ("Turn the outfit into a gown", "Make the gown look as an outfit"),
        (
            "Turn the bus sign into a liquor store sign",
            "Make the liquor sign look like a bus store sign",
        ),
        ("Let the bat become a moon", "Let the moon become a bat"),
        ("Take the brand off the labels", "Remove the labels from the brand"),
        (
            "Remove the cup on the tray that is on the bed",
            "Remove the cup from the bed that is on the tray",
        ),
        ("Put the cup and the spoon on the tray", "Put the tray and the spoon on the cup"),
    ],
)
def test_what_is_edited_and_where_do_not_change_places(original: str, paraphrase: str) -> None:
    assert roles_swapped(paraphrase, original)


@pytest.mark.parametrize(
    ("original", "paraphrase"),
    [
        ("Add the suitcase to the bed", "On the bed, add a suitcase"),
        ("Add a hat to the bear", "Put a hat on the bear"),
        ("Turn the dog into a cat", "Make the dog look like a cat"),
        ("Put a cup and a spoon on the tray", "Put a spoon and a cup onto the tray"),
        ("Remove the cup on the table", "Remove the cup"),
        ("Add a cup to the red table", "Put a cup on the table that is red"),
        ("Add a red cup to the table", "Put a cup on the table, in red"),
        ("Add a red cup to the table", "In this picture, put a cup on the table, in red"),
    ],
)
def test_the_same_roles_in_other_words_are_no_swap(original: str, paraphrase: str) -> None:
    assert not roles_swapped(paraphrase, original)


def test_words_that_stand_for_each_other_have_one_role() -> None:
    original = "Get rid of the television hanging on the wall."
    swapped, kept = "Remove the wall hanging on the TV.", "Remove the TV hanging on the wall."
    counterparts = {"tv": "television"}
    assert roles_swapped(swapped, original, counterparts)
    assert not roles_swapped(swapped, original)
    assert not roles_swapped(kept, original, counterparts)


@pytest.mark.parametrize(
    ("paraphrase", "swapped"),
    [
        ("Remove the back of the table", True),
        ("Remove the back of the wall", False),
        ("Take the back table away", False),
    ],
)
def test_a_thing_at_a_side_is_not_that_side_of_it(paraphrase: str, swapped: bool) -> None:
    assert roles_swapped(paraphrase, "Remove the back table") is swapped


def test_a_thing_of_another_thing_is_no_side_of_it() -> None:
    assert not roles_swapped("Remove the frame of the door", "Remove the frame door")


def test_a_side_of_a_thing_may_stay_that_side_of_it() -> None:
    original = "Remove the back of the table"
    assert not roles_swapped("Take away the back of the table", original)


@pytest.mark.parametrize(
    ("original", "paraphrase", "swapped"),
    [
        ("Change the blue car to red", "Change the red car to blue", True),
        ("Make the yellow hydrant red", "Make the red hydrant yellow", True),
        ("Make the big hat small", "Make the small hat big", True),
        ("Change the blue car to red", "Let the blue car be red", False),
        ("Make the blue car red", "Make the car red from blue", False),
        ("Make the red hat blue", "Make the red hat green", False),
    ],
)
def test_two_colors_or_degrees_stay_in_order_unless_one_is_said_to_be_the_old_one(
    original: str, paraphrase: str, swapped: bool
) -> None:
    assert roles_swapped(paraphrase, original) is swapped


@pytest.mark.parametrize(
    ("original", "paraphrase", "added"),
    [
        ("Add a hat to the bear", "Put a hat on the bear and separate it", True),
        ("Add a hat to the bear", "Put a hat on the bear and a scarf", True),
        ("Add a hat to the bear", "Put a hat on the bear, remove the chair", True),
        ("Add a hat and a scarf", "Put a scarf and a hat there", False),
        ("Add a hat and a scarf", "Put a hat and a shawl there", False),
        ("Add a hat, remove the chair", "Put a hat there, delete the chair", False),
        ("Add a black and white hat", "Put a hat there, black and white", False),
        ("Add hats to the bears", "Put hats on the bears and the bear", False),
        ("Add a hat to the bear", "Put a hat, a red one, on the bear", False),
    ],
)
def test_a_text_does_not_go_on_about_something_else(
    original: str, paraphrase: str, added: bool
) -> None:
    assert clause_added(paraphrase, original) is added


def test_what_is_said_again_after_a_comma_is_a_second_clause() -> None:
    original = "Remove the cows from the image"
    assert clause_added("Remove the cows from the image, remove them from there", original)


@pytest.mark.parametrize(
    ("original", "paraphrase", "repeats"),
    [
        ("Make it futuristic", "Make it look futuristic futuristic", True),
        ("Make it very very dark", "Let it be very very dark", False),
        ("Add a hat to the bear", "Put a hat on a bear with a hat", True),
        ("Add a hat to the bear with a hat", "Put a hat on the bear with a hat", False),
        ("Make the sky pink", "Make the sky pink in pink", True),
        ("Add a cup to the left", "Put a cup on the left to the left", True),
        ("Add a cup above the door", "Put a cup above the door, over it", True),
        ("Remove the fence", "Remove the fence from the picture of the photo", True),
        ("Put the phrase 'go' there", "Put the phrase 'go' on the text", True),
        ("Add a hat to the bear", "Remove the hat, remove the bear", True),
        ("Make the light softer", "Light it with a softer light", False),
        ("Add a hat to the bear", "Put it on, the hat, on the bear", False),
    ],
)
def test_nothing_is_said_twice_that_the_original_says_once(
    original: str, paraphrase: str, repeats: bool
) -> None:
    assert repeats_itself(paraphrase, original) is repeats


@given(WORDS)
def test_a_text_has_swapped_added_and_repeated_nothing_of_itself(text: str) -> None:
    assert not roles_swapped(text, text)
    assert not clause_added(text, text)
    assert not repeats_itself(text, text)
