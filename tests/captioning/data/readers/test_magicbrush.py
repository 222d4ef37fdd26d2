from __future__ import annotations

from pathlib import Path

import pytest

from syned.errors import ConfigError
from tests.captioning.data.readers.miniature import cell, ids, levels, opened, write_rows


def magicbrush(root: Path) -> Path:
    for name, count in (("train", 3), ("dev", 1)):
        rows = [
            {
                "img_id": f"13930{n // 2}",
                "turn_index": n % 2 + 1,
                "source_img": cell(n),
                "mask_img": cell(255),
                "instruction": f"let it be {n}",
                "target_img": cell(n + 50),
            }
            for n in range(count)
        ]
        write_rows(root / f"data/{name}-00000-of-00001-0123456789abcdef.parquet", rows, group=2)
    return root


def test_turns_share_their_source(tmp_path: Path) -> None:
    pairs = opened("magicbrush", magicbrush(tmp_path))
    assert ids(pairs) == ["magicbrush/139300-1", "magicbrush/139300-2", "magicbrush/139301-1"]
    assert pairs.infos[0].source_id == pairs.infos[1].source_id == "magicbrush/139300"
    assert pairs.infos[2].references == ("let it be 2",)
    assert levels(pairs, 2) == (2, 52)


def test_dev_is_validation_and_the_hub_has_no_test(tmp_path: Path) -> None:
    pairs = opened("magicbrush", magicbrush(tmp_path), split="validation")
    assert (len(pairs.infos), pairs.infos[0].split) == (1, "validation")
    with pytest.raises(ConfigError, match="split is 'test'; there are train, validation"):
        opened("magicbrush", tmp_path, split="test")
