from pathlib import Path

import cv2
import numpy as np

from training.description import trained_aspect


def write_masks(folder: Path, sizes: list[tuple[int, int]]) -> str:
    """Images of these (height, width) with their classes, as one data set."""
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for k, size in enumerate(sizes):
        cv2.imwrite(
            str(folder / f"images/{k:02}.png"), np.full((*size, 3), 90, np.uint8)
        )
        cv2.imwrite(str(folder / f"masks/{k:02}.png"), np.zeros(size, np.uint8))
    (folder / "classes.txt").write_text("wall\n")
    return str(folder)


def places(*frames: tuple[int, int]) -> np.ndarray:
    """Of (number of frames, data set)."""
    return np.array(
        [(data, k) for count, data in frames for k in range(count)], np.int64
    ).reshape(-1, 2)


def test_the_aspect_is_that_of_the_data_that_give_most_frames(tmp_path: Path) -> None:
    wide = write_masks(tmp_path / "wide", [(18, 32)] * 8)
    tall = write_masks(tmp_path / "tall", [(40, 30)] * 8)
    data = (wide, tall)
    assert trained_aspect(data, places((3, 0), (8, 1))) == 0.75
    assert trained_aspect(data, places((8, 0), (3, 1))) == 32 / 18
    assert trained_aspect(data, places((2, 1))) == 0.75


def test_frames_that_are_not_trained_on_do_not_count(tmp_path: Path) -> None:
    data = (write_masks(tmp_path / "mixed", [(20, 30)] * 2 + [(20, 60)] * 6),)
    assert trained_aspect(data, places((2, 0))) == 1.5


def test_a_damaged_frame_is_passed_over(tmp_path: Path) -> None:
    data = (write_masks(tmp_path / "one", [(20, 30)] * 5),)
    (tmp_path / "one" / "images" / "00.png").write_bytes(b"no image")
    assert trained_aspect(data, places((5, 0))) == 1.5


def test_of_data_that_are_gone_nothing_is_known(tmp_path: Path) -> None:
    assert trained_aspect((str(tmp_path / "gone"),), places((4, 0))) is None
    data = (write_masks(tmp_path / "one", [(20, 30)] * 5),)
    assert trained_aspect(data, places()) is None
