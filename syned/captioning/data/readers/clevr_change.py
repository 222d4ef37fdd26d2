"""Reader of CLEVR-Change: rendered scenes with one change, and scenes seen from elsewhere.

    images/CLEVR_default_000000.png         the scene
    sc_images/CLEVR_semantic_000000.png     with a change
    nsc_images/CLEVR_nonsemantic_000000.png without one
    change_captions.json no_change_captions.json   {"CLEVR_default_000000.png": ["...", ...]}
    splits.json                             {"train": [0, ...], "val": [...], "test": [...]}
    type_mapping.json                       {"color": ["000000.png", ...], ...}

Papers call both kinds together "total". Source: github Seth-Park/RobustChangeCaptioning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

NO_CHANGE = "no_change"
"""The task of pairs in which nothing but the view has changed."""

_OWN_NAMES = {"train": "train", "validation": "val", "test": "test"}
_DATASET = "CLEVR-Change"


def read_clevr_change(config: PairSource) -> Pairs:
    """The pairs of a split: of each scene the one with a change, then the one without.

    Raises:
        ConfigError: there is no such folder, file or split.
        DataError: an annotation file cannot be read, or no pair can be used.
    """
    root = _root(folder_at(config.path))
    pictures = PicturePairs()
    infos = taken(list(_infos(root, config)), config.start, config.limit)
    scenes, changed, same = (PictureFolder(root / f"{name}images") for name in ("", "sc_", "nsc_"))
    rows = []
    for info in infos:
        name = info.source_id.rpartition("/")[2]
        edited = (changed, f"CLEVR_semantic_{name}")
        if info.task == NO_CHANGE:
            edited = (same, f"CLEVR_nonsemantic_{name}")
        place, missing = pictures.add((scenes, f"CLEVR_default_{name}"), edited)
        rows.append(Row(info, place, missing))
    return pairs_of(rows, pictures.read, where=f"{root} ({config.split})")


def _root(folder: Path) -> Path:
    """The folder of the annotations, which the authors' archive calls data/."""
    return folder / "data" if (folder / "data" / "splits.json").is_file() else folder


def _infos(root: Path, config: PairSource) -> Iterator[PairInfo]:
    path = first_file(root, ["splits.json"], dataset=_DATASET)
    keys = read_lists(path).get(own_split_name(config.split, _OWN_NAMES), [])
    types = _types(root)
    kinds = {"change": _captions(root, "change_captions.json", config.changes != "no_change")}
    kinds[NO_CHANGE] = _captions(root, "no_change_captions.json", config.changes != "change")
    for number in (number_of(key, path) for key in keys):
        scene = f"clevr_change/{number:06d}.png"
        for kind, captions in kinds.items():
            if captions is not None:
                # COCO-caption's ids of these pairs end so, too.
                pair = f"{scene}_n" if kind == NO_CHANGE else scene
                task = NO_CHANGE if kind == NO_CHANGE else types.get(number, "")
                references = captions.get(number, ())
                yield PairInfo(pair, references, task, config.split, scene)


def _captions(root: Path, name: str, wanted: bool) -> Mapping[int, tuple[str, ...]] | None:
    if not wanted:
        return None
    path = first_file(root, [name], dataset=_DATASET)
    return {number_of(key, path): texts_in(values) for key, values in read_lists(path).items()}


def _types(root: Path) -> dict[int, str]:
    """The kind of change of each scene, where the file that tells is there."""
    path = root / "type_mapping.json"
    lists = read_lists(path) if path.is_file() else {}
    return {number_of(key, path): kind for kind, keys in lists.items() for key in keys}
