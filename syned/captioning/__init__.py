"""Captioners: the pairs that they learn from, the models, their training, and what data gains."""
