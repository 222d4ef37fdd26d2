"""Train models like those that come with Syned: an InstructPix2Pix editor and a CLIP."""

from syned.training.commands import run_clip_training, run_editor_training

__all__ = ["run_clip_training", "run_editor_training"]
