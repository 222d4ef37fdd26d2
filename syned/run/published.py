"""The columns of a published dataset: what `syned publish` writes and captioners read.

The names are Emu Edit's where it has one, so that loaders written for it read the files unchanged.
"""

from __future__ import annotations

import pyarrow as pa

from syned.run.records import IMAGE

SPLITS = ("train", "validation", "test")

_SPLIT_OF = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
"""What datasets call their splits, and what Syned calls them."""


def split_name(name: str) -> str:
    """Syned's name for a dataset's split: "validation" for "dev"; "" for an unknown one."""
    return _SPLIT_OF.get(name.strip().lower(), "")


DIGITAL_SOURCE_TYPE = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
"""IPTC's term for a picture that a trained model has changed; stands in every row."""

PUBLISHED_SCHEMA = pa.schema(
    [
        ("image", IMAGE),
        ("edited_image", IMAGE),
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
        ("input_image", IMAGE),
        ("edit_prompt", pa.string()),
        ("edited_image", IMAGE),
        ("task", pa.string()),
        ("id", pa.string()),
        ("source_id", pa.string()),
        ("licence", pa.string()),
        ("digital_source_type", pa.string()),
    ]
)
"""The columns of diffusers' train_instruct_pix2pix.py, and where each row comes from."""

MEANINGS = {
    "image": "The source image, in RGB.",
    "edited_image": "The edited image, of the same size and the same kind of file.",
    "instruction": "The instruction: what was asked for.",
    "captions": "What changed, in words: the source's difference captions, or the instruction if "
    "it has none, and then their accepted paraphrases.",
    "original_captions": "The number of captions, from the first on, that are no paraphrases.",
    "task": "The kind of edit, as the source names it.",
    "split": "The split: train, validation or test. All edits of a source image are in one split.",
    "idx": "The number or name of the row in the source.",
    "hash": "The hash that the source gives the row.",
    "input_caption": "The caption of the source image, if the source has one.",
    "output_caption": "The caption of the image that was asked for, if the source has one.",
    "id": "The id of the edit: a hash of source image, instruction, variant and the settings that "
    "shape the result.",
    "source_id": "The id of the source image: a hash of its pixels.",
    "variant_index": "The number of the variant: 0 for the first edit of a source image and an "
    "instruction, then 1, and so on.",
    "seed": "The seed of the edit's noise.",
    "editor": "The model that made the edit.",
    "editor_revision": "The commit of this model, or a hash of its files.",
    "steps": "The number of denoising steps.",
    "guidance_scale": "How strongly the edit was to follow the instruction.",
    "image_guidance_scale": "How strongly the edit was to keep to the source image.",
    "image_similarity": "The cosine similarity of source image and edited image by CLIP, from -1 "
    "to 1.",
    "source_text_similarity": "The cosine similarity of the source image and its caption by CLIP.",
    "edited_text_similarity": "The cosine similarity of the edited image and its caption by CLIP.",
    "directional_similarity": "The cosine similarity of the change of the image and the change of "
    "its caption by CLIP.",
    "dino_similarity": "The cosine similarity of source image and edited image by DINOv2.",
    "changed_fraction": "The share of the pixels that changed visibly, from 0 to 1.",
    "patch_change": "The mean absolute change of the patch that changed most, from 0 to 1.",
    "ssim": "The structural similarity of source image and edited image, from -1 to 1.",
    "licence": "The licence of the source.",
    "digital_source_type": "IPTC's term for a picture that a trained model has changed.",
    "input_image": "The source image, in RGB.",
    "edit_prompt": "The instruction: what was asked for.",
}
"""What the columns hold, for people. A score is null where it was not measured."""
