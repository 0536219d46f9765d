"""A model file and a photo to classes; the engines that run it."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
from made_models import (
    STRONGEST,
    save_coarse_channel_model,
    save_strongest_channel_model,
)

from core import openvino_runtime
from core.errors import CheckpointError
from core.files import user_cache
from core.parallel import live_threads
from core.prediction import ModelInfo, Predictor, Upsampling
from core.prediction.engines import PROVIDERS

CPU_ENGINES = ("onnxruntime", "openvino")


def colour_photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Large blotches of all colours, unlike in the two directions."""
    rng = np.random.default_rng(seed)
    blotches = rng.integers(0, 256, (5, 4, 3)).astype(np.uint8)
    rows = np.arange(height) * 5 // height
    columns = np.arange(width) * 4 // width
    return blotches[rows][:, columns]


@pytest.mark.parametrize("engine", CPU_ENGINES)
def test_classes_come_back_on_the_photos_own_grid(tmp_path, engine):
    save_strongest_channel_model(tmp_path / "model.onnx")
    photo = np.zeros((24, 40, 3), np.uint8)
    photo[..., 0], photo[:8, 20:, 1], photo[12:, :12, 2] = 120, 250, 250
    expected = np.zeros((24, 40), np.uint8)
    expected[:8, 20:], expected[12:, :12] = 1, 2
    classes = Predictor(tmp_path / "model.onnx", engine=engine)(photo)
    assert classes.dtype == np.uint8
    np.testing.assert_array_equal(classes, expected)


def test_normalisation_decides_between_channels(tmp_path):
    # (100/255 - 0.5)/0.2 < (90/255 - 0.4)/0.25: without it red would win.
    save_strongest_channel_model(tmp_path / "model.onnx")
    photo = np.broadcast_to(np.array((100, 90, 10), np.uint8), (6, 10, 3))
    assert (Predictor(tmp_path / "model.onnx")(photo) == 1).all()


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("engine", CPU_ENGINES)
def test_coarse_logits_give_the_classes_of_the_whole_ones(
    tmp_path, engine, align_corners
):
    info = replace(
        STRONGEST,
        height=45,
        width=61,
        upsampling=Upsampling(48, 64, align_corners),
    )
    path = tmp_path / "model.onnx"
    save_coarse_channel_model(path, info, factor=4)
    photo = colour_photo(45, 61)
    session = onnxruntime.InferenceSession(path)
    scaled = (photo / 255.0 - info.mean) / info.std
    inputs = scaled.astype(np.float32).transpose(2, 0, 1)[None]
    (logits,) = session.run(["logits"], {"rgb": inputs})
    expected = logits[0].argmax(axis=0)
    assert len(np.unique(expected)) == 3
    classes = Predictor(path, engine=engine)(photo)
    # bfloat16 has 8 bits; at borders it may decide otherwise.
    assert (classes == expected).mean() > (0.999 if engine == "onnxruntime" else 0.97)


def test_a_file_for_any_size_works_at_the_size_of_its_training_or_as_asked(tmp_path):
    path = tmp_path / "model.onnx"
    save_strongest_channel_model(path, size=("height", "width"))
    photo = colour_photo(30, 40)
    assert Predictor(path).size == (STRONGEST.height, STRONGEST.width)
    for engine in CPU_ENGINES:
        sharp = Predictor(path, engine=engine, size=(30, 40))
        scaled = (photo / 255.0 - STRONGEST.mean) / STRONGEST.std
        assert (sharp(photo) == scaled.argmax(axis=2)).mean() > 0.99


def test_a_file_for_one_size_refuses_others(tmp_path):
    path = tmp_path / "model.onnx"
    save_strongest_channel_model(path)
    with pytest.raises(CheckpointError, match="6 x 10 pixels alone, not 12 x 20"):
        Predictor(path, size=(12, 20))


def test_a_frame_of_another_aspect_keeps_the_proportions_of_training(tmp_path):
    path = tmp_path / "model.onnx"
    info = replace(STRONGEST, height=40, width=40, frame_aspect=4 / 3)
    save_strongest_channel_model(path, info)
    # A frame twice as wide: 20 rows of the input, between bars that nobody sees.
    photo = np.zeros((60, 160, 3), np.uint8)
    photo[..., 0] = 250
    photo[:30, :80, 0], photo[:30, :80, 2] = 0, 250
    expected = np.zeros((60, 160), np.uint8)
    expected[:30, :80] = 2
    np.testing.assert_array_equal(Predictor(path)(photo), expected)


@pytest.mark.parametrize("name", sorted(set(PROVIDERS) - {"onnxruntime"}))
def test_an_engine_that_is_not_there_is_refused_in_one_sentence(tmp_path, name):
    if PROVIDERS[name] in onnxruntime.get_available_providers():
        pytest.skip(f"{name} is there")
    path = tmp_path / "model.onnx"
    save_strongest_channel_model(path)
    with pytest.raises(CheckpointError, match=r"has no working .* use another engine"):
        Predictor(path, engine=name)


def test_the_engine_says_what_it_is(tmp_path):
    path = tmp_path / "model.onnx"
    save_strongest_channel_model(path)
    assert Predictor(path, engine="onnxruntime").engine_name == "ONNX Runtime, CPU"
    assert Predictor(path, engine="openvino").engine_name.startswith("OpenVINO, CPU")
    assert Predictor(path).engine_name


def test_two_cores_are_left_to_the_camera_and_the_window(monkeypatch):
    for cores, threads in ((1, 1), (2, 1), (3, 1), (4, 2), (16, 14)):
        monkeypatch.setattr("core.parallel.num_cores", lambda n=cores: n)
        assert live_threads() == threads


def test_running_a_model_leaves_only_machine_code_in_the_users_home(tmp_path):
    save_strongest_channel_model(tmp_path / "model.onnx")
    home = tmp_path / "home"
    home.mkdir()
    program = (
        "import sys, numpy as np; from core.prediction import Predictor\n"
        "for engine in ('onnxruntime', 'openvino'):\n"
        "    Predictor(sys.argv[1], engine=engine)(np.zeros((6, 10, 3), np.uint8))"
    )
    clean = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    # The kernels that other tests compiled, so that this one need not.
    kernels = str(user_cache() / "kernels")
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "model.onnx")],
        check=True,
        env={**clean, "HOME": str(home), "NUMBA_CACHE_DIR": kernels},
    )
    assert list(home.rglob("*")) == []


def test_ctrl_c_still_works_after_predictors_have_come_and_gone(tmp_path):
    save_strongest_channel_model(tmp_path / "model.onnx")
    program = (
        "import os, signal, sys, time; from core.prediction import Predictor\n"
        "first, second = (Predictor(sys.argv[1], engine='openvino') for _ in 'ab')\n"
        "del first, second\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "time.sleep(5)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "model.onnx")],
        capture_output=True,
        text=True,
    )
    assert ended.stderr.endswith("KeyboardInterrupt\n")


def test_what_a_model_says_of_itself_names_its_colours_for_others():
    colors = ModelInfo.to_metadata(STRONGEST)["hn-capture"]
    for color in STRONGEST.palette[:3].tolist():
        assert str(color) in colors


@pytest.mark.parametrize("broken", ["capabilities", "compile_model"])
def test_an_openvino_that_fails_makes_room_for_onnx_runtime(
    tmp_path, monkeypatch, broken, caplog
):
    def fail(*arguments):
        raise ImportError("libopenvino.so: cannot open shared object file")

    monkeypatch.setattr(openvino_runtime, "is_installed", lambda: True)
    monkeypatch.setattr(openvino_runtime, "capabilities", lambda: ["BF16"])
    monkeypatch.setattr(openvino_runtime, broken, fail)
    save_strongest_channel_model(tmp_path / "model.onnx")
    predictor = Predictor(tmp_path / "model.onnx")
    assert predictor.engine_name.startswith("ONNX Runtime")
    assert "openvino is not used" in caplog.text and "libopenvino.so" in caplog.text
