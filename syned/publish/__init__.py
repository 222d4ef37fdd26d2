"""From a run to a dataset that others load: rows, splits, files, the card, the hub."""
