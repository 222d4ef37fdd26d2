"""Reader of Image Editing Request: photographs that people have edited on request.

    {train,valid,test}.json   [{"img0": "a.jpg", "img1": "b.jpg", "sents": ["..."], "uid": "Z_2"}]
    images/a.jpg b.jpg        or beside the JSON files

Images are JPEG, PNG and GIF of any size, the two of a pair may differ in it, and the case of their
extensions is not always that of the JSON. Source: github airsplay/VisualRelationships.
"""

from __future__ import annotations

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

_OWN_NAMES = {"train": "train", "validation": "valid", "test": "test"}


def read_image_editing_request(config: PairSource) -> Pairs:
    """The pairs of a split. Several rows may have the same images; each stays a pair of its own.

    Raises:
        ConfigError: there is no such folder or split.
        DataError: the JSON file cannot be read, or no pair can be used.
    """
    root = folder_at(config.path)
    name = own_split_name(config.split, _OWN_NAMES)
    path = first_file(root, [f"{name}.json"], dataset="Image Editing Request")
    folder = PictureFolder(root / "images" if (root / "images").is_dir() else root)
    pictures = PicturePairs()
    rows = []
    entries = read_entries(path, ("img0", "img1", "sents", "uid"))
    for entry in taken(entries, config.start, config.limit):
        place, missing = pictures.add((folder, str(entry["img0"])), (folder, str(entry["img1"])))
        info = PairInfo(
            pair_id=f"ier/{entry['uid']}",
            references=texts_in(entry["sents"]),
            split=config.split,
            source_id=f"ier/{entry['img0']}",
        )
        rows.append(Row(info, place, missing))
    return pairs_of(rows, pictures.read, where=f"{root} ({config.split})")
