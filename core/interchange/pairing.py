"""Which colour image and which depth image of a folder are one frame."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from core.errors import DatasetError
from core.interchange.image_folder import number_key

COLOR_SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm")
DEPTH_SUFFIXES = (".png", ".pgm")
LARGEST_OFFSET_NS = 20_000_000  # colour to depth, as in TUM RGB-D's associate.py


def image_files(folder: Path, suffixes: Iterable[str], mark: str = "") -> list[Path]:
    """The image files of a folder whose stem ends with `mark`, by number and name."""
    if not folder.is_dir():
        return []
    found = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in suffixes and file.stem.endswith(mark)
    ]
    return sorted(found, key=lambda file: (number_key(file), file.name))


def pair_by_name(
    path: Path, colors: list[Path], depths: list[Path]
) -> tuple[list[tuple[Path, Path]], tuple[str, ...]]:
    """Colour and depth files of the same name, or of the same numbers where that pairs
    more of them; and the names of files without a partner."""
    for kind, files in (("colour", colors), ("depth", depths)):
        if not files:
            raise DatasetError(f"{path} holds no {kind} images; expected one a frame")
    by_name, by_number = (
        _of_same_key(colors, depths, key) for key in (frame_stem, number_key)
    )
    pairs = by_number if _num_depths(by_number) > _num_depths(by_name) else by_name
    if not pairs:
        raise DatasetError(
            f"no colour and depth image of {path} share a name or number "
            f"({colors[0].name}, {depths[0].name}); give the two of a frame the same"
        )
    used = {file for pair in pairs for file in pair}
    if len(used) != 2 * len(pairs):
        raise DatasetError(
            f"several images of {path} have the same number; give the two of a frame "
            "the same name"
        )
    unpaired = [file.name for file in (*colors, *depths) if file not in used]
    return pairs, tuple(unpaired)


def _of_same_key(
    colors: list[Path], depths: list[Path], key: Callable[[Path], object]
) -> list[tuple[Path, Path]]:
    by_key = {key(depth): depth for depth in depths}
    return [(color, by_key[key(color)]) for color in colors if key(color) in by_key]


def _num_depths(pairs: list[tuple[Path, Path]]) -> int:
    return len({depth for _, depth in pairs})


def pair_by_time(
    colors_ns: Sequence[int], depths_ns: Sequence[int]
) -> list[tuple[int, int]]:
    """Indices into two rising lists of times, by the first.

    The nearest two are a pair, then the nearest two of the others, and so on while they
    are at most 20 ms apart; nothing is in two pairs.
    """
    candidates = []
    for i, time in enumerate(colors_ns):
        first = bisect_left(depths_ns, time - LARGEST_OFFSET_NS)
        last = bisect_right(depths_ns, time + LARGEST_OFFSET_NS)
        candidates += [(abs(depths_ns[j] - time), i, j) for j in range(first, last)]
    depth_of: dict[int, int] = {}
    taken = set()
    for _, i, j in sorted(candidates):
        if i not in depth_of and j not in taken:
            depth_of[i] = j
            taken.add(j)
    return sorted(depth_of.items())


def frame_stem(path: Path) -> str:
    """ "frame-000150" of "frame-000150.color.png"."""
    return path.stem.removesuffix(".color").removesuffix(".depth")
