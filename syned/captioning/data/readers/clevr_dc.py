"""Reader of CLEVR-DC: rendered scenes with one change, seen from a very different angle.

    captions.json           {"0": ["...", ...], ...}; the keys may also be "0.png" or "000000.png"
    split.json              {"train": [0, ...], "val": [...], "test": [...]}
    bef/0.png aft/0.png     the images
    type_mapping.json       {"color": [0, ...], ...}, where somebody has made one

Source: github hsgkim/clevr-dc.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from syned.captioning.data.pairs import PairInfo, Pairs
from syned.captioning.data.readers.annotations import (
    PictureFolder,
    PicturePairs,
    first_file,
    folder_at,
    number_of,
    read_lists,
    texts_in,
)
from syned.captioning.data.readers.pair_rows import Row, own_split_name, pairs_of, taken
from syned.config import PairSource

_OWN_NAMES = {"train": "train", "validation": "val", "test": "test"}
_DATASET = "CLEVR-DC"


def read_clevr_dc(config: PairSource) -> Pairs:
    """The pairs of a split.

    Raises:
        ConfigError: there is no such folder, file or split.
        DataError: an annotation file cannot be read, or no pair can be used.
    """
    root = folder_at(config.path)
    path = first_file(root, ["split.json", "splits.json"], dataset=_DATASET)
    keys = read_lists(path).get(own_split_name(config.split, _OWN_NAMES), [])
    numbers = [number_of(key, path) for key in keys]
    captions = _captions(first_file(root, ["captions.json"], dataset=_DATASET))
    types = _types(root / "type_mapping.json")
    before, after = PictureFolder(root / "bef"), PictureFolder(root / "aft")
    pictures = PicturePairs()
    rows = []
    for number in taken(numbers, config.start, config.limit):
        names = (f"{number}.png", f"{number:06d}.png")
        place, missing = pictures.add((before, *names), (after, *names))
        pair = f"clevr_dc/{number}"
        task, references = types.get(number, ""), tuple(captions[number])
        rows.append(Row(PairInfo(pair, references, task, config.split, pair), place, missing))
    return pairs_of(rows, pictures.read, where=f"{root} ({config.split})")


def _captions(path: Path) -> defaultdict[int, list[str]]:
    captions: defaultdict[int, list[str]] = defaultdict(list)
    for key, values in read_lists(path).items():
        captions[number_of(key, path)].extend(texts_in(values))
    return captions


def _types(path: Path) -> dict[int, str]:
    lists = read_lists(path) if path.is_file() else {}
    return {number_of(key, path): kind for kind, keys in lists.items() for key in keys}
