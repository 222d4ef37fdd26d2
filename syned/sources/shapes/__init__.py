"""The `shapes` world: small drawn scenes whose every edit has a known true result."""
