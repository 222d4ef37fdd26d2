"""Reader of MagicBrush: photographs edited by people with an image model, in one turn or more.

    data/{train,dev}-*.parquet   img_id, turn_index, source_img, mask_img, instruction, target_img

The source image of a second turn is the edited image of the first; all turns of an img_id count as
one source image, so they never lie on both sides of a split. Source: osunlp/MagicBrush.
"""

from __future__ import annotations

from syned.captioning.data.pairs import PairInfo, Pairs
from syned.captioning.data.readers.annotations import texts_in
from syned.captioning.data.readers.hub_files import split_table
from syned.captioning.data.readers.pair_rows import (
    Row,
    own_split_name,
    pairs_of,
    taken,
    without_pictures,
)
from syned.config import PairSource

DATASET = "osunlp/MagicBrush"

_IMAGES = ("source_img", "target_img")
_TEXTS = ("img_id", "turn_index", "instruction")
_OWN_NAMES = {"train": "train", "validation": "dev"}


def read_magicbrush(config: PairSource) -> Pairs:
    """The pairs of a split; the instruction is the reference.

    Raises:
        ConfigError: there is no such folder or split.
        DataError: the hub cannot be reached, or a file is damaged.
    """
    split = own_split_name(config.split, _OWN_NAMES)
    table = split_table(config, DATASET, split, images=_IMAGES, texts=_TEXTS)
    rows = []
    for place, row in enumerate(table.rows(_TEXTS)):
        source = f"magicbrush/{row['img_id']}"
        info = PairInfo(
            pair_id=f"{source}-{row['turn_index']}",
            references=texts_in(row["instruction"]),
            split=config.split,
            source_id=source,
        )
        rows.append(Row(info, place))
    chosen = taken(rows, config.start, config.limit)
    where = f"{config.path or config.dataset or DATASET} ({config.split})"
    return pairs_of(
        without_pictures(chosen, table.without_picture()),
        lambda row: (table.picture(row, _IMAGES[0]), table.picture(row, _IMAGES[1])),
        where=where,
    )
