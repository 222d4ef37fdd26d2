"""`import syned`: what it offers, and that it loads nothing before it is used."""

from __future__ import annotations

import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import syned
from tests.test_architecture import HEAVY

ROOT = Path(__file__).parents[2]


def modules_after(code: str) -> set[str]:
    """What is loaded when a fresh Python has run some code."""
    code = f"import sys; {code}; print(*{{m.split('.')[0] for m in sys.modules}})"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
    )


def test_the_import_loads_no_heavy_library_and_the_use_of_a_name_does() -> None:
    assert not modules_after("import syned; dir(syned); syned.SynedError") & (
        HEAVY | {"pydantic", "rich", "yaml"}
    )
    assert "pyarrow" in modules_after("import syned; syned.open_run")


@pytest.mark.parametrize("name", syned.__all__)
def test_every_name_is_there_and_says_what_it_is_for(name: str) -> None:
    assert (inspect.getdoc(getattr(syned, name)) or "").partition("\n")[0]
    assert name in dir(syned)


def test_a_name_that_is_offered_is_not_that_of_a_package() -> None:
    """Otherwise an import of the package would put it in the place of what is offered."""
    packages = {module.name for module in pkgutil.iter_modules(syned.__path__)}
    assert not packages & set(syned.__all__)


def test_a_name_that_is_not_there_is_said_so() -> None:
    with pytest.raises(AttributeError, match="module 'syned' has no attribute 'open_rum'"):
        getattr(syned, "open_rum")  # noqa: B009 - mypy would find it otherwise
    with pytest.raises(ImportError):
        exec("from syned import open_rum")


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "syned" / "py.typed").is_file()
