"""The simulated camera against truth found by other means than its own."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.bins import IGNORE_LABEL, HNBins
from core.errors import SensorError
from core.files import user_cache
from core.floor import FloorPlane
from core.frame import Intrinsics
from core.geometry import angle_deg, project, transform, unproject
from core.nyuv2 import NYU40_NAMES
from core.simulation import (
    FrameTruth,
    SimulatedCamera,
    cached_loop,
    room_views,
)
from core.simulation.camera import Rig, render_frame
from core.simulation.render import Scene, camera_rays
from core.simulation.rooms import KINDS, random_room
from core.simulation.walk import closed_walk, random_pose

WIDTH, HEIGHT = 160, 120
FLOOR, CEILING, WALL = (NYU40_NAMES.index(n) for n in ("floor", "ceiling", "wall"))


@pytest.fixture(scope="module")
def camera() -> SimulatedCamera:
    return SimulatedCamera(0, 60, "none", WIDTH, HEIGHT)


@pytest.fixture(scope="module")
def scene_of(camera: SimulatedCamera) -> Callable[[SimulatedCamera], SimulatedCamera]:
    """Gives another camera of the same seed the room that is built already."""

    def share(other: SimulatedCamera) -> SimulatedCamera:
        other.__dict__["scene"] = camera.scene
        return other

    return share


@pytest.fixture(scope="module")
def aligned(scene_of) -> SimulatedCamera:  # type: ignore[no-untyped-def]
    """The same walk through the same room, with depth on the colour grid."""
    return scene_of(SimulatedCamera(0, 60, "none", WIDTH, HEIGHT, aligned=True))


def world_points(frame, T_world_camera):  # type: ignore[no-untyped-def]
    depth_m = (frame.depth * frame.depth_scale).astype(np.float32)
    points = unproject(depth_m, frame.depth_intrinsics).astype(np.float64)
    points = points.reshape(-1, 3)[frame.depth.reshape(-1) > 0]
    return transform(T_world_camera @ frame.T_color_depth, points)


def test_heights_are_those_of_the_unprojected_depth(aligned):
    for index in (0, 17, 41):
        frame, truth = aligned.frame(index), aligned.truth(index)
        assert frame.is_aligned
        assert (frame.depth > 0).all()
        heights = world_points(frame, truth.T_world_camera)[:, 2]
        assert np.abs(heights - truth.heights.reshape(-1)).max() < 0.0015


def test_floor_and_ceiling_lie_where_the_room_has_them(camera):
    seen = np.zeros(len(NYU40_NAMES), int)
    for index in range(0, 60, 6):
        truth = camera.truth(index)
        seen += np.bincount(truth.semantic.reshape(-1), minlength=len(seen))
        for name, height, sign in ((FLOOR, 0.0, 1), (CEILING, camera.room.height, -1)):
            there = truth.semantic == name
            np.testing.assert_allclose(truth.heights[there], height, atol=1e-4)
            up = np.broadcast_to(sign * truth.floor.up, truth.normals[there].shape)
            np.testing.assert_allclose(truth.normals[there], up, atol=1e-5)
        walls = truth.normals[truth.semantic == WALL] @ truth.floor.up
        assert np.median(np.abs(walls)) < 1e-5
    assert seen[FLOOR] > 1000 and seen[CEILING] > 100 and (seen > 0).sum() > 10


def test_normals_are_those_of_the_points_around_and_face_the_camera(aligned):
    frame, truth = aligned.frame(9), aligned.truth(9)
    points = unproject((frame.depth * 0.001).astype(np.float32), frame.depth_intrinsics)
    assert (np.sum(truth.normals * points, axis=-1) <= 1e-6).all()
    np.testing.assert_allclose(np.linalg.norm(truth.normals, axis=-1), 1.0, atol=1e-5)
    # Millimetre steps over four pixels of 1 cm: good to a few degrees on large planes.
    along = points[2:-2, 4:] - points[2:-2, :-4]
    down = points[4:, 2:-2] - points[:-4, 2:-2]
    estimate = np.cross(down, along)
    estimate /= np.linalg.norm(estimate, axis=-1, keepdims=True)
    cosines = np.sum(estimate * truth.normals[2:-2, 2:-2], axis=-1)
    plain = np.isin(truth.semantic[2:-2, 2:-2], (FLOOR, WALL))
    assert np.median(cosines[plain]) > 0.99
    assert (cosines[plain] > 0.9).mean() > 0.8


def test_the_floor_plane_is_the_pose_seen_from_the_camera(camera):
    truth = camera.truth(33)
    T = truth.T_world_camera
    np.testing.assert_allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(T[:3, :3]) == pytest.approx(1.0)
    point = np.array((0.3, -0.2, 1.7))
    expected = transform(T, point[None])[0, 2]
    assert truth.floor.up @ point + truth.floor.camera_height == pytest.approx(expected)


def test_hn_classes_of_a_hand_made_truth():
    heights = np.array([[0.1, 0.3, 2.6, np.nan]], np.float32)
    normals = np.array([[[0, -1, 0], [1, 0, 0], [0, 1, 0], [0, 0, -1]]], np.float32)
    floor = FloorPlane(np.array((0.0, -1.0, 0.0)), 1.2)
    truth = FrameTruth(heights, normals, np.zeros((1, 4), np.uint8), floor, np.eye(4))
    # Ten heights of 0.25 m; the second angle bin, beyond 45 deg, begins at class 10.
    assert truth.hn_classes(HNBins()).tolist() == [[0, 11, 9, IGNORE_LABEL]]


def test_depth_points_lie_on_the_surfaces_that_the_colour_camera_sees(camera):
    frame, truth = camera.frame(20), camera.truth(20)
    assert not frame.is_aligned
    shift = frame.T_color_depth[:3, 3]
    assert np.linalg.norm(shift) == pytest.approx(0.025, abs=2e-4)
    points = world_points(frame, truth.T_world_camera)
    assert camera.scene.clearance(points).max() < 0.0015
    # On the floor, which both cameras see, classes agree where the points project to.
    on_floor = points[np.abs(points[:, 2]) < 0.001]
    in_color = transform(np.linalg.inv(truth.T_world_camera), on_floor)
    u, v = np.rint(project(in_color, frame.color_intrinsics)).astype(int).T
    inside = (u >= 0) & (u < WIDTH) & (v >= 0) & (v < HEIGHT)
    assert inside.sum() > 300
    assert (truth.semantic[v[inside], u[inside]] == FLOOR).mean() > 0.95


def test_a_seed_and_a_number_give_the_same_frame_every_time(camera):
    again = SimulatedCamera(0, 60, "none", WIDTH, HEIGHT)
    again.frame(5)
    first, second = camera.frame(31), again.frame(31)
    np.testing.assert_array_equal(first.rgb, second.rgb)
    np.testing.assert_array_equal(first.depth, second.depth)
    np.testing.assert_array_equal(first.up_hint, second.up_hint)
    assert (first.number, first.timestamp_ns) == (31, 1_033_333_333)
    assert (camera.frame(32).depth != first.depth).mean() > 0.5
    assert len({random_room(seed).width for seed in range(4)}) == 4


def test_the_walk_closes_without_a_jump(camera):
    poses = closed_walk(camera.room, camera.scene, 240, 3)
    following = np.roll(poses, -1, axis=0)
    steps = np.linalg.norm(following[:, :3, 3] - poses[:, :3, 3], axis=1)
    turns = np.array(
        [angle_deg(a[:3, 2], b[:3, 2]) for a, b in zip(poses, following, strict=True)]
    )
    assert steps[-1] < 1.3 * steps.max(initial=0, where=np.arange(240) < 239)
    assert turns[-1] < 1.3 * turns[:-1].max()
    assert steps.max() < 1.2 / 30 and turns.max() < 3.0
    assert steps.max() > 0.3 / 30 and turns.mean() > 0.8


@pytest.mark.parametrize("kind", KINDS)
def test_no_camera_stands_in_furniture_or_touches_it(kind):
    room = random_room(4, kind)
    scene = Scene(room, 4, quality="coarse")
    poses = closed_walk(room, scene, 240, 4)
    rng = np.random.default_rng(8)
    views = np.stack([random_pose(room, scene, rng) for _ in range(20)])
    assert scene.clearance(poses[:, :3, 3]).min() > 0.3
    assert scene.clearance(views[:, :3, 3]).min() > 0.25
    assert poses[:, 2, 3].min() > 1.05 and poses[:, 2, 3].max() < 1.75
    pitch = np.degrees(np.arcsin(poses[:, 2, 2]))
    assert pitch.min() > -35 and pitch.max() < 8 and np.ptp(pitch) > 15
    # Straight down from every place there is something to stand over, seen from above.
    down = np.tile(np.array((0, 0, -1), np.float32), (len(poses), 1))
    rays = np.concatenate((poses[:, :3, 3].astype(np.float32), down), axis=1)
    hits = scene.cast(rays)
    assert np.isfinite(hits.distance).all()
    assert (scene.normals[hits.triangle][:, 2] > 0).all()


def test_rooms_of_a_kind_hold_what_belongs_there():
    expected = {
        "living": {"sofa", "television", "books", "pillow"},
        "bedroom": {"bed", "pillow", "cabinet"},
        "kitchen": {"counter", "sink", "refrigerator", "other furniture"},
        "office": {"desk", "chair", "bookshelf", "whiteboard"},
        "bathroom": {"toilet", "bathtub", "sink", "towel"},
    }
    always = {"wall", "floor", "ceiling", "door", "window", "lamp"}
    for kind, names in expected.items():
        found = []
        for seed in range(4):
            room = random_room(seed, kind)
            found.append({NYU40_NAMES[part.semantic] for part in room.parts})
            corners = np.concatenate(
                [part.shape.corners.reshape(-1, 3) for part in room.parts]
            )
            size = np.array((room.width, room.depth, room.height))
            assert (corners > -0.1).all() and (corners < size + 0.1).all()
            assert (
                2.3 <= room.height <= 3.2 and 3.0 <= min(size[:2]) <= max(size[:2]) <= 8
            )
        assert set.intersection(*found) >= always
        assert set.union(*found) >= names


def test_the_imu_is_off_by_about_a_degree_and_a_half_smoothly(scene_of):
    camera = scene_of(SimulatedCamera(0, 240, "none", 80, 60))
    ups = camera.poses[:, 2, :3]
    errors = []
    hints = [camera.frame(k).up_hint for k in range(0, 240, 8)]
    hints += [camera.frame(k).up_hint for k in (1, 9, 17)]
    for hint, up in zip(hints, [*ups[::8], *ups[[1, 9, 17]]], strict=True):
        assert np.linalg.norm(hint) == pytest.approx(1.0)
        errors.append(angle_deg(hint, up))
    assert 0.9 < np.sqrt(np.mean(np.square(errors))) < 2.1
    for late, early in zip(errors[-3:], errors[:3], strict=True):
        assert abs(late - early) < 0.3


def test_small_and_large_images_are_the_same_view(camera, scene_of):
    small = scene_of(SimulatedCamera(0, 60, "none", 80, 60))
    large_truth, small_truth = camera.truth(3), small.truth(3)
    # A small pixel is the middle of four large ones.
    corners = large_truth.heights.reshape(60, 2, 80, 2).transpose(0, 2, 1, 3)
    middle, spread = corners.mean(axis=(2, 3)), np.ptp(corners, axis=(2, 3))
    flat = spread < 0.05
    assert flat.mean() > 0.6
    # What is thinner than a pixel may show in one and not in the other.
    error = np.abs(middle - small_truth.heights)[flat]
    assert (error < 0.002).mean() > 0.93


def test_sensor_noise_leaves_colour_and_truth_alone(camera):
    rig = Rig(WIDTH, HEIGHT, "kinect")
    pose = camera.poses[12]
    hits = camera.scene.cast(camera_rays(rig.color, pose))
    rng = np.random.default_rng((0, 41, 12))
    noisy = render_frame(camera.scene, rig, pose, hits, rng, 12, np.zeros(3))
    exact = camera.frame(12)
    np.testing.assert_array_equal(noisy.rgb, exact.rgb)
    both = (noisy.depth > 0) & (exact.depth > 0)
    assert 0.7 < both.mean() < 1.0
    error = np.abs(noisy.depth[both].astype(float) - exact.depth[both])
    assert 1.0 < np.median(error) < 15.0


def test_random_views_differ_and_can_be_read_in_any_order():
    views = room_views(5, 10, width=80, height=60)
    pairs = list(views)
    assert len(views) == len(pairs) == 10
    frame, truth = pairs[9]
    again, _ = room_views(5, 10, width=80, height=60)[9]
    np.testing.assert_array_equal(frame.rgb, again.rgb)
    np.testing.assert_array_equal(frame.depth, again.depth)
    assert truth.semantic.shape == (60, 80) and frame.number == 9
    heights = [truth.floor.camera_height for _, truth in pairs]
    assert np.ptp(heights) > 0.3
    with pytest.raises(IndexError):
        views[10]


def test_a_cached_loop_is_the_camera_and_is_rendered_once(tmp_path, scene_of):
    camera = scene_of(SimulatedCamera(0, 5, "kinect", 80, 60))
    heard: list[tuple[int, int]] = []
    loop = cached_loop(camera, tmp_path, lambda *done: heard.append(done))
    assert heard == [(k, 5) for k in range(6)]
    heard.clear()
    loop = cached_loop(camera, tmp_path, lambda *done: heard.append(done))
    assert heard == [] and len(loop) == 5
    for index, frame in enumerate(loop):
        expected = camera.frame(index)
        for field in ("rgb", "depth", "up_hint", "T_color_depth"):
            np.testing.assert_array_equal(
                getattr(frame, field), getattr(expected, field)
            )
        for field in ("number", "timestamp_ns", "color_intrinsics", "depth_intrinsics"):
            assert getattr(frame, field) == getattr(expected, field)
    assert [path.name[0] for path in tmp_path.iterdir()] == ["l"]
    aligned = scene_of(SimulatedCamera(0, 5, "kinect", 80, 60, aligned=True))
    assert cached_loop(aligned, tmp_path)[2].is_aligned
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", ["cut", "flip", "missing", "garbage"])
def test_a_damaged_loop_is_rendered_again(tmp_path, scene_of, damage):
    small = scene_of(SimulatedCamera(0, 3, "none", 80, 60))
    cached_loop(small, tmp_path)
    (place,) = tmp_path.iterdir()
    depth = place / "depth.npy"
    if damage == "cut":
        depth.write_bytes(depth.read_bytes()[:-1000])
    elif damage == "flip":
        content = bytearray(depth.read_bytes())
        content[-5000] ^= 16
        depth.write_bytes(content)
    elif damage == "missing":
        (place / "rgb.npy").unlink()
    else:
        (place / "sums.json").write_text("not json")
    heard: list[int] = []
    loop = cached_loop(small, tmp_path, lambda done, total: heard.append(done))
    assert heard[-1] == 3
    np.testing.assert_array_equal(loop[1].depth, small.frame(1).depth)
    assert list(tmp_path.iterdir()) == [place]


def test_two_that_render_one_loop_at_once_both_get_it(tmp_path, scene_of):
    def play(_: int) -> np.ndarray:
        own = scene_of(SimulatedCamera(0, 4, "none", 80, 60))
        return np.stack([frame.depth for frame in cached_loop(own, tmp_path)])

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(play, range(2))
    np.testing.assert_array_equal(first, second)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_rendering_that_is_called_off_leaves_nothing_behind(tmp_path, scene_of):
    class CalledOffError(Exception):
        pass

    def call_off(done: int, total: int) -> None:
        if done == 2:
            raise CalledOffError

    small = scene_of(SimulatedCamera(0, 6, "none", 80, 60))
    with pytest.raises(CalledOffError):
        cached_loop(small, tmp_path, call_off)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path, camera):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(SensorError, match="XDG_CACHE_HOME"):
        cached_loop(camera, blocked)


def test_the_cache_lies_in_the_users_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache() == tmp_path / "hn-capture"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert user_cache() == tmp_path / "local" / "hn-capture"


def test_the_depth_lens_sees_what_the_colour_lens_sees():
    rig = Rig(noise="none")
    assert rig.color == Intrinsics(640, 480, 518.9, 519.5, 325.6, 253.7)
    assert Rig(320, 240).depth == rig.depth.resized(320, 240)
    assert Rig(aligned=True).depth == rig.color
    corners = np.array([(0, 0, 1), (639, 0, 1), (0, 479, 1), (639, 479, 1)])
    rays = 2.0 * corners @ np.linalg.inv(rig.color.K).T
    u, v = project(transform(np.linalg.inv(rig.T_color_depth), rays), rig.depth).T
    # All but a few pixels of each edge.
    assert (u > -20).all() and (u < 660).all() and (v > -20).all() and (v < 500).all()


def test_a_loop_without_frames_is_refused():
    with pytest.raises(ValueError, match="at least one frame"):
        SimulatedCamera(0, 0)


def test_importing_the_simulation_does_not_import_open3d():
    code = "import sys, core.simulation; sys.exit('open3d' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
