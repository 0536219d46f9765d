"""The figures that need no training."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from training_data import write_nyuv2_folder

from core.bins import HNBins
from core.errors import HNError
from core.frame import Intrinsics, RgbdFrame
from training.datasets.nyuv2_folder import NYUv2Folder
from training.reproduce.chart import interval_chart
from training.reproduce.data import Data
from training.reproduce.experiment import Drawing
from training.reproduce.figure3 import (
    NUM_STEPS,
    STEP_M,
    count_heights,
    draw_height_distribution,
    heights_below,
)
from training.reproduce.figure4 import agreement, seen_twice
from training.reproduce.figure6 import fused, view
from training.reproduce.page import (
    Heading,
    Image,
    Paragraph,
    Table,
    as_html,
    as_markdown,
)
from training.reproduce.posed import PosedFrame, PosedSource, posed_sources
from training.reproduce.statistics import Estimate

LENS = Intrinsics(64, 48, 50.0, 55.0, 30.0, 25.0)
BINS = HNBins()


def drawing(data: Data, folder: Path, name: str) -> Drawing:
    return Drawing(data=data, folder=folder, name=name, runs={}, part="test")


def test_floors_are_low_and_walls_are_as_high_as_they_were_drawn(
    tmp_path: Path,
) -> None:
    # A wall 2.6 m before a camera at 1.3 m that looks down by 25 deg (training_data).
    nyu = write_nyuv2_folder(tmp_path / "nyu", train=3, test=1)
    counts, num_frames = count_heights([NYUv2Folder(nyu)])
    assert num_frames == 3  # the test frame is left alone
    wall, floor = (heights_below(counts[k]) for k in (0, 1))
    assert floor[-1] < 0.1
    # Of the wall, the rows from the floor up to the border at the top of the image.
    assert wall[0] < 0.35 and 1.1 < wall[-1] < 1.7
    (picture,) = draw_height_distribution(
        drawing(Data((str(nyu),)), tmp_path, "figure3")
    )
    assert picture.file.read_text().count("<circle") == 3  # wall, floor, box
    assert "| floor |" in "\n".join(picture.lines)


def test_shares_of_heights_lie_inside_their_steps() -> None:
    counts = np.zeros(NUM_STEPS, np.int64)
    counts[10], counts[20] = 30, 10
    low, quarter, middle, most_, top = heights_below(counts)
    for height, share in ((low, 0.05), (quarter, 0.25), (middle, 0.5)):
        assert height == pytest.approx(STEP_M * (10 + share * 40 / 30))
    assert most_ == pytest.approx(STEP_M * 11)
    assert top == pytest.approx(STEP_M * (20 + (0.95 * 40 - 30) / 10))


def wall_frame(shift: float, pose_shift: float) -> PosedFrame:
    """A wall 2 m ahead, striped in the world's x, from a camera moved to its right."""
    x = (np.arange(64) - LENS.cx) / LENS.fx * 2.0 + shift
    classes = np.broadcast_to(np.floor((x + 10) / 0.3).astype(np.uint8), (48, 64))
    depth = np.full((48, 64), 2000, np.uint16)
    depth[:, :5] = 0
    T = np.eye(4)
    T[0, 3] = pose_shift
    rgb = np.zeros((48, 64, 3), np.uint8)
    frame = RgbdFrame.aligned(rgb, depth, LENS, 1e-3)
    up = np.array((0.0, -1.0, 0.0))
    return PosedFrame(
        rgb, classes.copy(), depth.astype(np.float32) / 1000, T, up, frame, 1.4
    )


def test_labels_painted_on_a_wall_agree_from_two_views_if_the_poses_are_right() -> None:
    one = wall_frame(0.0, 0.0)
    first, second = seen_twice(one, wall_frame(0.4, 0.4))
    # 0.4 m are 10 pixels; the second view's five columns without depth see nothing.
    assert len(first) == 48 * (64 - 10 - 5)
    assert (first == second).mean() > 0.9  # all but rounding at the stripes' edges
    wrong_first, wrong_second = seen_twice(one, wall_frame(0.4, 0.7))
    assert (wrong_first == wrong_second).mean() < 0.2


def test_points_that_the_second_view_does_not_measure_there_are_left_out() -> None:
    near = wall_frame(0.0, 0.0)
    near.depth_m[:, 30:] = 1.0
    first, _ = seen_twice(wall_frame(0.0, 0.0), near)
    assert len(first) == 48 * 25


def test_floors_of_several_frames_are_the_one_floor_of_their_cloud() -> None:
    # Cameras 1.4 m above the floor, in a world whose y points down.
    frames = [wall_frame(0.4 * k, 0.4 * k) for k in range(3)]

    class Walk:
        name = "walk"

        def __len__(self) -> int:
            return len(frames)

    class Source(PosedSource):
        def frame(self, index: int, bins: HNBins) -> PosedFrame:
            return frames[index]

    cloud = fused(Source(Walk(), [None] * 3), BINS)  # type: ignore[arg-type]
    assert cloud.num_frames == 3
    # The wall is 2 m ahead: 48 rows of 2 / 55 m, the camera's axis at row 25.
    assert cloud.points[:, 2].max() == pytest.approx(1.4 + 25 * 2 / 55, abs=1e-3)
    assert cloud.points[:, 2].min() == pytest.approx(1.4 - 22 * 2 / 55, abs=1e-3)
    # And it is one wall, seen along 2.36 m and twice 0.4 m more.
    level = np.ptp(cloud.points[:, :2], axis=0)
    assert sorted(level) == pytest.approx([0.0, 58 * 2 / 50 + 0.8], abs=1e-3)


@pytest.mark.slow
def test_real_views_of_one_kitchen_agree(real_data: Path) -> None:
    (kitchen,) = posed_sources([str(real_data / "redkitchen")])
    found = agreement(kitchen, 20, BINS)
    assert found is not None and found.num_pairs > 20
    assert found.same > 0.9 > 0.3 > found.by_chance


def test_recordings_without_poses_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(HNError, match="--free"):
        posed_sources(["simulated:3", str(tmp_path / "nothing")])


def test_the_view_from_above_has_the_floor_below_and_hides_what_is_behind() -> None:
    grid = np.stack(np.meshgrid(np.arange(0, 2, 0.01), np.arange(0, 2, 0.01)), -1)
    flat = grid.reshape(-1, 2)
    floor = np.column_stack((flat, np.zeros(len(flat))))
    table = np.column_stack((0.5 + flat / 2, np.full(len(flat), 0.7)))
    ceiling = np.column_stack((flat, np.full(len(flat), 2.6)))
    points = np.concatenate((floor, table, ceiling)).astype(np.float32)
    colors = np.repeat(np.eye(3, dtype=np.uint8) * 255, len(flat), axis=0)
    image = view(points, colors)
    red, green, blue = (
        (image == 255 * np.eye(3, dtype=np.uint8)[k]).all(axis=-1) for k in range(3)
    )
    assert not blue.any()  # the ceiling would hide the room
    # The table is a quarter of the floor, of which it hides some.
    assert red.sum() > 5000 and green.sum() > 0.25 * red.sum()
    # The table stands above its floor and hides some of it.
    assert np.nonzero(green)[0].mean() < np.nonzero(red)[0].mean()
    column = int(np.nonzero(green)[1].mean())
    rows = np.flatnonzero(green[:, column])
    assert len(rows) > 50 and not red[rows.min() : rows.max(), column].any()


def test_a_page_says_the_same_in_markdown_and_html(tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    cv2.imwrite(str(file), np.zeros((4, 5, 3), np.uint8))
    page = [
        Heading("Table 9"),
        Paragraph("a < b"),
        Table(("", "ours"), (("row", "1.5"), ("other", "2.5"))),
        Image(file, "What it shows."),
    ]
    markdown, html = as_markdown(page), as_html(page)
    assert markdown.startswith("# Table 9\n\na < b\n")
    assert "| row | 1.5 |\n| other | 2.5 |" in markdown
    assert "(x.png)" in markdown and str(tmp_path) not in markdown
    assert "a &lt; b" in html and "<td>2.5</td>" in html
    assert "data:image/png;base64," in html and str(tmp_path) not in html


def test_curves_rise_with_their_values() -> None:
    def point(mean: float) -> Estimate:
        return Estimate(mean, 0.01, mean - 0.02, mean + 0.02, 3, 9)

    chart = interval_chart({"HN": [(50, point(0.05)), (800, point(0.2))]}, "labels")
    line = chart.partition('<polyline points="')[2].partition('"')[0]
    (x0, y0), (x1, y1) = (map(float, p.split(",")) for p in line.split())
    assert x0 < x1 and y0 > y1
    assert ">800<" in chart and ">labels<" in chart
