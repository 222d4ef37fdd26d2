"""The scores of captions, and how sure a difference between two of them is."""
