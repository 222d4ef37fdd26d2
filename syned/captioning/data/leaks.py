"""Find source images that are both in the training pairs and in the test pairs.

Variants of one source image are near copies of each other, so a captioner that has seen one of
them has seen the test. Ids tell within a dataset; across datasets, and where there are none, the
source images are compared as they look when made small, which survives resizing and compression.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from syned.captioning.data.pairs import PairSet
from syned.errors import DataError
from syned.sources.likeness import same_pictures, thumbnail


def refuse_leaks(train: PairSet, test: PairSet, *, where: str) -> None:
    """Make sure that no source image lies in both sets.

    Reads each source image once whose id does not tell enough.

    Args:
        train: pairs that a captioner learns from.
        test: pairs that it is validated or tested on.
        where: what the two are, for the message: "arm real+syned and test".

    Raises:
        DataError: some do, or an image cannot be read.
    """
    found = leaking(train, test)
    if found:
        ids = [train.infos[place].pair_id for place in found[:3]]
        raise DataError(
            f"{where}: {len(found)} of {len(train.infos)} pairs of the first show a source image "
            f"that the second shows too (the first are {', '.join(ids)}); a captioner must not be "
            "tested on what it has seen, so leave them out, or split the data by source image"
        )


def leaking(train: PairSet, test: PairSet) -> list[int]:
    """The places of the pairs in `train` whose source image lies in `test`, too."""
    known = {info.source_id for info in test.infos if info.source_id}
    found = {place for place, info in enumerate(train.infos) if info.source_id in known}
    candidates, looked_at = _to_compare(train, test), _to_compare(test, train)
    if candidates and looked_at:
        same = same_pictures(
            _small(train, [places[0] for places in candidates]),
            _small(test, [places[0] for places in looked_at]),
        )
        found.update(place for which in same for place in candidates[which])
    return sorted(found)


def _to_compare(pairs: PairSet, others: PairSet) -> list[list[int]]:
    """Places of pairs whose id does not tell whether they are among the others.

    An id tells when all of the others come from the same dataset; one that is a hash of pixels
    does not, since the same picture in another size has another.

    Returns:
        For each source image the places of its pairs.
    """
    scopes = {_scope(info.source_id) for info in others.infos}
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, info in enumerate(pairs.infos):
        scope = _scope(info.source_id)
        if not scope or scopes != {scope}:
            places[info.source_id or f"{place}"].append(place)
    return list(places.values())


def _scope(source_id: str) -> str:
    """The dataset, as spot of spot/256; "" for a hash and where there is no id."""
    return source_id.rpartition("/")[0].partition("/")[0]


def _small(pairs: PairSet, places: Sequence[int]) -> NDArray[np.float32]:
    """Thumbnails of source images as numbers, shape (n, 3 * THUMBNAIL_SIDE_PX ** 2)."""
    pictures = (np.asarray(pairs.images(place)[0].convert("RGB")) for place in places)
    rows = [np.frombuffer(thumbnail(pixels), np.uint8) for pixels in pictures]
    return np.stack(rows).astype(np.float32)
