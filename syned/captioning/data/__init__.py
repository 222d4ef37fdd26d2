"""Pairs of images with references, from wherever they are published, and which are learned from."""
