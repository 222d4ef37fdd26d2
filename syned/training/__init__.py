"""Making editors: the autoencoder, the text encoder and the denoiser of an InstructPix2Pix."""

from syned.training.commands import run_editor_training

__all__ = ["run_editor_training"]
