"""The training of a CLIP."""
