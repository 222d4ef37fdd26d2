"""The columns of a published dataset: what `syned publish` writes and captioners read.

The names are Emu Edit's where it has one, so that loaders written for it read the files unchanged.
"""

from __future__ import annotations

import pyarrow as pa

SPLITS = ("train", "validation", "test")

DIGITAL_SOURCE_TYPE = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
"""IPTC's term for a picture that a trained model has changed; stands in every row."""

_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""How `datasets.Image` lies in Parquet."""

PUBLISHED_SCHEMA = pa.schema(
    [
        ("image", _IMAGE),
        ("edited_image", _IMAGE),
        ("instruction", pa.string()),
        ("captions", pa.list_(pa.string())),
        ("original_captions", pa.int32()),
        ("task", pa.string()),
        ("split", pa.string()),
        ("idx", pa.string()),
        ("hash", pa.string()),
        ("input_caption", pa.string()),
        ("output_caption", pa.string()),
        ("id", pa.string()),
        ("source_id", pa.string()),
        ("variant_index", pa.int32()),
        ("seed", pa.int64()),
        ("editor", pa.string()),
        ("editor_revision", pa.string()),
        ("steps", pa.int32()),
        ("guidance_scale", pa.float64()),
        ("image_guidance_scale", pa.float64()),
        ("image_similarity", pa.float64()),
        ("source_text_similarity", pa.float64()),
        ("edited_text_similarity", pa.float64()),
        ("directional_similarity", pa.float64()),
        ("dino_similarity", pa.float64()),
        ("changed_fraction", pa.float64()),
        ("patch_change", pa.float64()),
        ("ssim", pa.float64()),
        ("licence", pa.string()),
        ("digital_source_type", pa.string()),
    ]
)
"""`captions`: the difference captions, or the instruction where there are none; then their accepted
paraphrases. `original_captions` says how many of them, from the first on, are not paraphrases.
`licence` is that of the source image."""

INSTRUCT_PIX2PIX_SCHEMA = pa.schema(
    [
        ("input_image", _IMAGE),
        ("edit_prompt", pa.string()),
        ("edited_image", _IMAGE),
        ("task", pa.string()),
        ("id", pa.string()),
        ("source_id", pa.string()),
        ("licence", pa.string()),
        ("digital_source_type", pa.string()),
    ]
)
"""The columns of diffusers' train_instruct_pix2pix.py, and where each row comes from."""

MEANINGS = {
    "image": "source image, RGB",
    "edited_image": "after the edit, the same size and kind of file",
    "instruction": "what was asked for",
    "captions": "what changed: the source's captions, or else the instruction; then accepted "
    "paraphrases",
    "original_captions": "how many of them, from the first on, are no paraphrases",
    "task": "kind of edit, as the source names it",
    "split": "train, validation or test; by source image",
    "idx": "as the source has it",
    "hash": "as the source has it",
    "input_caption": "of the source image, where the source has one",
    "output_caption": "of the image that was asked for, where the source has one",
    "id": "of the edit: hash of source image, instruction, variant and settings",
    "source_id": "hash of the pixels of the source image",
    "variant_index": "0 for the first edit of an image and instruction, then 1, ...",
    "seed": "of the edit's noise",
    "editor": "model that made the edit",
    "editor_revision": "its commit, or hash of its files",
    "steps": "denoising steps",
    "guidance_scale": "how much the instruction counted",
    "image_guidance_scale": "how much the source image counted",
    "image_similarity": "cosine of source image and edited image by CLIP, in [-1, 1]",
    "source_text_similarity": "cosine of source image and its caption",
    "edited_text_similarity": "cosine of edited image and its caption",
    "directional_similarity": "cosine of change of image and change of caption",
    "dino_similarity": "cosine of source image and edited image by DINOv2",
    "changed_fraction": "share of the pixels that changed visibly, in [0, 1]",
    "patch_change": "mean absolute change of the patch that changed most, in [0, 1]",
    "ssim": "structural similarity, in [-1, 1]",
    "licence": "of the source",
    "digital_source_type": "IPTC's term for what a trained model has changed",
    "input_image": "source image, RGB",
    "edit_prompt": "the instruction",
}
"""What the columns hold, for people. A score is null where it was not measured."""
