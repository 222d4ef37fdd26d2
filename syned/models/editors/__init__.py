"""Models that edit images."""
