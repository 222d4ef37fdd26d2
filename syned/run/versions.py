"""The versions of the libraries that a run is made with."""

from __future__ import annotations

import platform
from importlib import metadata

from syned import __version__

_LIBRARIES = ("torch", "diffusers", "transformers", "pyarrow", "pillow", "numpy")


def library_versions() -> dict[str, object]:
    """Name -> version of Syned, Python and the libraries that shape an edit."""
    return {
        "syned": __version__,
        "python": platform.python_version(),
        **{name: _version_of(name) for name in _LIBRARIES},
    }


def _version_of(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed"
