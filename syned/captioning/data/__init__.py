"""Pairs of images with references: read them, mix them into arms, and check them for leaks."""
