from __future__ import annotations

import random
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from syned.sources.shapes.draw import draw_scene
from syned.sources.shapes.edits import TASKS, SceneEdit, describe, name_of, scene_edit
from syned.sources.shapes.world import (
    PLACES,
    Scene,
    Split,
    Thing,
    place_thing,
    places_under,
)

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
EDITS = [scene_edit(index, split, seed) for split in SPLITS for seed in (0, 1, 7)
         for index in range(48)]  # fmt: skip


def seen(scene: Scene) -> tuple[object, ...]:
    """What a person would tell of a scene: everything but jitter and specks."""
    things = frozenset((t.shape, t.color, t.size, t.place) for t in scene.things)
    return (scene.background, things, scene.sign, scene.weather)


def test_the_same_index_split_and_seed_give_the_same_edit() -> None:
    assert scene_edit(11, "test", 3) == scene_edit(11, "test", 3)


@pytest.mark.parametrize(
    "other", [scene_edit(12, "test", 3), scene_edit(11, "train", 3), scene_edit(11, "test", 4)]
)
def test_another_index_split_or_seed_gives_another_scene(other: SceneEdit) -> None:
    assert scene_edit(11, "test", 3).before != other.before


def test_tasks_take_turns() -> None:
    assert [scene_edit(index, "train", 5).task for index in range(16)] == list(TASKS) * 2


def test_splits_never_overlap_whatever_their_seeds() -> None:
    scenes = {
        split: {seen(scene_edit(i, split, seed).before) for seed in range(4) for i in range(100)}
        for split in SPLITS
    }
    assert not scenes["train"] & scenes["validation"]
    assert not scenes["train"] & scenes["test"]
    assert not scenes["validation"] & scenes["test"]


@pytest.mark.parametrize("task", TASKS)
def test_the_truth_of_every_task_shows(task: str) -> None:
    for edit in islice((e for e in EDITS if e.task == task), 12):
        before = np.asarray(draw_scene(edit.before), dtype=np.int16)
        after = np.asarray(draw_scene(edit.after), dtype=np.int16)
        assert np.abs(before - after).max() > 24, edit


def test_captions_tell_before_from_after() -> None:
    for edit in EDITS:
        assert describe(edit.before) != describe(edit.after), edit


def test_every_edit_has_an_instruction_and_several_captions() -> None:
    for edit in EDITS:
        assert edit.instruction.strip() == edit.instruction != ""
        assert len(set(edit.captions)) >= 3
        assert all(caption.strip() == caption != "" for caption in edit.captions)


def test_an_edit_changes_only_what_its_task_is_about() -> None:
    parts = {"background": "background", "global": "weather", "style": "style", "text": "sign"}
    for edit in EDITS:
        part = parts.get(edit.task, "things")
        unchanged = replace(edit.after, **{part: getattr(edit.before, part)})
        assert unchanged == edit.before, edit


def test_no_two_things_share_a_place_or_lie_under_a_sign() -> None:
    for edit in EDITS:
        for scene in (edit.before, edit.after):
            places = [thing.place for thing in scene.things]
            assert len(set(places)) == len(places)
            assert not set(places) & places_under(scene.sign)
            assert set(places) <= PLACES.keys()


def test_a_name_fits_one_thing_only() -> None:
    rng = random.Random(0)
    for edit in EDITS:
        for thing in edit.before.things:
            name = name_of(thing, edit.before, rng)
            fitting = [t for t in edit.before.things if fits(name, t)]
            assert fitting == [thing], (name, edit.before)


def fits(name: str, thing: Thing) -> bool:
    return set(name.split()) <= {thing.size, thing.color, thing.shape}


def test_an_added_thing_is_named_with_all_that_decides_its_look() -> None:
    for edit in (e for e in EDITS if e.task == "add"):
        added = edit.after.things[-1]
        assert added == place_thing(added.shape, added.color, added.size, added.place)
        for word in (added.size, added.color, added.shape, added.place):
            assert word in edit.instruction
