"""From requests to edits."""
