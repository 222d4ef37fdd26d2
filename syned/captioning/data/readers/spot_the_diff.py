"""Reader of Spot-the-Diff: two frames of a surveillance camera, and what differs in words.

    annotations/{train,val,test}.json     [{"img_id": "256", "sentences": ["...", ""]}, ...]
    resized_images/256.png 256_2.png      or original/256.png and modified/256_2.png

An img_id has several entries; their sentences are references of one pair, which is what papers on
single changes score against. Source: github harsh19/spot-the-diff.
"""

from __future__ import annotations

from pathlib import Path

from syned.captioning.data.pairs import PairInfo, Pairs
from syned.captioning.data.readers.annotations import (
    PictureFolder,
    PicturePairs,
    first_file,
    folder_at,
    read_entries,
    texts_in,
)
from syned.captioning.data.readers.pair_rows import Row, own_split_name, pairs_of, taken
from syned.config import PairSource

_MERGED = "reformat_"
"""How CLIP4IDC names the files in which it has merged the entries."""

_OWN_NAMES = {"train": "train", "validation": "val", "test": "test"}


def read_spot_the_diff(config: PairSource) -> Pairs:
    """The pairs of a split.

    Raises:
        ConfigError: there is no such folder or split.
        DataError: the annotations cannot be read, or no pair can be used.
    """
    root = folder_at(config.path)
    name = own_split_name(config.split, _OWN_NAMES)
    annotations = first_file(
        root,
        [f"{folder}{kind}{name}.json" for folder in ("annotations/", "") for kind in ("", _MERGED)],
        dataset="Spot-the-Diff",
    )
    references: dict[str, list[str]] = {}
    for entry in read_entries(annotations, ("img_id", "sentences")):
        references.setdefault(str(entry["img_id"]), []).extend(texts_in(entry["sentences"]))
    before, after = (PictureFolder(root / folder) for folder in _folders(root))
    pictures = PicturePairs()
    rows = []
    for image in taken(list(references), config.start, config.limit):
        place, missing = pictures.add((before, f"{image}.png"), (after, f"{image}_2.png"))
        pair = f"spot/{image}"
        info = PairInfo(pair, tuple(references[image]), split=config.split, source_id=pair)
        rows.append(Row(info, place, missing))
    return pairs_of(rows, pictures.read, where=f"{root} ({config.split})")


def _folders(root: Path) -> tuple[str, str]:
    """Where source images and edited images lie below the root."""
    if (root / "original").is_dir() and (root / "modified").is_dir():
        return "original", "modified"
    together = "resized_images" if (root / "resized_images").is_dir() else "."
    return together, together
