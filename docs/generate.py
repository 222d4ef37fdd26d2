"""Write the pages of docs/ that are generated: columns, settings, and the tree of files.

Run: make docs
"""

from __future__ import annotations

from pathlib import Path

from docs.columns import columns_page
from docs.settings import settings_page
from docs.tree import tree_of

ROOT = Path(__file__).parents[1]
TREE = ("<!-- tree -->", "<!-- /tree -->")
"""What stands before and after the generated part of development.md."""


def pages(root: Path = ROOT) -> dict[Path, str]:
    """Every generated page with the text that it should have."""
    development = root / "docs" / "development.md"
    return {
        root / "docs" / "columns.md": columns_page(),
        root / "docs" / "settings.md": settings_page(),
        development: with_tree(development.read_text("utf-8"), tree_of(root)),
    }


def with_tree(text: str, tree: str) -> str:
    """A page with the tree between its two markers; what is written by hand stays."""
    before, _, rest = text.partition(TREE[0])
    _, _, after = rest.partition(TREE[1])
    return f"{before}{TREE[0]}\n\n```text\n{tree}\n```\n\n{TREE[1]}{after}"


def main() -> None:
    """Write all pages."""
    for path, text in pages().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
