"""Imports point one way: capture_app -> core <- training; Qt stays in the window."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
QT = {"PySide6", "shiboken6", "pyqtgraph", "PyQt5", "PyQt6"}
TORCH = {
    "torch",
    "torchvision",
    "lightning_fabric",
    "segmentation_models_pytorch",
    "timm",
}
CAMERA_SDKS = {
    "pyrealsense2",
    "freenect",
    "freenect2",
    "pyk4a",
    "pyorbbecsdk",
    "openni",
}

FORBIDDEN = {
    "core": QT | TORCH | CAMERA_SDKS | {"training", "capture_app"},
    "training": QT | CAMERA_SDKS | {"capture_app"},
    "capture_app": TORCH | {"training"},
    "capture_app/sensors": QT,
    "capture_app/engine": QT,
}
HEAVY = ["torch", "PySide6", "open3d", "numba", "pyrealsense2"]


def imported_packages(source: str) -> Iterator[tuple[int, str]]:
    """(line, top-level package) of every absolute import, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                modules = [module]
            case _:
                continue
        for module in modules:
            yield node.lineno, module.partition(".")[0]


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_no_file_imports_what_its_layer_must_not_know(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files, f"{folder} holds no Python file"
    violations = [
        f"{path.relative_to(ROOT)}:{line} imports {package}"
        for path in files
        for line, package in imported_packages(path.read_text(encoding="utf-8"))
        if package in FORBIDDEN[folder]
    ]
    assert not violations, "\n".join(violations)


def test_an_import_is_seen_wherever_it_hides() -> None:
    source = (
        "import numpy, torch.nn as nn\n"
        "def later():\n"
        "    from PySide6.QtCore import Qt\n"
        "    importlib.import_module('open3d.core')\n"
        "from . import frame\n"
    )
    assert sorted(imported_packages(source)) == [
        (1, "numpy"),
        (1, "torch"),
        (3, "PySide6"),
        (4, "open3d"),
    ]


def test_relative_imports_do_not_leave_their_package() -> None:
    for path in ROOT.glob("[ct]*/**/*.py"):
        depth = len(path.relative_to(ROOT).parts) - 1
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= depth, f"{path}:{node.lineno}"


def test_importing_core_loads_nothing_heavy() -> None:
    program = f"import sys, core; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
