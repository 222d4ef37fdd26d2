"""Models behind small protocols, where their checkpoints lie, and what they compute on."""
