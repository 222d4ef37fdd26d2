"""Reader of Emu Edit's test set with its edits, facebook/emu_edit_test_set_generations.

    data/validation-*.parquet   3,589 rows: image, edited_image, instruction, task, split,
    data/test-*.parquet         2,022 rows  idx, hash, input_caption, output_caption

The two splits are named the other way round in facebook/emu_edit_test_set, which has no edits. The
paper's authors trained on 3,050 rows of "validation", validated on the other 539, and tested on
"test"; `splits_file` says which rows are which.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from syned.captioning.data.pairs import PairInfo, Pairs
from syned.captioning.data.readers.annotations import read_lists, texts_in
from syned.captioning.data.readers.hub_files import split_table
from syned.captioning.data.readers.pair_rows import Row, pairs_of, taken, without_pictures
from syned.config import PairSource
from syned.errors import ConfigError

DATASET = "facebook/emu_edit_test_set_generations"

_IMAGES = ("image", "edited_image")
_TEXTS = ("instruction", "task", "idx")
_DIVIDED = "validation"
"""The split that a splits file divides."""


def read_emu_edit(config: PairSource) -> Pairs:
    """The pairs of a split; the instruction is the first reference, paraphrases follow.

    Raises:
        ConfigError: there is no such folder or split, or one of the JSON files does not fit.
        DataError: the hub cannot be reached, or a file is damaged.
    """
    ids = _ids(config)
    split = config.split if ids is None else _DIVIDED
    table = split_table(config, DATASET, split, images=_IMAGES, texts=_TEXTS)
    paraphrases = _paraphrases(config)
    found = table.rows(_TEXTS)
    rows = [
        Row(_info(row, config.split, paraphrases), place)
        for place, row in enumerate(found)
        if ids is None or _idx(row["idx"]) in ids
    ]
    chosen = taken(rows, config.start, config.limit)
    where = f"{config.path or config.dataset or DATASET} ({config.split})"
    return pairs_of(
        without_pictures(chosen, table.without_picture()),
        lambda row: (table.picture(row, _IMAGES[0]), table.picture(row, _IMAGES[1])),
        where=where,
    )


def _info(
    row: Mapping[str, Any], split: str, paraphrases: Mapping[str, tuple[str, ...]]
) -> PairInfo:
    idx = _idx(row["idx"])
    references = (*texts_in(row["instruction"]), *paraphrases.get(idx, ()))
    return PairInfo(f"emu/{idx}", references, row["task"] or "", split)


def _ids(config: PairSource) -> frozenset[str] | None:
    """The rows of a split that a file defines; None for a split of the dataset's own."""
    if config.splits_file is None or config.split == "test":
        return None
    path = Path(config.splits_file).expanduser()
    lists = read_lists(path)
    if config.split not in lists:
        raise ConfigError(
            f"split is {config.split!r}; with {path} there are {', '.join(lists)} and test"
        )
    return frozenset(map(_idx, lists[config.split]))


def _paraphrases(config: PairSource) -> dict[str, tuple[str, ...]]:
    if config.paraphrases_file is None or config.references == "original":
        return {}
    lists = read_lists(Path(config.paraphrases_file).expanduser())
    return {_idx(key): texts_in(values) for key, values in lists.items()}


def _idx(value: object) -> str:
    """The authors' file of paraphrases has keys that end in a space."""
    return str(value).strip()
