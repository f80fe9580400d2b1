"""The sandbox shares no code with what it tests, or their faults would cancel out."""

import ast
import sys
from pathlib import Path

import sandbox

ALLOWED = {"sandbox", "exchange_calendars", "numpy", "polars", "starlette", "uvicorn"}


def test_the_sandbox_imports_nothing_of_the_pipeline() -> None:
    files = [*Path(sandbox.__file__).parent.rglob("*.py")]
    strays = {
        f"{file.name} imports {package}"
        for file in files
        for package in imported_packages(file) - ALLOWED - sys.stdlib_module_names
    }

    assert files
    assert not strays


def imported_packages(file: Path) -> set[str]:
    modules = []
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names=names):
                modules += [alias.name for alias in names]
            case ast.ImportFrom(module=str(module)):
                modules.append(module)
    return {module.partition(".")[0] for module in modules}
