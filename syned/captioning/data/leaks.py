"""Whether pairs for training show pictures that pairs for testing show, too.

Variants of one source image are near copies of each other, so a captioner that has seen one of
them has seen the test. Ids tell within a dataset; across datasets, and where there are none, the
source images are compared as they look when made small, which survives resizing and compression.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from syned.captioning.data.pairs import PairSet
from syned.errors import DataError

SIDE_PX = 16
"""Pictures are compared at this width and height."""

CLOSE = 2.0
SAME = 10.0
"""Two small pictures are the same if they differ by at most this much on average (root of the mean
square) and anywhere, in levels of 0 to 255. Photographs brought from 512 to 256 px as JPEG of
quality 50 reach 1.8 and 9; scenes of the shapes world differ by 25 and 79 or more."""

_AT_ONCE = 1024

Floats = NDArray[np.float32]


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
            f"{where}: {len(found)} of {len(train.infos)} pairs for training show a source image "
            f"that is tested on (first: {', '.join(ids)}); leave them out, or split the sets by "
            "source image"
        )


def leaking(train: PairSet, test: PairSet) -> list[int]:
    """The places of the pairs in `train` whose source image lies in `test`, too."""
    known = {info.source_id for info in test.infos if info.source_id}
    found = {place for place, info in enumerate(train.infos) if info.source_id in known}
    candidates, looked_at = _to_compare(train, test), _to_compare(test, train)
    if candidates and looked_at:
        same = _alike(
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


def _small(pairs: PairSet, places: Sequence[int]) -> Floats:
    """Source images made small, shape (n, 3 * SIDE_PX ** 2)."""
    rows = (_thumbnail(pairs.images(place)[0]) for place in places)
    return np.stack(list(rows))


def _thumbnail(image: Image.Image) -> Floats:
    small = image.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    return np.asarray(small, np.float32).reshape(-1)


def _alike(some: Floats, others: Floats) -> Iterable[int]:
    """The rows of `some` that look like a row of `others`."""
    lengths = (others**2).sum(axis=1)  # (m,)
    for begin in range(0, len(some), _AT_ONCE):
        part = some[begin : begin + _AT_ONCE]  # (k, d)
        squares = (part**2).sum(axis=1)[:, None] + lengths - 2 * part @ others.T  # (k, m)
        near = squares <= (2 * CLOSE) ** 2 * some.shape[1]  # generous, since it loses digits
        for row, other in np.argwhere(near):
            difference = np.abs(part[row] - others[other])
            if difference.max() <= SAME and np.sqrt((difference**2).mean()) <= CLOSE:
                yield begin + int(row)
