"""Making the models that come with Syned: an InstructPix2Pix and a CLIP, each from nothing."""

from syned.training.commands import run_clip_training, run_editor_training

__all__ = ["run_clip_training", "run_editor_training"]
