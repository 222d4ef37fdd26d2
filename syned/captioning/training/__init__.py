"""The training of a captioner."""
