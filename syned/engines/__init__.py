"""Loaded models behind small protocols."""
