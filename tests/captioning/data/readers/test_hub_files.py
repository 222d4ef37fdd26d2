"""Datasets of the hub, from a hub on this machine; its address is read once, hence processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.captioning.data.readers.miniature import cell, write_rows
from tests.stub_hub import stub_hub

ROOT = Path(__file__).parents[4]

READ = """
import json, sys
from syned.config import PairSource
from syned.errors import SynedError
from syned.captioning.data.readers import open_pairs
for settings in sys.argv[1:]:
    try:
        pairs = open_pairs(PairSource.model_validate_json(settings))
        levels = [image.getpixel((0, 0))[0] for image in pairs.images(3)]
        print(json.dumps([len(pairs.infos), pairs.infos[3].pair_id, levels]))
    except SynedError as error:
        print(json.dumps(str(error)))
"""


def row(n: int) -> dict[str, Any]:
    return {
        "img_id": f"i{n}",
        "turn_index": 1,
        "source_img": cell(n),
        "target_img": cell(n + 50),
        "instruction": f"do {n}",
    }


def read(home: Path, address: str, *sources: dict[str, str], offline: bool = False) -> list[Any]:
    """What a process of its own reads of some sources, one after the other."""
    hub = {"HF_ENDPOINT": address, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "no_proxy": "*"}
    done = subprocess.run(
        [sys.executable, "-c", READ, *map(json.dumps, sources)],
        cwd=ROOT,
        env=os.environ | hub | {"HF_HUB_OFFLINE": "1" if offline else "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_dataset_of_the_hub_is_fetched_once(tmp_path: Path) -> None:
    folder, home = tmp_path / "files", tmp_path / "home"
    for name, rows in (("train-00000-of-00002", (0, 3)), ("train-00001-of-00002", (3, 6))):
        write_rows(folder / f"data/{name}.parquet", [row(n) for n in range(*rows)])
    write_rows(folder / "data/dev-00000-of-00001.parquet", [row(9)])
    brush = {"kind": "magicbrush", "dataset": "a/b"}
    anything = {"kind": "hub", "dataset": "a/b"}
    unknown = {"kind": "magicbrush", "dataset": "a/unknown"}
    with stub_hub("a/b", folder) as (address, fetched):
        found = read(home, address, brush, anything, unknown)
    assert found[:2] == [[6, "magicbrush/i3-1", [3, 53]], [6, "a/b/i3", [3, 53]]]
    assert found[2].startswith("a/unknown cannot be fetched (")
    assert "check its name, `hf auth login` and the network, or point path at" in found[2]
    parquet = [name for name in fetched if name.startswith("data/")]
    assert "data/dev-00000-of-00001.parquet" not in parquet
    again, gone = read(home, address, brush, unknown, offline=True)
    assert again == found[0]
    assert gone.startswith("a/unknown cannot be fetched (")
