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
