"""The docstrings below the fields of a class: where columns and settings are explained."""

from __future__ import annotations

import ast
import inspect
import re
from itertools import pairwise


def field_docstrings(kind: type) -> dict[str, str]:
    """Field -> the docstring below it, on one line; read from the source of the class."""
    (definition,) = ast.parse(inspect.getsource(kind)).body
    found = {}
    for field, below in pairwise(ast.iter_child_nodes(definition)):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(str(text))):
                found[name] = " ".join(text.split())
    return found


def for_readers(meaning: str) -> str:
    """A docstring as a cell of a table: what is None in Python is null in YAML and in Parquet."""
    return re.sub(r"\bNone\b", "`null`", meaning).replace("|", r"\|")
