"""A run directory: what lies in it, where, and whether it is done."""
