"""The layout is a promise: data goes sources -> schemas -> transforms -> warehouse, never back."""

import ast
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from flows.registry import PROVIDERS

ROOT = Path(__file__).parents[1]

OURS = {"schemas", "sources", "transforms", "warehouse", "brief", "flows", "sandbox"}
MAY_IMPORT = {
    "schemas": set(),
    "sources": {"schemas", "httpx"},
    "transforms": {"schemas"},
    "warehouse": {"schemas", "duckdb"},
    "brief": {"warehouse", "duckdb"},
    "sandbox": {"starlette", "uvicorn"},
    "flows": OURS | {"duckdb", "httpx", "prefect"},
}
GUARDED = OURS | {"duckdb", "httpx", "prefect", "starlette", "uvicorn"}
FLOWS = [*(ROOT / "flows").glob("*.py")]


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_folders_import_only_what_lies_upstream(folder: str) -> None:
    files = [*(ROOT / folder).rglob("*.py")]
    strays = {
        f"{file.relative_to(ROOT)} imports {package}"
        for file in files
        for package in imported_packages(file) & GUARDED - MAY_IMPORT[folder] - {folder}
    }

    assert files
    assert not strays


@pytest.mark.parametrize("provider", [row.name for row in PROVIDERS])
@pytest.mark.parametrize("folder", ["sources", "schemas/raw", "transforms", "sandbox"])
def test_a_provider_bears_one_name_in_every_folder(provider: str, folder: str) -> None:
    assert (ROOT / folder / f"{provider}.py").is_file()


@pytest.mark.parametrize("module", sorted({file.stem for file in FLOWS} - {"__init__"}))
def test_no_flow_hides_an_importable_package(module: str) -> None:
    """Prefect puts a flow's own folder first on `sys.path`."""
    elsewhere = [path for path in sys.path if Path(path or ".").resolve() != ROOT / "flows"]

    assert module not in sys.builtin_module_names
    assert PathFinder.find_spec(module, elsewhere) is None


def test_the_sandbox_shares_no_code_with_what_it_tests() -> None:
    """Or their faults would cancel out; it has few other friends, too."""
    allowed = {"sandbox", "exchange_calendars", "numpy", "polars", "starlette", "uvicorn"}
    allowed |= {"xlsxwriter"}
    files = [*(ROOT / "sandbox").rglob("*.py")]
    strays = {
        f"{file.name} imports {package}"
        for file in files
        for package in imported_packages(file) - allowed - sys.stdlib_module_names
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
