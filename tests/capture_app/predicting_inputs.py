"""Pictures whose prediction is known: a pixel's class is its strongest channel."""

from pathlib import Path

import cv2
import numpy as np
from made_models import save_strongest_channel_model

from core.bins import HNBins
from core.frame import Intrinsics, RgbdFrame
from core.prediction import ModelInfo
from core.recording import RecordingWriter

HEIGHT, WIDTH = 24, 40
RED, GREEN, BLUE = (200, 60, 10), (40, 180, 90), (30, 60, 190)
COLORS = np.array((RED, GREEN, BLUE), np.uint8)
BINS = HNBins((0.4, 1.0), ())
UP_PITCH = np.radians(35)
CAMERA_HEIGHT = 1.3
CAMERA = Intrinsics(160, 120, 145.0, 147.0, 83.0, 57.0)
CUT_OFF = 300  # bytes that are missing at the end


def model(folder: Path, bins: HNBins | None = None, size=(HEIGHT, WIDTH)) -> Path:
    """A semantic network, or one of these HN bins."""
    path = folder / "model.onnx"
    names = ("red", "green", "blue") if bins is None else bins.class_names
    save_strongest_channel_model(
        path,
        ModelInfo(
            "semantic" if bins is None else "hn",
            names,
            *size,
            mean=(0.0, 0.0, 0.0),
            std=(1.0, 1.0, 1.0),
            bins=bins,
            provenance={"data": "kitchen"},
        ),
    )
    return path


def blocks(number: int = 0, size=(HEIGHT, WIDTH)) -> np.ndarray:
    """(H, W) classes of blocks, another pattern for each number."""
    v, u = np.mgrid[: size[0], : size[1]]
    classes = (2 * u // size[1] + 3 * v // size[0] + number) % 3
    return classes.astype(np.uint8)


def photo(classes: np.ndarray) -> np.ndarray:
    """(H, W, 3) RGB that is predicted as `classes`."""
    return COLORS[classes]


def save(path: Path, rgb: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), rgb[..., ::-1])
    return path


def read(path: Path) -> np.ndarray:
    """An image file as it is, colour red first."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None, path
    return image[..., ::-1] if image.ndim == 3 else image


def floor_depth() -> np.ndarray:
    """(120, 160) mm of nothing but a floor, 1.3 m below a camera that looks 35 deg
    down."""
    v = np.arange(120)[:, None] * np.ones(160)
    down = np.sin(UP_PITCH) + np.cos(UP_PITCH) * (v - 57) / 147
    return np.rint(1000 * CAMERA_HEIGHT / down).astype(np.uint16)


def floor_frame(number: int) -> RgbdFrame:
    """The floor; the quarter of it at the right is green, the rest red."""
    classes = np.zeros((120, 160), np.uint8)
    classes[:, 120:] = 1
    return RgbdFrame.aligned(
        photo(classes),
        floor_depth(),
        CAMERA,
        0.001,
        number=number,
        timestamp_ns=10**9 + number * 10**8,
    )


def floor_recording(path: Path, num_frames: int = 3) -> Path:
    with RecordingWriter(path, device="made") as writer:
        for number in range(num_frames):
            writer.write(floor_frame(number))
    return path


def floor_folder(path: Path, num_frames: int = 3) -> Path:
    """The same as plain colour and depth images."""
    for number in range(num_frames):
        frame = floor_frame(number)
        save(path / "color" / f"{number}.png", frame.rgb)
        (path / "depth").mkdir(exist_ok=True)
        cv2.imwrite(str(path / "depth" / f"{number}.png"), frame.depth)
    np.savetxt(path / "K.txt", CAMERA.K)
    return path


def files(folder: Path) -> list[str]:
    return sorted(
        str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()
    )
