"""The tree of the repository: every file with the first line of what it says of itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

FOLDERS = (".ci", "configs", "docs", "prompts", "syned", "tests")
FILES = (".importlinter", "Makefile", "README.md", "constraints.txt", "pyproject.toml")
"""What is listed at the root; the rest there is made, not written."""

_SUFFIXES = ("", ".py", ".md", ".yaml", ".html", ".js", ".css")
_DATA = "fixtures"
"""A folder of tests whose files are data."""
_FIRST_LINE = re.compile(r"\A(?:#!.*\n)?(?:# |---\n(?:.*\n)*?purpose: )(.+)")
"""A comment or a heading, or the purpose that a prompt states."""
_TEXT_COLUMN = 40


def tree_of(root: Path) -> str:
    """The tree of a checkout, folders first and in alphabetical order."""
    lines = [line for name in FOLDERS for line in _folder(root / name, 0)]
    files = [root / name for name in FILES if (root / name).is_file()]
    return "\n".join([*lines, *(_line(path.name, first_line(path), 0) for path in files)])


def first_line(path: Path) -> str:
    """What a file says of itself in one line; "" if it says nothing."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    found = _FIRST_LINE.match(text)
    return found[1] if found else ""


def _folder(path: Path, depth: int) -> Iterator[str]:
    package = path / "__init__.py"
    yield _line(f"{path.name}/", first_line(package) if package.is_file() else "", depth)
    for inner in sorted(path.iterdir(), key=lambda inner: (inner.is_file(), inner.name)):
        if inner.is_dir() and _holds_text(inner):
            yield from _folder(inner, depth + 1)
        elif _is_text(inner) and inner != package:
            yield _line(inner.name, first_line(inner), depth + 1)


def _holds_text(folder: Path) -> bool:
    """Whether a folder has a file to list; one of weights or compiled modules has none."""
    return folder.name != _DATA and any(_is_text(path) for path in folder.rglob("*"))


def _is_text(path: Path) -> bool:
    return path.is_file() and path.suffix in _SUFFIXES and not path.name.startswith(".")


def _line(name: str, text: str, depth: int) -> str:
    return f"{'  ' * depth + name:<{_TEXT_COLUMN}} {text}".rstrip()
