"""Train captioners on pairs of images, score them, and measure what synthetic pairs add."""
