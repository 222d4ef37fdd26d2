"""Small copies of published datasets, in the layout that they are published in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from syned.captioning.data.pairs import Pairs
from syned.captioning.data.readers import open_pairs
from syned.config import PairSource
from syned.sources.png import png_bytes

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def gray(level: int, width_px: int = 8, height_px: int = 8) -> Image.Image:
    """A picture that is known again by its level."""
    return Image.new("RGB", (width_px, height_px), (level, level, level))


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")


def write_picture(path: Path, level: int, **size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    gray(level, **size).save(path)


def cell(level: int | None) -> dict[str, Any]:
    """A picture as `datasets.Image` keeps it; None for one that is missing."""
    return {"bytes": None if level is None else png_bytes(gray(level)), "path": None}


def write_rows(path: Path, rows: list[dict[str, Any]], *, group: int = 4) -> None:
    """Rows as a Parquet file of the hub; cells that are mappings are pictures."""
    images = {name for name, value in rows[0].items() if isinstance(value, dict)}
    texts = pa.Table.from_pylist([{n: v for n, v in r.items() if n not in images} for r in rows])
    table = texts
    for name in sorted(images):
        table = table.append_column(name, pa.array([row[name] for row in rows], IMAGE))
    features = datasets.Features.from_arrow_schema(texts.schema)
    features.update({name: datasets.Image() for name in sorted(images)})
    path.parent.mkdir(parents=True, exist_ok=True)
    table = table.replace_schema_metadata(features.arrow_schema.metadata)
    pq.write_table(table, path, row_group_size=group)


def opened(kind: str, folder: Path, **settings: Any) -> Pairs:
    return open_pairs(PairSource.model_validate({"kind": kind, "path": str(folder), **settings}))


def levels(pairs: Pairs, index: int) -> tuple[int, int]:
    """The two pictures of a pair, by their levels."""
    source, edited = (image.convert("L").getpixel((0, 0)) for image in pairs.images(index))
    assert isinstance(source, int)
    assert isinstance(edited, int)
    return source, edited


def ids(pairs: Pairs) -> list[str]:
    return [info.pair_id for info in pairs.infos]
