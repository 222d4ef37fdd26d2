"""Syned: synthetic image edits with captions, and the captioners that learn from them."""

__version__ = "0.1.0"
