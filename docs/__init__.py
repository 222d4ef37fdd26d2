"""The manual, and the modules that generate a part of it."""
