"""Read and embed evaluation sets once, and compare every picture of a run with them.

scores/evaluation/
  NAME.parquet           texts, perceptual hashes and embeddings of the set
  NAME.nearest.parquet   how near each picture of the run comes to the set: the source images in the
                         order of plan/images/, then the edits in the order of edits/

Both say in their metadata what they were made from, and are made again when that has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from syned.config import EvaluationSet
from syned.filter.nearest import Nearest, folded_set, hashes_from, nearest
from syned.filter.pixels import is_flat
from syned.filter.score import SCORE_VERSION, embed_in_batches
from syned.filter.shards import Models, Work, embeddings_of
from syned.filter.table_cache import cache_table, hash_of, read_cached
from syned.models.base import ImageTextEncoder
from syned.run.directory import Run
from syned.run.shards import ShardFolder
from syned.sources.evaluation import evaluation_inputs, evaluation_items
from syned.sources.likeness import perceptual_hash

SAID_EVERY = 1000
"""Pictures of a set between two lines about it."""

_SET_SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("perceptual_hash", pa.string()),
        ("embedding", pa.list_(pa.float16())),
    ]
)
_NEAREST_SCHEMA = pa.schema([("distance", pa.uint8()), ("similarity", pa.float32())])


@dataclass(frozen=True, slots=True)
class KnownSet:
    """What of a set is compared with a run."""

    name: str
    texts: frozenset[str]
    """Folded; none where only its pictures count."""
    images: Nearest = field(repr=False)
    """Of the source images."""
    edits: Nearest = field(repr=False)


def known_sets(
    run: Run,
    work: Work,
    sets: Sequence[EvaluationSet],
    models: Models,
    *,
    batch_size: int,
    say: Callable[[str], None],
) -> list[KnownSet]:
    """Compare a run with evaluation sets; what was compared before is read.

    Args:
        run: its scores are locked by the caller.
        work: what the run holds, all of it scored.
        sets: what to keep clear of.
        models: what the run was scored with; loaded only for sets that were never read.
        batch_size: pictures that the encoder sees at once.
        say: told what takes a while.

    Raises:
        ConfigError: a set is not there.
        DataError: a set cannot be read.
        RunError: scores cannot be read, or nothing can be written.
    """
    return [_known_set(run, work, config, models, batch_size, say) for config in sets]


def _known_set(
    run: Run,
    work: Work,
    config: EvaluationSet,
    models: Models,
    batch_size: int,
    say: Callable[[str], None],
) -> KnownSet:
    folder = run.path / "scores" / "evaluation"
    inputs = hash_of(evaluation_inputs(config), models.encoder_name, SCORE_VERSION)
    of_set = read_cached(folder / f"{config.name}.parquet", inputs)
    if of_set is None:
        of_set = _embedded(config, models.encoder(), batch_size, say)
        cache_table(folder / f"{config.name}.parquet", of_set, inputs)
    near = _nearest(run, work, of_set, folder / f"{config.name}.nearest.parquet", inputs)
    distance, similarity = (near[name].to_numpy() for name in _NEAREST_SCHEMA.names)
    images = sum(record.rows for record in work.images.values())
    texts = of_set["text"].drop_null().to_pylist() if config.captions else []
    return KnownSet(
        config.name,
        frozenset(texts),
        images=Nearest(distance[:images], similarity[:images]),
        edits=Nearest(distance[images:], similarity[images:]),
    )


def _embedded(
    config: EvaluationSet,
    encoder: ImageTextEncoder,
    batch_size: int,
    say: Callable[[str], None],
) -> pa.Table:
    """All that is kept of a set: its texts folded, its pictures as hash and embedding."""
    say(f"evaluation set {config.name}: reading it")
    texts: set[str] = set()
    hashes: list[str | None] = []
    embeddings: list[list[float]] = []
    items = evaluation_items(config)
    while some := list(islice(items, batch_size)):
        texts |= folded_set(text for item in some for text in item.texts)
        pictures = [np.asarray(picture) for item in some for picture in item.pictures]
        before = len(hashes)
        hashes += [None if is_flat(pixels) else perceptual_hash(pixels) for pixels in pictures]
        if pictures:
            embeddings += embed_in_batches(pictures, encoder, batch_size=batch_size).tolist()
        if len(hashes) // SAID_EVERY > before // SAID_EVERY:
            say(f"evaluation set {config.name}: {len(hashes):,} pictures so far")
    say(f"evaluation set {config.name}: {len(hashes):,} pictures, {len(texts):,} texts")
    return pa.table(
        {
            "text": [*sorted(texts), *[None] * len(hashes)],
            "perceptual_hash": [*[None] * len(texts), *hashes],
            "embedding": [*[None] * len(texts), *embeddings],
        },
        schema=_SET_SCHEMA,
    )


def _nearest(run: Run, work: Work, of_set: pa.Table, path: Path, inputs: str) -> pa.Table:
    """How near every picture of the run comes to the set, source images first."""
    pictures = [
        *((run.image_scores, shard) for shard in work.images),
        *((run.edit_scores, shard) for shard in work.edits),
    ]
    made_from = hash_of(inputs, work.inputs)
    table = read_cached(path, made_from)
    if table is None:
        table = _compared(pictures, of_set)
        cache_table(path, table, made_from)
    return table


def _compared(pictures: Sequence[tuple[ShardFolder, int]], of_set: pa.Table) -> pa.Table:
    hashes = hashes_from(of_set["perceptual_hash"].drop_null().to_pylist())
    vectors = of_set["embedding"].drop_null().combine_chunks()
    flat = vectors.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    embeddings = flat.reshape(len(vectors), -1) if len(vectors) else np.zeros((0, 0), np.float32)
    found = []
    for folder, shard in pictures:
        digits = folder.read(shard, ["perceptual_hash"])["perceptual_hash"].to_pylist()
        near = nearest(hashes_from(digits), embeddings_of(folder, shard), hashes, embeddings)
        found.append(pa.table([near.distance, near.similarity], schema=_NEAREST_SCHEMA))
    return pa.concat_tables(found) if found else _NEAREST_SCHEMA.empty_table()
