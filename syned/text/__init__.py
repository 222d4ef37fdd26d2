"""What can be said about a paraphrase from its words alone."""
