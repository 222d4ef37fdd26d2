"""The rows that flow through Syned, and their Arrow schema.

    SourceRecord  what a source yields: an image, an instruction, and what is known about both
    Request       one edit to be made; a row of plan/requests/
    SourceImage   one picture of plan/images/, stored once however many requests use it
    Edit          what became of a request; a row of edits/
    Original      a text of the plan that is to be paraphrased, once however often it occurs
    Paraphrased   what became of it: every candidate with its verdict; a row of captions/
    ImageScore    what is measured on a picture of plan/images/ once; a row of scores/images/
    EditScore     what is measured on an edit; a row of scores/edits/
    Selected      whether an edit is kept, and why not; a row of selection.parquet

A row that went wrong stays a row: its status is "failed" and its reason a short snake_case word.
They are in one file, since columns of one name must mean the same in all of them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pyarrow as pa

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

SCHEMA_VERSION = 1

R = TypeVar("R")

Status = Literal["planned", "done", "failed"]
TextKind = Literal["instruction", "caption"]


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A source image with one instruction, as a source yields it."""

    key: str
    """Where it comes from, unique within the source: "shapes/test/12", "photos/cat.jpg#0"."""
    image: Image.Image | None
    """The picture as a person sees it, RGB at full size; None when it cannot be read."""
    instruction: str
    reason: str = ""
    """Why this record cannot be used; "" when it can."""
    edited_image: Image.Image | None = None
    """The edit that came with the source, where there is one; for training editors."""
    true_edit: bool = False
    """Whether `edited_image` is the only right result, as in `shapes`; edits are then scored."""
    task: str = ""
    split: str = ""
    idx: str = ""
    hash: str = ""
    input_caption: str = ""
    output_caption: str = ""
    captions: tuple[str, ...] = ()
    """Difference captions: what changed, in words."""


@dataclass(frozen=True, slots=True)
class SourceImage:
    """A picture of the plan, at the size that the editor is given."""

    source_id: str
    image: bytes
    """PNG, RGB."""
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Request:
    """One edit to be made: a source image, an instruction, and what fixes the result."""

    edit_id: str
    source_id: str
    """"" for a row whose image could not be read."""
    image_shard: int
    image_row: int
    """Where the source image lies in plan/images/; -1 and -1 without one."""
    variant_index: int
    instruction: str
    seed: int
    """In [0, 2**63); follows from edit_id."""
    guidance_scale: float
    image_guidance_scale: float
    width_px: int
    height_px: int
    status: Status = "planned"
    """"planned", or "failed" for a source row that cannot be edited."""
    reason: str = ""
    key: str = ""
    task: str = ""
    split: str = ""
    idx: str = ""
    hash: str = ""
    input_caption: str = ""
    output_caption: str = ""
    captions: tuple[str, ...] = ()
    true_image: bytes | None = None
    """PNG of the only right result, where the source knows it, at the size of the source image."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of a request."""

    edit_id: str
    source_id: str
    variant_index: int
    status: Status
    """"done" or "failed"."""
    reason: str = ""
    edited_image: bytes | None = None
    """PNG, RGB, the size of the source image; None for a failed edit."""
    truncated: bool = False
    """Whether the instruction was longer than the text encoder reads; the rest was ignored."""
    true_error: float | None = None
    """Mean absolute error to the true result, in [0, 1]; None where no truth is known."""
    source_error: float | None = None
    """Mean absolute error of the unedited source image to the true result, in [0, 1]."""

    @property
    def right(self) -> bool | None:
        """At most half as far from the truth as the source image was; None without a truth."""
        if self.true_error is None or self.source_error is None:
            return None
        return self.true_error <= 0.5 * self.source_error


@dataclass(frozen=True, slots=True)
class EditJob:
    """A request with its pixels in hand: what an editor is given. Lives in memory only."""

    request: Request
    pixels: NDArray[np.uint8] = field(repr=False)
    """The source image, shape (h, w, 3)."""


@dataclass(frozen=True, slots=True)
class EditResult:
    """What an editor answers for a job."""

    pixels: NDArray[np.uint8] | None = field(default=None, repr=False)
    """The edited image, shape (h, w, 3), the size of the job's; None when it failed."""
    reason: str = ""
    """"flat_image", "not_a_number", "safety_checker"; "" when it went well."""
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Original:
    """An instruction or a difference caption that is to be paraphrased."""

    text_id: str
    """Hash of kind and text."""
    kind: TextKind
    text: str
    task: str = ""
    """Emu Edit's name for the kind of edit, of the first request that has this text."""


@dataclass(frozen=True, slots=True)
class JudgedCandidate:
    """A language model's answer, cleaned, with its verdict."""

    text: str
    reason: str = ""
    """Why it was rejected; "" for an accepted one, "beyond_best" if others were better."""
    similarity: float | None = None
    """Cosine with the original in [-1, 1]; None where the words alone decided."""
    answer: str = ""
    """What the model wrote, as it was."""


@dataclass(frozen=True, slots=True)
class Paraphrased:
    """What became of an original."""

    text_id: str
    kind: TextKind
    text: str
    task: str
    status: str
    """"done", "short" for fewer paraphrases than were asked for, or "failed"."""
    reason: str = ""
    """Why it failed: "too_long", "no_words", "no_answer", "refused_by_server"."""
    paraphrases: tuple[str, ...] = ()
    """The accepted ones, the best first."""
    candidates: tuple[JudgedCandidate, ...] = ()
    """All of them, in the order in which they were answered."""
    asked: int = 0
    """How often the model was asked."""
    model: str = ""
    """Name and revision."""
    prompt: str = ""
    """Id, version and the beginning of its hash."""


@dataclass(frozen=True, slots=True)
class ImageScore:
    """What is measured on a source image; in the order of its shard of plan/images/."""

    source_id: str
    perceptual_hash: str
    """64 bits as 16 hexadecimal digits."""
    thumbnail: bytes
    """16 by 16 pixels, RGB, averaged: 768 numbers."""
    embedding: tuple[float, ...]
    """Of the image by CLIP, of length 1, shape (d,); stored in half precision."""


@dataclass(frozen=True, slots=True)
class EditScore:
    """What is measured on an edit; in the order of its shard of edits/.

    Similarities are cosines in [-1, 1]. Everything is None for a failed edit.
    """

    edit_id: str
    image_similarity: float | None = None
    """Of source image and edited image, by CLIP."""
    source_text_similarity: float | None = None
    """Of source image and its caption; None without one."""
    edited_text_similarity: float | None = None
    """Of edited image and its caption; None without one."""
    directional_similarity: float | None = None
    """Change of image against change of caption; None unless the two captions differ."""
    dino_similarity: float | None = None
    """Of source image and edited image, by DINOv2, where that was asked for."""
    changed_fraction: float | None = None
    """Share of the pixels that changed visibly, in [0, 1]."""
    patch_change: float | None = None
    """Mean absolute change of the patch that changed most, in [0, 1]."""
    ssim: float | None = None
    """Structural similarity of source image and edited image, in [-1, 1]."""
    perceptual_hash: str | None = None
    """Of the edited image, as for a source image."""
    flat: bool | None = None
    """Whether the edited image is one color, or black."""
    thumbnail: bytes | None = None
    """Of the edited image, as for a source image."""
    embedding: tuple[float, ...] | None = None
    """Of the edited image, as for a source image."""


@dataclass(frozen=True, slots=True)
class Selected:
    """Whether an edit is kept; in the order of edits/, shard after shard."""

    edit_id: str
    source_id: str
    shard: int
    row: int
    """Where it lies in edits/."""
    task: str
    variant_disagreement: float | None
    """How much the other variants of its request differ from it, in proportion to what it changed;
    None without another variant."""
    kept: bool
    reason: str = ""
    """Why it is dropped; "" for one that is kept."""


_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""How `datasets.Image` lies in Parquet."""

IMAGE_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("image", _IMAGE),
        ("width_px", pa.int32()),
        ("height_px", pa.int32()),
    ]
)

REQUEST_SCHEMA = pa.schema(
    [
        ("edit_id", pa.string()),
        ("source_id", pa.string()),
        ("image_shard", pa.int32()),
        ("image_row", pa.int32()),
        ("variant_index", pa.int32()),
        ("instruction", pa.string()),
        ("seed", pa.int64()),
        ("guidance_scale", pa.float64()),
        ("image_guidance_scale", pa.float64()),
        ("width_px", pa.int32()),
        ("height_px", pa.int32()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("key", pa.string()),
        ("task", pa.string()),
        ("split", pa.string()),
        ("idx", pa.string()),
        ("hash", pa.string()),
        ("input_caption", pa.string()),
        ("output_caption", pa.string()),
        ("captions", pa.list_(pa.string())),
        ("true_image", _IMAGE),
    ]
)

EDIT_SCHEMA = pa.schema(
    [
        ("edit_id", pa.string()),
        ("source_id", pa.string()),
        ("variant_index", pa.int32()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("edited_image", _IMAGE),
        ("truncated", pa.bool_()),
        ("true_error", pa.float64()),
        ("source_error", pa.float64()),
    ]
)

_CANDIDATE = pa.struct(
    [
        ("text", pa.string()),
        ("reason", pa.string()),
        ("similarity", pa.float64()),
        ("answer", pa.string()),
    ]
)

CAPTION_SCHEMA = pa.schema(
    [
        ("text_id", pa.string()),
        ("kind", pa.string()),
        ("text", pa.string()),
        ("task", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("paraphrases", pa.list_(pa.string())),
        ("candidates", pa.list_(_CANDIDATE)),
        ("asked", pa.int32()),
        ("model", pa.string()),
        ("prompt", pa.string()),
    ]
)

_EMBEDDING = pa.list_(pa.float16())

IMAGE_SCORE_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("perceptual_hash", pa.string()),
        ("thumbnail", pa.binary()),
        ("embedding", _EMBEDDING),
    ]
)

EDIT_SCORE_SCHEMA = pa.schema(
    [
        ("edit_id", pa.string()),
        ("image_similarity", pa.float64()),
        ("source_text_similarity", pa.float64()),
        ("edited_text_similarity", pa.float64()),
        ("directional_similarity", pa.float64()),
        ("dino_similarity", pa.float64()),
        ("changed_fraction", pa.float64()),
        ("patch_change", pa.float64()),
        ("ssim", pa.float64()),
        ("perceptual_hash", pa.string()),
        ("flat", pa.bool_()),
        ("thumbnail", pa.binary()),
        ("embedding", _EMBEDDING),
    ]
)

SELECTION_SCHEMA = pa.schema(
    [
        ("edit_id", pa.string()),
        ("source_id", pa.string()),
        ("shard", pa.int32()),
        ("row", pa.int32()),
        ("task", pa.string()),
        ("variant_disagreement", pa.float64()),
        ("kept", pa.bool_()),
        ("reason", pa.string()),
    ]
)

_IMAGE_COLUMNS = ("image", "edited_image", "true_image")


def to_table(records: list[Any], schema: pa.Schema) -> pa.Table:
    """Records of one kind as an Arrow table; PNG bytes become `datasets.Image` structs."""
    columns: dict[str, list[Any]] = {}
    for name in schema.names:
        values = [getattr(record, name) for record in records]
        if name in _IMAGE_COLUMNS:
            values = [None if v is None else {"bytes": v, "path": None} for v in values]
        elif name in ("captions", "paraphrases"):
            values = [list(v) for v in values]
        elif name == "candidates":
            values = [[asdict(candidate) for candidate in v] for v in values]
        columns[name] = values
    return pa.table(columns, schema=schema)


def from_rows(rows: list[dict[str, Any]], kind: type[R]) -> list[R]:
    """The inverse of `to_table(...).to_pylist()`."""
    return [kind(**{name: _plain(name, value) for name, value in row.items()}) for row in rows]


def _plain(name: str, value: Any) -> Any:
    if name in _IMAGE_COLUMNS and value is not None:
        return value["bytes"]
    if name in ("captions", "paraphrases"):
        return tuple(value or ())
    if name == "embedding" and value is not None:
        return tuple(value)
    if name == "candidates":
        return tuple(JudgedCandidate(**candidate) for candidate in value or ())
    return value
