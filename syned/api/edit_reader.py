"""From the rows that a run has of an edit to an object: request, edit, scores and selection."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syned.api.edit import Edit, Images
from syned.errors import RunError
from syned.filter.select import STORED_SCORES
from syned.publish.captions import Paraphrases, read_paraphrases
from syned.run.directory import Run
from syned.run.selection_file import SELECTION_FILE, Selection, read_selection_file
from syned.run.truth import is_right

_AS_REQUESTED = (
    "edit_id", "source_id", "variant_index", "instruction", "seed", "key", "task", "split",
    "input_caption", "output_caption",
)  # fmt: skip
"""Fields of an edit that are columns of its request."""
_OF_REQUEST = [*_AS_REQUESTED, "captions", "image_shard", "image_row"]
_OF_EDIT = ["edit_id", "status", "reason", "true_error", "source_error"]
_OF_SCORES = ["edit_id", *STORED_SCORES]
_OF_SELECTION = ["edit_id", "shard", "row", "kept", "reason", "variant_disagreement"]


class EditReader:
    """Makes edits of the rows of a run; the texts and numbers of one shard stay."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._images = Images(run)
        self._last: tuple[int, list[dict[str, Any]]] = (-1, [])

    def edit(self, shard: int, row: int) -> Edit:
        if self._last[0] != shard:
            self._last = (shard, self._rows(shard))
        rows = self._last[1]
        if row >= len(rows):  # an IndexError would end a loop over the edits as if it were done
            raise RunError(
                f"{self.run.edits.file(shard)} has changed meanwhile; open the run again"
            )
        values = rows[row]
        return Edit(
            **{name: values[name] for name in _AS_REQUESTED},
            captions=tuple(values["captions"] or ()),
            paraphrases=self._paraphrases_of(values),
            status=values["status"],
            reason=values["reason"],
            kept=values["kept"],
            drop_reason=values["drop_reason"],
            right=_right(values),
            scores=values["scores"],
            _images=self._images,
            _place=(shard, row),
            _source_place=(values["image_shard"], values["image_row"]),
        )

    @cached_property
    def selection(self) -> Selection | None:
        """What the filter decided when it was first asked for."""
        return read_selection_file(self.run, _OF_SELECTION)

    @cached_property
    def _paraphrases(self) -> Paraphrases:
        return read_paraphrases(self.run)

    @cached_property
    def _selected_shards(self) -> NDArray[np.int64]:
        """The shard of each row of the selection, which is in their order."""
        selection = self.selection
        return np.asarray([] if selection is None else selection.table["shard"], np.int64)

    def _rows(self, shard: int) -> list[dict[str, Any]]:
        """What request, edit, scores and selection say of each row of a shard."""
        requests = self.run.requests.read(shard, _OF_REQUEST).to_pylist()
        edits = self.run.edits.read(shard, _OF_EDIT).to_pylist()
        if [row["edit_id"] for row in requests] != [row["edit_id"] for row in edits]:
            raise RunError(
                f"{self.run.edits.file(shard)} has other edits than {self.run.requests.file(shard)}"
                " asks for; make it again with `syned generate`"
            )
        scores, selected = self._scores(shard, len(edits)), self._selected(shard)
        rows = []
        for number, (request, edit) in enumerate(zip(requests, edits, strict=True)):
            chosen = selected.get(number, {})
            if chosen.get("edit_id", edit["edit_id"]) != edit["edit_id"]:
                raise RunError(
                    f"{self.run.path / SELECTION_FILE} is of other edits than "
                    f"{self.run.edits.file(shard)}; filter the run again"
                )
            measured = scores[number] if scores[number]["edit_id"] == edit["edit_id"] else {}
            rows.append(
                {
                    **request,
                    **edit,
                    "kept": chosen.get("kept"),
                    "drop_reason": chosen.get("reason", ""),
                    "scores": {
                        **{name: measured.get(name) for name in STORED_SCORES},
                        "variant_disagreement": chosen.get("variant_disagreement"),
                    },
                }
            )
        return rows

    def _scores(self, shard: int, rows: int) -> list[dict[str, Any]]:
        """What was measured on the edits of a shard; nothing if it was made again since."""
        folder = self.run.edit_scores
        record = folder.record(shard)
        if record is None or record.rows != rows or not folder.matches(record, hashed=False):
            return [{"edit_id": None}] * rows
        measured: list[dict[str, Any]] = folder.read(shard, _OF_SCORES).to_pylist()
        return measured

    def _selected(self, shard: int) -> dict[int, dict[str, Any]]:
        """Row -> what the filter decided, for the edits of a shard."""
        if self.selection is None:
            return {}
        begin, end = np.searchsorted(self._selected_shards, [shard, shard + 1]).tolist()
        rows = self.selection.table.slice(begin, end - begin).to_pylist()
        return {row["row"]: row for row in rows}

    def _paraphrases_of(self, values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        texts = [("instruction", values["instruction"])]
        texts += [("caption", caption) for caption in values["captions"] or ()]
        found: dict[str, tuple[str, ...]] = {}
        for kind, text in texts:
            if reworded := self._paraphrases.of.get((kind, text)):
                found[text] = found.get(text, ()) + reworded
        return found


def _right(values: Mapping[str, Any]) -> bool | None:
    true_error, source_error = values["true_error"], values["source_error"]
    unknown = true_error is None or source_error is None
    return None if unknown else is_right(true_error, source_error)
