"""TUM RGB-D: images and poses that are matched by time."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp
from written_images import K, depth_of, refusal, rgb_of, write_color, write_depth

from core.interchange import open_frames
from core.interchange.pairing import LARGEST_OFFSET_NS, pair_by_time

MS = 1_000_000


def write_tum(
    path: Path, color_times: list[str], depth_times: list[str], poses: str = ""
) -> Path:
    """Image n of either kind shows number n."""
    path.mkdir(exist_ok=True)
    for name, times in (("rgb", color_times), ("depth", depth_times)):
        lines = [f"# {name} images", "# file: 'a.bag'", "# timestamp filename"]
        lines += [f"{time} {name}/{time}.png" for time in times]
        (path / f"{name}.txt").write_text("\n".join(lines) + "\n")
    for number, time in enumerate(color_times):
        write_color(path / "rgb" / f"{time}.png", rgb_of(number))
    for number, time in enumerate(depth_times):
        write_depth(path / "depth" / f"{time}.png", depth_of(number))
    if poses:
        (path / "groundtruth.txt").write_text(poses)
    (path / "K.txt").write_text(K)
    return path


def numbers_shown(path: Path) -> list[tuple[int, int]]:
    """Which colour and which depth image each frame has."""
    frames = list(open_frames(path))
    depths = [depth_of(number).tobytes() for number in range(9)]
    return [
        (int(frame.rgb[-1, 0, 1]) - 100, depths.index(frame.depth.tobytes()))
        for frame in frames
    ]


def test_images_are_paired_by_the_nearest_time(tmp_path, caplog):
    path = write_tum(
        tmp_path / "a",
        ["10.000", "10.033", "10.066", "10.100", "10.133"],
        # The second is nearer to the second colour than the first is, the third image
        # of the colour camera has none, the last depth comes 21 ms late.
        ["10.019", "10.030", "10.099", "10.154"],
    )
    assert numbers_shown(path) == [(0, 0), (1, 1), (3, 2)]
    frames = list(open_frames(path))
    assert [frame.timestamp_ns for frame in frames] == [
        10_000 * MS,
        10_033 * MS,
        10_100 * MS,
    ]
    assert [frame.number for frame in frames] == [0, 1, 2]
    assert "3 images have no partner" in caplog.text


def test_an_image_is_in_one_frame_only(tmp_path):
    path = write_tum(tmp_path / "a", ["1.000", "1.010"], ["1.009"])
    assert numbers_shown(path) == [(1, 0)]


def test_lists_in_any_order_and_with_commas_are_read(tmp_path):
    path = write_tum(tmp_path / "a", ["7.5", "7.1", "7.3"], ["7.299", "7.102", "7.5"])
    lists = path / "rgb.txt"
    lists.write_text(
        lists.read_text().replace(".png", ".png  \r").replace(" rgb", ",\trgb")
    )
    assert numbers_shown(path) == [(1, 1), (2, 0), (0, 2)]


def test_times_are_exact_to_the_nanosecond(tmp_path):
    times = ["1305031102.175304123", "1712345678.987654321", "1712345679.1"]
    path = write_tum(tmp_path / "a", times, times)
    assert [frame.timestamp_ns for frame in open_frames(path)] == [
        1_305_031_102_175_304_123,
        1_712_345_678_987_654_321,
        1_712_345_679_100_000_000,
    ]


def test_depth_is_in_fifths_of_a_millimetre(tmp_path):
    path = write_tum(tmp_path / "a", ["1.0"], ["1.0"])
    frame = open_frames(path)[0]
    assert frame.depth_scale == 1 / 5000
    assert np.array_equal(frame.depth, depth_of(0))
    assert frame.is_aligned


@given(
    st.lists(st.integers(0, 300 * MS), unique=True, max_size=12).map(sorted),
    st.lists(st.integers(0, 300 * MS), unique=True, max_size=12).map(sorted),
)
def test_no_two_images_that_stay_alone_belong_together(a, b):
    pairs = pair_by_time(a, b)
    used_a, used_b = {i for i, _ in pairs}, {j for _, j in pairs}
    assert len(used_a) == len(used_b) == len(pairs)
    assert pairs == sorted(pairs)
    apart = {(i, j): abs(a[i] - b[j]) for i in range(len(a)) for j in range(len(b))}
    for pair in pairs:
        assert apart[pair] <= LARGEST_OFFSET_NS
    for (i, j), offset in apart.items():
        if offset <= LARGEST_OFFSET_NS and (i, j) not in pairs:
            # One of the two has a partner that is no farther.
            partners = [p for p in pairs if p[0] == i or p[1] == j]
            assert min(apart[p] for p in partners) <= offset


POSES = """# ground truth trajectory
# timestamp tx ty tz qx qy qz qw
1.000 0.5 -1.25 2.0 0.1 -0.7 0.1 0.7
1.040 0.7 -1.00 2.5 -0.2 0.6 -0.1 -0.768
2.000 9 9 9 0 0 0 1
2.101 8 8 8 0 0 0 1
2.150 nan nan nan nan nan nan nan
2.200 7 8 9 0.5 0.5 0.5 0.5
"""


def test_poses_lie_between_the_samples_around_a_frame(tmp_path):
    times = ["0.990", "1.000", "1.030", "1.500", "2.050", "2.170", "2.200", "2.300"]
    path = write_tum(tmp_path / "a", times, times, POSES)
    source = open_frames(path)
    poses = [source.pose(index) for index in range(8)]
    # Before the first sample, in gaps of 0.96 and 0.101 s, and after the last.
    assert [pose is None for pose in poses] == [1, 0, 0, 1, 1, 0, 0, 1]
    rotations = Rotation.from_quat([(0.1, -0.7, 0.1, 0.7), (-0.2, 0.6, -0.1, -0.768)])
    assert np.allclose(poses[1][:3, :3], rotations[0].as_matrix(), atol=1e-14)
    assert np.array_equal(poses[1][:3, 3], (0.5, -1.25, 2.0))
    expected = Slerp([1.0, 1.04], rotations)(1.03).as_matrix()
    assert np.allclose(poses[2][:3, :3], expected, atol=1e-12)
    assert np.allclose(poses[2][:3, 3], (0.65, -1.0625, 2.375), atol=1e-12)
    # Half a cycle about (1, 1, 1): x goes to y, y to z.
    assert np.allclose(poses[6][:3, :3], [[0, 0, 1], [1, 0, 0], [0, 1, 0]], atol=1e-15)


def test_without_a_trajectory_there_are_no_poses(tmp_path):
    source = open_frames(write_tum(tmp_path / "a", ["1.0"], ["1.0"]))
    assert source.pose(0) is None


@pytest.mark.parametrize(
    ("sequence", "fx", "distortion"),
    [
        ("freiburg1_desk", 517.3, (0.2624, -0.9531, -0.0054, 0.0026, 1.1633)),
        ("freiburg2_xyz", 520.9, (0.2312, -0.7849, -0.0033, -0.0001, 0.9172)),
        ("freiburg3_office", 535.4, ()),
    ],
)
def test_the_benchmarks_cameras_are_known_by_their_names(
    tmp_path, sequence, fx, distortion
):
    path = write_tum(tmp_path / f"rgbd_dataset_{sequence}", ["1.0"], ["1.0"])
    assert open_frames(path)[0].color_intrinsics.fx == 31.5  # a calibration comes first
    (path / "K.txt").unlink()
    assert "no calibration; add K.txt" in refusal(path)  # of images of another size
    write_color(path / "rgb" / "1.0.png", np.zeros((480, 640, 3), np.uint8))
    write_depth(path / "depth" / "1.0.png", depth_of(1, 640, 480))
    frame = open_frames(path)[0]
    assert frame.color_intrinsics.fx == fx
    assert frame.color_intrinsics.distortion == distortion
    assert frame.is_aligned
    unknown = path.rename(tmp_path / "desk")
    message = refusal(unknown)
    assert "no calibration" in message
    assert "--intrinsics" in message


def test_what_is_no_such_sequence_is_refused(tmp_path):
    path = write_tum(tmp_path / "a", ["1.0", "2.0"], ["1.5"])
    assert "within 20 ms of each other" in refusal(path)
    for line in ("yesterday rgb/1.png", "1.0", "nan rgb/1.png", "1e12 rgb/1.png"):
        (path / "rgb.txt").write_text(f"# times\n{line}\n")
        message = refusal(path)
        assert "line 2 of" in message
        assert "rgb.txt" in message
    (path / "rgb.txt").write_text("1.5 rgb/none.png\n")
    assert "rgb/none.png" in refusal(path)
    (path / "rgb.txt").write_text("1.5 rgb/1.0.png\n")
    for words in ("0 0 0 0 0 0", "0 0 0 0 0 0 2", "0 0 0 0 0 0 one"):
        (path / "groundtruth.txt").write_text(f"1.0 {words}\n")
        assert "groundtruth.txt" in refusal(path)
    for content in (b"\xff\xfe\x00", b"1.5 rgb/1.0\0.png\n"):
        (path / "rgb.txt").write_bytes(content)
        assert "is no text file" in refusal(path)


def test_a_real_pair_is_metric(real_data, tmp_path):
    path = tmp_path / "rgbd_dataset_freiburg1_xyz"
    others = real_data / "open3d_test_data/examples/test_data/RGBD/other_formats"
    path.mkdir()
    shutil.copy(others / "TUM_color.png", path)
    shutil.copy(others / "TUM_depth.png", path)
    (path / "rgb.txt").write_text("1305031102.175304 TUM_color.png\n")
    (path / "depth.txt").write_text("1305031102.160407 TUM_depth.png\n")
    frame = open_frames(path)[0]
    as_stored = cv2.imread(str(path / "TUM_depth.png"), cv2.IMREAD_UNCHANGED)
    seen = as_stored > 0
    metres = frame.depth[seen] * frame.depth_scale
    assert np.allclose(metres, as_stored[seen] / 5000, rtol=1e-12)
    assert 0.5 < np.median(metres) < 3  # a desk
