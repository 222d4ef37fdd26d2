"""The rows that flow through Syned, and their Arrow schema.

    SourceRecord  what a source yields: an image, an instruction, and what is known about both
    Request       one edit to be made; a row of plan/requests/
    SourceImage   one picture of plan/images/, stored once however many requests use it
    Edit          what became of a request; a row of edits/
    Original      a text of the plan that is to be paraphrased, once however often it occurs
    Paraphrased   what became of it: every candidate with its verdict; a row of captions/
    ImageScore    what is measured on a picture of plan/images/ once; a row of scores/images/
    EditScore     what is measured on an edit; a row of scores/edits/

A row that went wrong stays a row: its status is "failed" and its reason a short snake_case word.
They are in one file, since columns of one name must mean the same in all of them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pyarrow as pa

from syned.config.paraphrase import TextKind
from syned.run.truth import is_right

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

R = TypeVar("R")

Status = Literal["planned", "done", "failed"]


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
    """The id of the source image: a hash of its pixels as the source has them."""
    image: bytes
    """The source image at the size that the editor is given, as PNG in RGB."""
    width_px: int
    """The width of this image in pixels, a multiple of 8."""
    height_px: int
    """The height of this image in pixels, a multiple of 8."""


@dataclass(frozen=True, slots=True)
class Request:
    """One edit to be made: a source image, an instruction, and what fixes the result."""

    edit_id: str
    """The id of the edit: a hash of source image, instruction, variant and the settings that shape
    the result."""
    source_id: str
    """The id of the source image. It is empty if the image could not be read."""
    image_shard: int
    """The shard of `plan/images/` that holds the source image, or -1 if there is none."""
    image_row: int
    """The row of the source image in that shard, counted from 0, or -1 if there is none."""
    variant_index: int
    """The number of the variant: 0 for the first edit of a source image and an instruction, then 1,
    and so on."""
    instruction: str
    """The instruction: what is to be changed."""
    seed: int
    """The seed of the edit's noise, from 0 to 2^63 - 1. It follows from `edit_id`."""
    guidance_scale: float
    """How strongly the edit is to follow the instruction."""
    image_guidance_scale: float
    """How strongly the edit is to keep to the source image."""
    width_px: int
    """The width in pixels of the source image as the editor is given it."""
    height_px: int
    """The height in pixels of the source image as the editor is given it."""
    status: Status = "planned"
    """`planned`, or `failed` for a source row that cannot be edited."""
    reason: str = ""
    """Why the row failed, such as `unreadable` or `no_instruction`. It is empty for a planned
    row."""
    key: str = ""
    """Where the row comes from in its source, such as `photos/cat.jpg#0`."""
    task: str = ""
    """The kind of edit, as the source names it. It is empty if the source does not say."""
    split: str = ""
    """The split of the row, as the source names it. Where it does not, it is the split that the
    config names."""
    idx: str = ""
    """The number or name of the row in the source. It is empty if the source has none."""
    hash: str = ""
    """The hash that the source gives the row. It is empty if the source has none."""
    input_caption: str = ""
    """The caption of the source image. It is empty if the source has none."""
    output_caption: str = ""
    """The caption of the image that the instruction asks for. It is empty if the source has
    none."""
    captions: tuple[str, ...] = ()
    """The difference captions of the source: what the edit changes, in words."""
    true_image: bytes | None = None
    """The only right result at the size of the source image, as PNG in RGB. None if the source does
    not know it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of a request."""

    edit_id: str
    """The id of the edit, as in `plan/requests/`."""
    source_id: str
    """The id of the source image, as in `plan/requests/`."""
    variant_index: int
    """The number of the variant, as in `plan/requests/`."""
    status: Status
    """`done` or `failed`."""
    reason: str = ""
    """Why the edit failed, such as `safety_checker` or `flat_image`, or why its request did. It is
    empty for an edit that is done."""
    edited_image: bytes | None = None
    """The edited image, as PNG in RGB, of the size of the source image. None for a failed edit."""
    truncated: bool = False
    """Whether the instruction was longer than the text encoder reads. The rest of it was
    ignored."""
    true_error: float | None = None
    """The mean absolute difference from the true result, from 0 to 1. None if the true result is
    not known."""
    source_error: float | None = None
    """The mean absolute difference of the unedited source image from the true result, from 0 to 1.
    None if the true result is not known."""

    @property
    def right(self) -> bool | None:
        """At most half as far from the truth as the source image was; None without a truth."""
        if self.true_error is None or self.source_error is None:
            return None
        return is_right(self.true_error, self.source_error)


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
    """The id of the text: a hash of its kind and its words."""
    kind: TextKind
    """What the text is: `instruction` or `caption`."""
    text: str
    """The text that is paraphrased, as in `plan/requests/`."""
    task: str
    """The kind of edit of the first request that has this text."""
    status: str
    """`done`, `short` if it has fewer paraphrases than were asked for, or `failed`."""
    reason: str = ""
    """Why it failed: `too_long`, `no_words`, `no_answer` or `refused_by_server`. It is empty
    otherwise."""
    paraphrases: tuple[str, ...] = ()
    """The paraphrases that were accepted and chosen, the best one first."""
    candidates: tuple[JudgedCandidate, ...] = ()
    """Every answer in the order in which it came. `text` is the answer after cleaning, `reason`
    says why it was rejected and is empty if it was not (`beyond_best` if others were better),
    `similarity` is its cosine similarity to the original, and `answer` is what the model wrote."""
    asked: int = 0
    """How many times the language model was asked about this text."""
    model: str = ""
    """The language model, with its revision."""
    prompt: str = ""
    """The prompt: its id, its version and the first digits of its hash."""


@dataclass(frozen=True, slots=True)
class ImageScore:
    """What is measured on a source image; in the order of its shard of plan/images/."""

    source_id: str
    """The id of the source image, as in `plan/images/` and in the same order."""
    perceptual_hash: str
    """The perceptual hash of the source image: 64 bits as 16 hexadecimal digits. Images that look
    alike differ in few bits."""
    thumbnail: bytes
    """The source image reduced to 16 by 16 pixels: 768 bytes, row by row, in RGB."""
    embedding: tuple[float, ...]
    """The embedding of the source image by CLIP, of length 1."""


@dataclass(frozen=True, slots=True)
class EditScore:
    """What is measured on an edit; in the order of its shard of edits/.

    Similarities are cosines in [-1, 1]. Everything is None for a failed edit.
    """

    edit_id: str
    """The id of the edit, as in `edits/` and in the same order. All other columns are None for a
    failed edit."""
    image_similarity: float | None = None
    """The cosine similarity of source image and edited image by CLIP, from -1 to 1."""
    source_text_similarity: float | None = None
    """The cosine similarity of the source image and its caption by CLIP. None without a caption."""
    edited_text_similarity: float | None = None
    """The cosine similarity of the edited image and its caption by CLIP. None without a caption."""
    directional_similarity: float | None = None
    """The cosine similarity of the change of the image and the change of its caption by CLIP. None
    unless there are two captions that differ."""
    dino_similarity: float | None = None
    """The cosine similarity of source image and edited image by DINOv2. None unless `filter.dino`
    names a model."""
    changed_fraction: float | None = None
    """The share of the pixels that changed visibly, from 0 to 1."""
    patch_change: float | None = None
    """The mean absolute change of the patch that changed most, from 0 to 1. The image is cut into 8
    by 8 patches."""
    ssim: float | None = None
    """The structural similarity of source image and edited image, from -1 to 1."""
    perceptual_hash: str | None = None
    """The perceptual hash of the edited image: 64 bits as 16 hexadecimal digits."""
    flat: bool | None = None
    """Whether the edited image is a single color, or black."""
    thumbnail: bytes | None = None
    """The edited image reduced to 16 by 16 pixels: 768 bytes, row by row, in RGB."""
    embedding: tuple[float, ...] | None = None
    """The embedding of the edited image by CLIP, of length 1."""


IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""How `datasets.Image` lies in Parquet."""

IMAGE_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("image", IMAGE),
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
        ("true_image", IMAGE),
    ]
)

EDIT_SCHEMA = pa.schema(
    [
        ("edit_id", pa.string()),
        ("source_id", pa.string()),
        ("variant_index", pa.int32()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("edited_image", IMAGE),
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

SELECTION_MEANINGS = {
    "edit_id": "The id of the edit, as in `edits/` and in the same order, shard after shard.",
    "source_id": "The id of the source image, as in `edits/`.",
    "shard": "The shard of `edits/` that holds the edit.",
    "row": "The row of the edit in that shard, counted from 0.",
    "task": "The kind of edit, as in `plan/requests/`.",
    "variant_disagreement": "How much the other variants of the request differ from this edit, "
    "relative to how much the edit changed: 0 if they are all the same. None for a single variant.",
    "kept": "Whether the edit is kept.",
    "reason": "Why the edit is dropped, such as `nothing_changed`. It is empty if it is kept.",
}
"""What the columns of selection.parquet hold; those of the shards are told by their records."""

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
