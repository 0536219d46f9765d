from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from training_data import floor_and_wall, write_nyuv2_folder

from core.bins import HNBins
from core.errors import DatasetError
from core.nyuv2 import NYU40_NAMES
from training.datasets.class_counts import NUM_BANDS
from training.datasets.dataset import LabelledFrame
from training.datasets.frame_source import Recipe
from training.datasets.nyuv2_folder import NYUv2Folder
from training.datasets.prepare import PreparedData, prepare
from training.summary import MOST_APART, DataSummary, as_table, summarise

RECIPE = Recipe((60, 80), HNBins())


class ImagesAlone:
    """A dataset of label images in memory, without depth."""

    name = "drawn"

    def __init__(self, classes: Sequence[np.ndarray], names: Sequence[str]) -> None:
        self._classes = classes
        self.class_names = names
        self.has_depth = np.zeros(len(classes), bool)
        self.has_semantic = np.ones(len(classes), bool)
        self.parts = np.full(len(classes), "train")

    def __len__(self) -> int:
        return len(self._classes)

    def fingerprint(self) -> list[str]:
        return [classes.tobytes().hex() for classes in self._classes]

    def survey(self, advance: object = None) -> None:
        return None

    def read(self, index: int) -> LabelledFrame:
        classes = self._classes[index]
        return LabelledFrame(np.zeros((*classes.shape, 3), np.uint8), None, classes)


def summary(data: PreparedData, hn_names: Sequence[str] = ()) -> DataSummary:
    (one,) = summarise([data], hn_names)
    return one


def prepared(classes: Sequence[np.ndarray], names: Sequence[str]) -> PreparedData:
    data = ImagesAlone(classes, names)
    return prepare(data, data.has_depth, RECIPE)


def room() -> np.ndarray:
    """(40, 23): 5 rows of ceiling, 20 of wall, 10 of floor, 5 without a class; one
    pixel of lamp."""
    classes = np.repeat(np.array((2, 1, 1, 1, 1, 0, 0, 255), np.uint8), 5)
    image = np.tile(classes[:, None], 23)
    image[0, 4] = 3
    return image


NAMES = ("floor", "wall", "ceiling", "lamp", "cat")


def test_the_summary_names_the_classes_and_their_shares(tmp_path: Path) -> None:
    data = NYUv2Folder(write_nyuv2_folder(tmp_path, train=10, test=3))
    ready = prepare(data, data.has_depth, RECIPE)
    text = as_table(summarise([ready], HNBins().class_names))
    numbers = (*range(3, 13), *range(1001, 1004))
    label40 = np.stack([floor_and_wall(seed=n)[2] for n in numbers])
    share = (label40 == 1).sum() / (label40 != 0).sum()
    assert "13 frames, 3 of them for testing only" in text
    assert f"13 frames, {(label40 == 0).mean():.0%} ignored; wall {share:.0%}" in text
    assert "below 0.25 m, 0-45 deg" in text
    assert text.count("lowest below 0.25 m, 0-45 deg") == 1
    assert text.count("highest in the image wall, lowest floor") == 1


def test_shares_are_of_all_pixels_at_the_original_size() -> None:
    found = summary(prepared([room()], NAMES)).semantic
    assert found.ignored == pytest.approx(5 / 40)
    labelled = 35 * 23
    assert found.shares == (
        ("wall", pytest.approx(20 * 23 / labelled)),
        ("floor", pytest.approx(10 * 23 / labelled)),
        ("ceiling", pytest.approx((5 * 23 - 1) / labelled)),
        ("lamp", pytest.approx(1 / labelled)),
    )


def test_an_image_upside_down_and_a_shifted_class_show() -> None:
    upright = prepared([room(), room()], NAMES)
    assert "highest in the image ceiling, lowest floor" in str(
        summary(upright).semantic
    )
    turned = summary(prepared([room()[::-1]], NAMES)).semantic
    assert "highest in the image floor, lowest ceiling" in str(turned)
    shifted = np.where(room() == 255, 255, room() + 1).astype(np.uint8)
    assert "highest in the image lamp, lowest wall" in str(
        summary(prepared([shifted], NAMES)).semantic
    )


def test_where_a_class_is_is_told_by_its_mean_row() -> None:
    # The lamp, one pixel in 800, is too rare to say where anything is.
    (ceiling, wall, floor) = summary(prepared([room()], NAMES)).semantic.places
    assert ceiling == ("ceiling", pytest.approx(2.5 / 40))
    assert wall == ("wall", pytest.approx(15 / 40))
    assert floor == ("floor", pytest.approx(30 / 40))


@pytest.mark.parametrize("shape", [(37, 5), (3, 50)])
def test_rows_are_known_to_half_a_band_whatever_the_height(
    shape: tuple[int, int],
) -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 4, shape, np.uint8)
    data = prepared([classes], NAMES)
    rows = data.semantic_counts.rows
    for number in range(4):
        middle = (np.nonzero(classes == number)[0] + 0.5).mean() / shape[0]
        assert abs(rows[number] - middle) <= 0.5 / NUM_BANDS + 1e-9
    assert np.isnan(rows[4])
    expected = np.bincount(classes.ravel(), minlength=5)
    assert data.semantic_counts.pixels.tolist() == [expected.tolist()]


def test_data_of_one_class_has_no_highest() -> None:
    text = str(summary(prepared([np.ones((9, 7), np.uint8)], NAMES)).semantic)
    assert text == "1 frames, 0% ignored; wall 100%"
    assert str(summary(prepared([room()], NAMES)).hn) == "none"


def test_a_class_that_has_no_name_is_an_error() -> None:
    wrong = room()
    wrong[39, 22] = 5
    with pytest.raises(DatasetError, match=r"frame 1 of drawn has the class 5.*0\.\.4"):
        prepared([room(), wrong], NAMES)


def test_the_nyuv2_training_frames_stand_upright(real_data: Path) -> None:
    data = NYUv2Folder(real_data / "nyuv2" / "test")
    nothing = np.zeros(len(data), bool)
    found = summary(prepare(data, nothing, RECIPE)).semantic
    assert found.shares[0][0] == "wall"
    assert found.places[0][0] == "ceiling"
    assert found.places[-1][0] in ("floor", "floor mat")
    assert set(NYU40_NAMES) >= {name for name, _ in found.shares}


def test_of_many_scenes_in_one_folder_there_is_one_summary() -> None:
    own = [room()], [np.zeros((9, 7), np.uint8)]
    scenes = [
        replace(prepared(own[k % 2], NAMES), name=f"raw/scene_{k}", skipped={"dark": 2})
        for k in range(MOST_APART + 1)
    ]
    (together,) = summarise(scenes, ())
    assert together.name == f"raw ({MOST_APART + 1} scenes)"
    assert together.num_frames == MOST_APART + 1
    assert together.skipped == (("dark", 2 * (MOST_APART + 1)),)
    # Seven rooms of 40 x 23 and six images of floor, 9 x 7.
    rooms, floors = (MOST_APART + 2) // 2, (MOST_APART + 1) // 2
    num_floor = rooms * 10 * 23 + floors * 63
    num_known = rooms * 35 * 23 + floors * 63
    assert dict(together.semantic.shares)[NAMES[0]] == pytest.approx(
        num_floor / num_known
    )
    assert len(summarise(scenes[:MOST_APART], ())) == MOST_APART
