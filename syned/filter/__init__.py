"""From edits to scores, and from scores to the selection of those that are kept."""
