"""Find the shards whose edits are not made yet, and count what they will ask of the editor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pyarrow.compute as pc

from syned.run.directory import Run
from syned.run.shards import refuse_damage


def not_made(run: Run, inputs: Mapping[int, str], *, retry_failed: bool) -> Iterator[int]:
    """The shards without a committed, undamaged shard of edits made from the same inputs.

    Args:
        run: its edits are read and hashed.
        inputs: shard -> hash of what its edits are made from.
        retry_failed: whether shards in which the editor failed count as not made.

    Raises:
        RunError: a shard of the plan that is needed is damaged.
    """
    for shard, made_from in inputs.items():
        made = run.edits.is_done(shard, inputs=made_from)
        if not made or (retry_failed and _editor_failed(run, shard)):
            refuse_damage(run.requests, shard)
            yield shard


def uses(run: Run, shards: Sequence[int]) -> tuple[Counter[str], Counter[str]]:
    """How often each source id and each instruction will be asked for."""
    images: Counter[str] = Counter()
    instructions: Counter[str] = Counter()
    for shard in shards:
        table = run.requests.read(shard, ["source_id", "instruction", "status"])
        planned = table.filter(pc.equal(table["status"], "planned"))
        images.update(planned["source_id"].to_pylist())
        instructions.update(planned["instruction"].to_pylist())
    return images, instructions


def _editor_failed(run: Run, shard: int) -> bool:
    """Whether a shard holds a failed edit that the plan did not give up on already."""
    planned: list[str] = run.requests.read(shard, ["status"])["status"].to_pylist()
    made: list[str] = run.edits.read(shard, ["status"])["status"].to_pylist()
    return made.count("failed") > planned.count("failed")
