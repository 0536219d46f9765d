"""What the first label of a process waits for."""

import os
import subprocess
import sys

import pytest

LABEL_FRAMES = """
from numba.core.event import install_recorder
from lopsided import COLOR, lopsided_frame
import numpy as np
from core import FloorPlane, HNBins, Labeler, RgbdFrame, label_frame
from core.normals import pixel_normals
from core.planes import fit_planes

floor = FloorPlane(np.array((0.0, -1.0, 0.0)), 1.3)
bent = lopsided_frame(0)
depth = np.full((48, 80), 1500, np.uint16)
straight = RgbdFrame.aligned(bent.rgb, depth, COLOR.pinhole(), 1e-3)
with install_recorder("numba:compile") as recorder:
    for frame in (bent, straight):
        for bins in (HNBins(), HNBins((0.5,)), HNBins((0.5, 1.0))):
            label_frame(frame, bins, floor=floor)
            Labeler(bins)(frame)
        pixel_normals(fit_planes(depth, 1e-3), depth, 1e-3, COLOR)
print(*sorted({event.data["dispatcher"].__name__ for _, event in recorder.buffer}))
"""


def _run(code, **environment):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_importing_core_does_not_load_numba():
    heavy = "numba", "llvmlite", "torch", "open3d", "PySide6"
    code = f"import core, sys; print(*({set(heavy)} & set(sys.modules)))"
    assert _run(code) == []


@pytest.mark.slow
def test_a_second_process_compiles_nothing(tmp_path):
    compiled = _run(LABEL_FRAMES, NUMBA_CACHE_DIR=str(tmp_path))
    assert {"bin_pixels", "fit_fine", "classify", "register"} <= set(compiled)
    assert _run(LABEL_FRAMES, NUMBA_CACHE_DIR=str(tmp_path)) == []


def test_machine_code_is_kept_for_one_state_of_all_the_kernels(tmp_path, monkeypatch):
    from core.kernels import jit

    for name in ("jit.py", "others.py"):
        (tmp_path / name).write_text("SIGMAS = 4")
    monkeypatch.setattr(jit, "__file__", str(tmp_path / "jit.py"))
    before = jit._compiled_folder()
    assert jit._compiled_folder() == before
    (tmp_path / "others.py").write_text("SIGMAS = 5")
    assert jit._compiled_folder() != before
