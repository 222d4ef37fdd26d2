"""Who runs the shards of a stage, and where."""
