"""What labels add up to: statistics, a sentence, a sheet of small pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from core.bins import HNBins
from core.floor import FloorPlane
from core.hn_labels import Method
from core.quality import TakeQuality

# Both our choice.
RARE_CLASS = 0.01  # of the pixels; a class with less is hardly learnt
MUCH = 0.1  # of the frames; less blur or repetition is not worth a word
SHEET_COLUMNS, SHEET_ROWS = 4, 4
TILE_WIDTH = 320


@dataclass(frozen=True, eq=False)
class FrameReport:
    """What is remembered of a frame that was labelled."""

    number: int
    valid_depth: float
    """0..1, the share of its depth pixels that have depth."""
    floor: FloorPlane | None
    """None for a frame without labels."""
    counts: np.ndarray
    """(256,) int64, pixels of each class."""
    tile: np.ndarray | None = None
    """(h, TILE_WIDTH, 3) uint8 RGB, for a frame that goes on the sheet."""


@dataclass
class LabelStatistics:
    """What the labels of one source add up to."""

    method: Method
    bins: HNBins
    take: TakeQuality
    """Of all frames, labelled or not."""
    frames: int = 0
    """Those that could be read."""
    unreadable: int = 0
    floors: dict[str, int] = field(
        default_factory=lambda: {"measured": 0, "tracked": 0, "none": 0}
    )
    """Frames by the source of their floor."""
    _valid_depth: list[float] = field(default_factory=list)
    _camera_heights: list[float] = field(default_factory=list)
    _counts: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))

    def add(self, report: FrameReport) -> None:
        """Count one more frame."""
        self.frames += 1
        self.floors["none" if report.floor is None else report.floor.source] += 1
        self._valid_depth.append(report.valid_depth)
        self._counts += report.counts
        if report.floor is not None:
            self._camera_heights.append(report.floor.camera_height)

    @property
    def labelled(self) -> int:
        """Frames that got labels."""
        return len(self._camera_heights)

    @property
    def valid_depth(self) -> float:
        """0..1 of the depth pixels."""
        return float(np.mean(self._valid_depth))

    def summary(self) -> dict[str, object]:
        """Everything, in the names and units of statistics.json."""
        shares = self.class_shares().round(5).tolist()
        heights = self._camera_heights
        return {
            "frames": self.frames,
            "unreadable": self.unreadable,
            "labelled": self.labelled,
            "floors": self.floors,
            "valid_depth": self.valid_depth,
            "median_camera_height_m": float(np.median(heights)) if heights else None,
            "method": self.method,
            "height_edges_m": self.bins.height_edges,
            "angle_edges_deg": self.bins.angle_edges,
            "signed_angles": self.bins.signed_angles,
            "class_shares": dict(zip(self.bins.class_names, shares, strict=True)),
            "classes_below_1_percent": self.rare_classes(),
            **self.take.summary(),
        }

    def sentence(self) -> str:
        """The same for people, in short."""
        words = f"{self.labelled} of {self.frames} frames labelled"
        if self.unreadable:
            words += f", {self.unreadable} more cannot be read"
        floors = ", ".join(f"{word} {count}" for word, count in self.floors.items())
        facts = [f"floor {floors}"]
        if self.labelled:
            facts.append(f"camera {np.median(self._camera_heights):.2f} m above it")
        facts.append(f"{self.valid_depth:.0%} of depth valid")
        shares = self.class_shares()
        if shares.any():
            most = int(shares.argmax())
            facts.append(f"{shares[most]:.0%} {self.bins.class_names[most]}")
        bins = f"{self.bins.num_heights} x {self.bins.num_angles} bins"
        words += f" ({'; '.join(facts)}; {self.method}, {bins})"
        weak = ", ".join(self._weaknesses())
        return f"{words}; {weak}" if weak else words

    def class_shares(self) -> np.ndarray:
        """(num_classes,) of the pixels that have a class."""
        counts = self._counts[: self.bins.num_classes]
        return counts / max(counts.sum(), 1)

    def rare_classes(self) -> list[str]:
        """The names of those with less than 1 % of the pixels that have a class."""
        rare = np.flatnonzero(self.class_shares() < RARE_CLASS)
        return [self.bins.class_names[k] for k in rare]

    def _weaknesses(self) -> list[str]:
        """What speaks against training on these frames as they are."""
        take, weak = self.take, []
        if take.num_dropped:
            frames = "frame" if take.num_dropped == 1 else "frames"
            weak.append(f"{take.num_dropped} {frames} dropped")
        if take.clock_jumps:
            times = "once" if take.clock_jumps == 1 else f"{take.clock_jumps} times"
            weak.append(f"clock jumped {times}")
        for share, word in (
            (take.blurred_share, "blurred"),
            (take.duplicate_share, "near-duplicates"),
        ):
            if share is not None and share >= MUCH:
                weak.append(f"{share:.0%} {word}")
        num_rare = len(self.rare_classes())
        if self.labelled > 1 and num_rare:
            weak.append(f"{num_rare} of {self.bins.num_classes} classes below 1%")
        return weak


def on_sheet(numbers: range) -> frozenset[int]:
    """Those of the frame numbers that fit on a contact sheet, evenly spread."""
    count = SHEET_COLUMNS * SHEET_ROWS
    step = max(1.0, len(numbers) / count)
    return frozenset(numbers[int(k * step)] for k in range(min(count, len(numbers))))


def make_tile(rgb: np.ndarray, number: int, floor: FloorPlane | None) -> np.ndarray:
    """(h, TILE_WIDTH, 3) of a frame's picture, with its number and its floor's."""
    height = max(1, round(rgb.shape[0] * TILE_WIDTH / rgb.shape[1]))
    tile = cv2.resize(rgb, (TILE_WIDTH, height), interpolation=cv2.INTER_AREA)
    text = str(number)
    if floor is None:
        text += ": floor not known"
    elif floor.source == "tracked":
        text += ": floor tracked"
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    (width, _), _ = cv2.getTextSize(text, font, size, 1)
    cv2.rectangle(tile, (0, 0), (width + 12, 24), (0, 0, 0), cv2.FILLED)
    cv2.putText(tile, text, (6, 17), font, size, (255, 255, 255), 1, cv2.LINE_AA)
    return tile


def contact_sheet(tiles: Sequence[np.ndarray]) -> np.ndarray:
    """(h, w, 3) of at least one tile, row by row; the last row is filled with black."""
    columns = min(SHEET_COLUMNS, len(tiles))
    blank = [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    cells = [*tiles, *blank]
    rows = [cells[i : i + columns] for i in range(0, len(cells), columns)]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)
