"""Make the edits that a plan asks for."""
