"""What `.importlinter` does not say of imports: none is relative, and which are heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "syned"

MODEL_LIBRARIES = {"accelerate", "diffusers", "peft", "torch", "transformers"}
ROOMS_OF_MODELS = {"syned.captioning", "syned.models", "syned.training"}
HEAVY = {*MODEL_LIBRARIES, "datasets", "huggingface_hub", "numpy", "pandas", "PIL", "pyarrow"}

MODULES = sorted(PACKAGE.rglob("*.py"))

OF_SEVERAL_MODULES = {
    "api/test_names.py",
    "api/test_python_page.py",
    "benchmarks/test_audit.py",
    "cli/test_paraphrase_server.py",
    "gpu/test_instruct_pix2pix_cuda.py",
    "report/page/test_browser.py",
    "run/test_made_by_earlier_versions.py",
    "test_architecture.py",
    "test_crash.py",
    "test_docs.py",
    "vllm/test_real_vllm.py",
}
"""Tests that belong to no single module."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """`syned.sources.hub` belongs to `syned.sources`."""
    return ".".join(module.split(".")[:2])


def imports(tree: ast.AST, *, everywhere: bool = True) -> Iterator[str]:
    """Names of imported modules; not those inside functions unless `everywhere`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from imports(node, everywhere=everywhere) if everywhere else ()
        elif everywhere or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imports(node, everywhere=everywhere)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_model_libraries_are_imported_at_the_top_of_their_rooms_only(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    found = {name.split(".")[0] for name in imports(tree, everywhere=False)} & MODEL_LIBRARIES
    assert not found or part_of(name_of(path)) in ROOMS_OF_MODELS


def test_the_command_line_loads_no_heavy_library() -> None:
    code = "import sys, syned.cli; print(*{m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "typer" in loaded
    assert not HEAVY & set(loaded)


def test_the_pipeline_loads_no_model_library() -> None:
    code = (
        "import sys, syned.pipeline, syned.doctor, syned.report.sheet.sheet_rows; "
        "print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not MODEL_LIBRARIES & set(loaded)


def test_help_answers_about_as_fast_as_its_libraries_load() -> None:
    """As a ratio, since machines differ: pyarrow or torch alone would make it several times."""
    plain = min(seconds_of("import typer, rich.console, subprocess") for _ in range(5))
    ours = "import sys; sys.argv = ['syned', '--help']; from syned.cli import main; main()"
    assert min(seconds_of(ours) for _ in range(5)) < 2 * plain + 0.05


def seconds_of(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - begin


def has_logic(path: Path) -> bool:
    """Whether a module does something: a function that is more than a signature."""
    functions = (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if is_function(n))
    return any(not is_stub(function) for function in functions)


def is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def is_stub(function: Any) -> bool:
    """Whether a function says what it is and does nothing, as those of a protocol."""
    return all(
        isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
        for line in function.body
    )


@pytest.mark.parametrize(
    "path", [p for p in MODULES if p.name != "__init__.py" and has_logic(p)], ids=name_of
)
def test_every_module_with_logic_has_a_test_file_of_its_own(path: Path) -> None:
    beside = path.relative_to(PACKAGE).with_name(f"test_{path.name}")
    assert (ROOT / "tests" / beside).is_file()


def test_every_test_file_tests_a_module_that_is_there() -> None:
    """A module that moves takes its tests along; the others test more than one module."""
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    unmatched = {
        path.relative_to(ROOT / "tests").as_posix()
        for path in tests
        if not (PACKAGE / path.relative_to(ROOT / "tests")).with_name(path.name[5:]).is_file()
    }
    assert unmatched == OF_SEVERAL_MODULES
