"""Decide whether a paraphrase says the same as its original."""
