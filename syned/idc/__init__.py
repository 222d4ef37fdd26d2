"""Image-difference captioning: pairs, captioners, training, metrics, gains."""
