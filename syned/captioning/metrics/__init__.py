"""Score captions, and say how certain the difference between two captioners is."""
