"""Numbers as people read them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """A time in words, to two figures: "8 s", "4 min", "2 h 5 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def rate(per_second: float) -> str:
    """A number a second, to three figures and never as a power of ten: "0.4", "3.1", "214,000"."""
    return f"{float(f'{per_second:.3g}'):,.9f}".rstrip("0").rstrip(".")


def size(size_bytes: int) -> str:
    """Bytes in decimal units: "812 kB", "3.1 GB"."""
    value, unit = float(size_bytes), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}" if unit != "bytes" else f"{size_bytes} bytes"
