"""What the About box says."""

import platform
from importlib.metadata import version
from pathlib import Path

_PARTS = ("hn-capture", "PySide6-Essentials", "numpy", "onnxruntime")


def about_text(recordings: Path, memory: Path | None) -> str:
    """Versions to quote in a report of a fault, and where things lie."""
    versions = [f"{name} {version(name)}" for name in _PARTS]
    places = [f"Recordings: {recordings.absolute()}"]
    if memory is not None:
        places.append(f"Settings: {memory}")
    return "\n".join(
        [
            "Depth into labels, labels into networks.",
            "After Lahoud & Ghanem, RGB-based Semantic Segmentation Using "
            "Self-Supervised Depth Pre-Training.",
            "",
            *versions,
            f"Python {platform.python_version()}, {platform.system()}",
            "",
            *places,
        ]
    )
