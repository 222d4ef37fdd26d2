"""Whether a paraphrase says the same as its text."""
