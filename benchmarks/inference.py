"""What a frame costs from the camera to its classes, beside the bare network.

    python benchmarks/inference.py
    python benchmarks/inference.py lraspp-mobilenetv3@424x560 --threads 1
    python benchmarks/inference.py runs/first/model.onnx

Each network is a model file, or a name and a size. One by name has random weights,
whose classes change from pixel to pixel: the worst case for what follows a network.
Frames are 640 x 480. All take turns, so that they see the same machine; medians.

    torch     the network and argmax, channels_last, resize and normalisation before
    plain     ONNX Runtime on the whole graph, with OpenCV and NumPy before and after
    bare      the whole graph alone on either engine: an input in, logits out
    ours      core.prediction.Predictor, frame in, classes out, on either engine
    (alone)   its engine's share of that

"same" is the share of pixels that get the class that plain gives them. The last lines
are the start: a new process up to its first classes, and opening a model in one that
has the label engine, as the window has.
"""

import contextlib
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import torch
import tyro

from core.onnx_runtime import open_session
from core.openvino_runtime import compile_model, is_installed
from core.prediction import EngineName, ModelInfo, Predictor, normalise, read_model_info
from core.prediction.fitting import place, to_input
from core.simulation import SimulatedCamera
from training.evaluation import RGB_MEAN, RGB_STD, to_tensor
from training.export import export_model
from training.models.build import build_network
from training.models.network import Network

NUM_CLASSES = 40  # NYUv2's
DEFAULT = (
    "lraspp-mobilenetv3@424x560",
    "lraspp-mobilenetv3@240x320",
    "segnet-tiny@240x320",
    "deeplabv3-resnetv2-50@240x320",
)
FRAMES = 8
PAUSE_S = 0.1  # threads of the one before still wait busily for more
START = """
import sys, time
start = time.perf_counter()
import numpy as np
if sys.argv[2] == "labels":
    import core.kernels.labels, core.kernels.classes as kernels
    kernels.strongest_class(np.zeros((2, 2, 2), np.float32), np.zeros((2, 2), np.uint8))
    import core.prediction
    start = time.perf_counter()
from core.prediction import Predictor
Predictor(sys.argv[1], engine=sys.argv[3])(np.zeros((480, 640, 3), np.uint8))
print(time.perf_counter() - start)
"""


@dataclass(frozen=True)
class Config:
    """Print a table for each network."""

    networks: tyro.conf.Positional[tuple[str, ...]] = DEFAULT
    """Model files, or NAME@HEIGHTxWIDTH as hn-train names networks."""
    threads: tuple[int, ...] = (1, 2)
    """Of every network."""
    repeats: int = 20
    """Frames of each."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A network as a file, and where it was built here also in torch."""

    title: str
    path: Path
    network: Network | None


def main() -> None:
    config = tyro.cli(Config)
    camera = SimulatedCamera(3, FRAMES)
    frames = [camera.frame(k).rgb for k in range(FRAMES)]
    with tempfile.TemporaryDirectory() as folder:
        for name in config.networks:
            candidate = made(name, Path(folder))
            for threads in config.threads:
                compare(candidate, threads, frames, config.repeats)
            print_start(candidate)


def made(name: str, folder: Path) -> Candidate:
    """The model file of that name, or of a network with random weights."""
    if name.endswith(".onnx"):
        return Candidate(name, Path(name), None)
    network_name, _, size = name.partition("@")
    height, width = map(int, (size or "240x320").split("x"))
    network = build_network(network_name, NUM_CLASSES, seed=0)
    with torch.no_grad():
        for weights in network.classifier.parameters():
            if weights.ndim == 1:  # no trained network's biases are all 0
                weights.fill_(0.1)
    names = tuple(f"class {k}" for k in range(NUM_CLASSES))
    info = ModelInfo("semantic", names, height, width, RGB_MEAN, RGB_STD)
    path = folder / f"{network_name}-{size}.onnx"
    photo = np.random.default_rng(0).integers(0, 256, (1, height, width, 3))
    with contextlib.redirect_stdout(io.StringIO()):
        export_model(network, info, path, to_tensor(photo.astype(np.uint8)))
    return Candidate(name, path, network.eval())


def compare(
    candidate: Candidate, threads: int, frames: list[np.ndarray], repeats: int
) -> None:
    """Time everything on the same frames, in turns."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(1)  # as the window; its threads wait busily, too
    info = read_model_info(candidate.path)
    size = (info.height, info.width)
    session = open_session(candidate.path.read_bytes(), threads)
    tensor = to_input(frames[0], size, place(frames[0].shape[:2], size, None), info)

    def plain(rgb: np.ndarray) -> np.ndarray:
        inputs = normalise(resized(rgb, size), info.mean, info.std)
        inputs = np.ascontiguousarray(inputs.transpose(2, 0, 1)[None])
        (logits,) = session.run(["logits"], {"rgb": inputs})
        return back(logits[0].argmax(axis=0).astype(np.uint8), rgb)

    works: dict[str, Callable[[np.ndarray], object]] = {"plain": plain}
    if candidate.network is not None:
        works["torch"] = in_torch(candidate.network, info)
    works["bare, onnxruntime"] = lambda rgb: session.run(["logits"], {"rgb": tensor})
    engines: tuple[EngineName, ...] = ("onnxruntime",)
    if is_installed():
        engines += ("openvino",)
        request, _ = compile_model(
            candidate.path.read_bytes(), list(tensor.shape), threads
        )
        works["bare, openvino"] = lambda rgb: request.infer([tensor])
    for engine in engines:
        predictor = Predictor(candidate.path, threads, engine)
        works[f"ours, {predictor.engine_name}"] = predictor
        works[f"(alone, {engine})"] = lambda rgb, run=predictor._engine.run: run(tensor)
    times = in_turns(works, frames, repeats)
    expected = [plain(rgb) for rgb in frames]
    print(
        f"\n{candidate.title}, {threads} thread(s){'ms':>12}{'a second':>10}{'same':>8}"
    )
    for name, work in works.items():
        same = ""
        if name == "torch" or name.startswith("ours"):
            found = [work(rgb) for rgb in frames]
            same = f"{np.mean(np.array(found) == np.array(expected)):.2%}"
        milliseconds = 1e3 * times[name]
        print(f"  {name:32}{milliseconds:8.1f}{1 / times[name]:10.0f}{same:>10}")


def in_torch(network: Network, info: ModelInfo) -> Callable[[np.ndarray], np.ndarray]:
    """Frame in, classes out, with torch alone."""
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    size = (info.height, info.width)

    def predict(rgb: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            logits = network(to_tensor(resized(rgb, size)[None]))
            classes = logits.argmax(dim=1)[0].to(torch.uint8).numpy()
        return back(classes, rgb)

    return predict


def resized(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(rgb, size[::-1], interpolation=cv2.INTER_AREA)


def back(classes: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    return cv2.resize(classes, (width, height), interpolation=cv2.INTER_NEAREST)


def in_turns(
    works: Mapping[str, Callable[[np.ndarray], object]],
    frames: list[np.ndarray],
    repeats: int,
) -> dict[str, float]:
    """Median seconds of each, one frame after the other."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for k in range(repeats + 2):
        for name, work in works.items():
            time.sleep(PAUSE_S)
            start = time.perf_counter()
            work(frames[k % len(frames)])
            if k >= 2:  # the first ones warm up
                times[name].append(time.perf_counter() - start)
    return {name: median(seconds) for name, seconds in times.items()}


def print_start(candidate: Candidate) -> None:
    """Seconds to the first classes, the median of five processes."""
    for engine in ("onnxruntime", "openvino") if is_installed() else ("onnxruntime",):
        for what, text in (
            ("all", "a new process, imports included"),
            ("labels", "in one that labels already"),
        ):
            seconds = median(
                float(
                    subprocess.run(
                        [
                            *(sys.executable, "-c", START),
                            *(str(candidate.path), what, engine),
                        ],
                        check=True,
                        capture_output=True,
                        text=True,
                    ).stdout
                )
                for _ in range(5)
            )
            print(f"  first classes, {engine}, {text}: {seconds:.2f} s", flush=True)


if __name__ == "__main__":
    main()
