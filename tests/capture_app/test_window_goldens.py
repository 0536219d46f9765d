"""Every page looks as it did when somebody last looked and kept it as it should be.

After a change that is meant to be seen,

    pytest -m slow tests/capture_app/test_window_goldens.py --update-goldens

keeps the pages as they are now: look at them.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from colour_audit import pixels
from PySide6.QtGui import QImage
from still_window import PLACES
from window_goldens import LOOKS, MADE_WITH, SIZE

GOLDENS = Path(__file__).parent / "goldens"
SCALES = ("1", "1.5")
MOST_DIFFERENT, LEAST_EQUAL = 1, 0.995  # of 255; the share of the pixels
TILE, LEAST_EQUAL_IN_TILE = 64, 0.96
MOST_BYTES = 300_000
DRAWER = Path(__file__).with_name("window_goldens.py")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of what is painted now, by scale."""
    return {scale: paint(tmp_path_factory.mktemp("painted"), scale) for scale in SCALES}


def paint(folder: Path, scale: str) -> Path:
    out = folder / "pictures"
    out.mkdir()
    work = folder / "work"
    work.mkdir()
    done = subprocess.run(
        [sys.executable, str(DRAWER), str(out)],
        cwd=work,
        env=os.environ
        | {"QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen", "TZ": "UTC"}
        | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("place", [place.name.lower() for place in PLACES])
def test_a_page_looks_as_it_should(
    request: pytest.FixtureRequest,
    painted: dict[str, Path],
    tmp_path: Path,
    place: str,
    look: str,
    scale: str,
) -> None:
    golden = GOLDENS / f"{place}-{look}-{scale}x.png"
    actual = painted[scale] / f"{place}-{look}.png"
    if request.config.getoption("--update-goldens"):
        GOLDENS.mkdir(exist_ok=True)
        shutil.copyfile(actual, golden)
    assert golden.is_file(), f"there is no {golden}: run with --update-goldens"
    expected, found = QImage(str(golden)), QImage(str(actual))
    before, now = expected.text(MADE_WITH), found.text(MADE_WITH)
    if before != now:
        pytest.skip(f"the golden was made with {before}, this is {now}")
    size = tuple(round(side * float(scale)) for side in SIZE)
    assert (found.width(), found.height()) == size
    difference = difference_of(pixels(expected), pixels(found))
    if not is_alike(difference):
        kept = keep(tmp_path, golden.stem, found, difference)
        pytest.fail(
            f"{(difference > MOST_DIFFERENT).mean():.2%} of the pixels differ from "
            f"{golden}; now it is {kept[0]}, and {kept[1]} shows where"
        )


def difference_of(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    """(H, W) 0..255, the largest of the three channels."""
    assert expected.shape == found.shape, f"{found.shape} instead of {expected.shape}"
    return np.abs(expected.astype(int) - found).max(axis=-1)


def is_alike(difference: np.ndarray) -> bool:
    """Whether few pixels differ, and no tile is much worse: a word is few pixels."""
    is_equal = difference <= MOST_DIFFERENT
    height, width = is_equal.shape
    tiles = is_equal[: height // TILE * TILE, : width // TILE * TILE]
    tiles = tiles.reshape(height // TILE, TILE, width // TILE, TILE)
    least = float(tiles.mean(axis=(1, 3)).min())
    return bool(is_equal.mean() >= LEAST_EQUAL) and least >= LEAST_EQUAL_IN_TILE


def keep(
    folder: Path, name: str, found: QImage, difference: np.ndarray
) -> tuple[Path, Path]:
    """Save what is painted now, and what differs in white."""
    actual, where = folder / f"{name}-now.png", folder / f"{name}-difference.png"
    found.save(str(actual))
    marks = np.where(difference > MOST_DIFFERENT, 255, 0).astype(np.uint8)
    height, width = marks.shape
    QImage(marks.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).save(
        str(where)
    )
    return actual, where


def test_goldens_are_small_and_there_is_none_too_many() -> None:
    expected = {
        f"{place.name.lower()}-{look}-{scale}x.png"
        for place in PLACES
        for look in LOOKS
        for scale in SCALES
    }
    files = {path.name: path.stat().st_size for path in GOLDENS.glob("*")}
    assert set(files) == expected
    assert max(files.values()) <= MOST_BYTES, files


def test_a_moved_word_and_a_shade_are_told_apart(tmp_path: Path) -> None:
    page = np.full((820, 1280, 3), 40, np.uint8)
    page[20:34, 30:90:3] = (200, 90, 10)
    moved, shaded = np.roll(page, 1, axis=1), page + np.uint8(1)
    assert is_alike(difference_of(page, shaded))
    difference = difference_of(page, moved)
    assert not is_alike(difference)
    image = QImage(page.tobytes(), 1280, 820, 3840, QImage.Format.Format_RGB888)
    now, where = keep(tmp_path, "page", image, difference)
    assert (pixels(QImage(str(now))) == page).all()
    marked = pixels(QImage(str(where)))
    assert marked[25, 30:33, 0].tolist() == [255, 255, 0] and not marked[200:].any()
