"""Score edits, and select those that are kept."""
