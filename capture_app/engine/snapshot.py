"""Single frames that are saved with all that is known of them, each as a folder."""

import json
import logging
import queue
import threading
from datetime import datetime
from pathlib import Path

from capture_app.engine.naming import folder_name, next_free, scene_name
from capture_app.engine.picture import Layers
from capture_app.engine.problems import ProblemLog
from core.bins import HNBins
from core.errors import HNError
from core.files import whole_folder, write_atomically
from core.floor import FloorPlane
from core.frame import Intrinsics, RgbdFrame
from core.images import write_image
from core.overlay import blend, class_palette

logger = logging.getLogger(__name__)

MAX_WAITING = 8  # our choice: 20 MB of frames; nobody presses a key faster


def save_snapshot(layers: Layers, folder: Path, name: str, device: str = "") -> Path:
    """Save a frame as `folder`/name_001 or the first free number after it, and where.

    color.png, depth.png (16 bit, the sensor's units and grid) and snapshot.json; of a
    frame with labels also labels.png (class numbers, 255 for none) and overlay.png. The
    folder is there with all of it, or not at all. HNError or OSError says why not.
    """
    path = next_free(folder, scene_name(name))
    frame, labels = layers.frame, layers.labels
    with whole_folder(path) as unfinished:
        write_image(unfinished / "color.png", frame.rgb)
        write_image(unfinished / "depth.png", frame.depth)
        if labels is not None:
            overlay = blend(frame.rgb, labels.classes, class_palette(labels.bins))
            write_image(unfinished / "labels.png", labels.classes)
            write_image(unfinished / "overlay.png", overlay)
        text = json.dumps(_description(layers, path.name, device), indent=2) + "\n"
        write_atomically(unfinished / "snapshot.json", text.encode())
    return path


class Snapshots:
    """Saves frames on a thread of its own, one after the other.

    `save` never waits. `take_saved` tells where frames were saved, and `problems` why
    others could not be.
    """

    def __init__(self) -> None:
        self.problems = ProblemLog()
        self._waiting: queue.Queue[tuple[Layers, Path, str, str] | None] = queue.Queue()
        self._saved: queue.SimpleQueue[Path] = queue.SimpleQueue()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)
        self._thread.start()

    def save(self, layers: Layers, folder: Path, name: str, device: str = "") -> None:
        """Have a frame saved as `save_snapshot` does."""
        if self._waiting.qsize() >= MAX_WAITING:
            self.problems.add(
                f"This snapshot was not taken: {MAX_WAITING} others wait for the disk "
                f"of {folder}; take it again in a moment.",
                is_warning=True,
            )
            return
        self._waiting.put((layers, folder, name, device))

    def take_saved(self) -> list[Path]:
        """Where frames were saved since the last call."""
        saved = []
        while not self._saved.empty():
            saved.append(self._saved.get())
        return saved

    def close(self) -> None:
        """Save what waits and stop; safe to call twice."""
        if not self._is_closed:
            self._is_closed = True
            self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (work := self._waiting.get()) is not None:
            _, folder, name, _ = work
            try:
                self._saved.put(save_snapshot(*work))
            except (HNError, OSError) as error:
                self._report(folder, name, str(error))
            except Exception as error:
                logger.exception("a snapshot of %s failed", name)
                self._report(folder, name, f"{type(error).__name__}: {error}")

    def _report(self, folder: Path, name: str, reason: str) -> None:
        self.problems.add(
            f"The snapshot of {folder_name(name)} is not saved in {folder}: {reason}. "
            "The camera and a running recording go on."
        )


def _description(layers: Layers, name: str, device: str) -> dict[str, object]:
    """What snapshot.json says. Metres, pixels and degrees."""
    frame, labels = layers.frame, layers.labels
    return {
        "name": name,
        "device": device,
        "time": datetime.now().astimezone().isoformat(timespec="milliseconds"),
        "frame_number": frame.number,
        "timestamp_ns": frame.timestamp_ns,
        **_camera(frame),
        "floor": None if layers.floor is None else _floor(layers.floor),
        "bins": None if labels is None else _bins(labels.bins),
    }


def _camera(frame: RgbdFrame) -> dict[str, object]:
    return {
        "color": _intrinsics(frame.color_intrinsics),
        "depth": _intrinsics(frame.depth_intrinsics),
        "depth_scale": frame.depth_scale,
        "T_color_depth": frame.T_color_depth.tolist(),
        "up_hint": None if frame.up_hint is None else frame.up_hint.tolist(),
    }


def _intrinsics(camera: Intrinsics) -> dict[str, object]:
    return {
        "width": camera.width,
        "height": camera.height,
        "fx": camera.fx,
        "fy": camera.fy,
        "cx": camera.cx,
        "cy": camera.cy,
        "distortion": list(camera.distortion),
    }


def _floor(floor: FloorPlane) -> dict[str, object]:
    return {
        "up": floor.up.tolist(),
        "camera_height": floor.camera_height,
        "source": floor.source,
        "confidence": floor.confidence,
    }


def _bins(bins: HNBins) -> dict[str, object]:
    """As statistics.json has them, with the names of the numbers in labels.png."""
    return {
        "height_edges_m": bins.height_edges,
        "angle_edges_deg": bins.angle_edges,
        "signed_angles": bins.signed_angles,
        "class_names": bins.class_names,
    }
