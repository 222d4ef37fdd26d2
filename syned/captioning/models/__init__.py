"""The captioners: BLIP2IDC and a two-stream model."""
