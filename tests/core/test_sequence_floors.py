"""The floors of recordings: against walks whose poses are known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from analytic_rooms import View, look
from lopsided import rotation

from core import FloorPlane, Intrinsics, RgbdFrame, label_frame
from core.errors import UnreadableFrameError
from core.floor_consensus import Sight, agreed_floors
from core.geometry import angle_deg
from core.sequence_floors import sequence_floors
from core.tracking import Motion

NUM = 120
SEEN = np.r_[0:40, 85:NUM]
"""Frames that see the floor."""
UP_DEG, HEIGHT_M = 0.6, 0.02
"""What a sight may be off by."""


def walk(num_frames: int = NUM) -> np.ndarray:
    """(N, 4, 4) T_world_camera, z up; camera heights 1.1 to 1.7 m."""
    poses = np.tile(np.eye(4), (num_frames, 1, 1))
    level = rotation(-np.pi / 2, 0, 0)
    for k in range(num_frames):
        turn = rotation(0, 0, 0.3 + 0.02 * k) @ level
        poses[k, :3, :3] = turn @ rotation(-0.4 + 0.3 * np.sin(0.07 * k), 0, 0.05)
        height = 1.4 + 0.3 * np.sin(0.11 * k)
        poses[k, :3, 3] = 0.01 * k, 0.3 * np.cos(0.05 * k), height
    return poses


def motion(
    T_previous_current: np.ndarray, sigma_m: float, sigma_deg: float = 0.03
) -> Motion:
    sigmas = np.repeat((np.radians(sigma_deg), sigma_m), 3)
    return Motion(T_previous_current, 0.9, np.diag(sigmas**-2.0))


def floor_of(pose: np.ndarray, level: float = 0.0) -> FloorPlane:
    """The plane at a level of the world, as the camera of a pose sees it."""
    return FloorPlane(pose[2, :3], float(pose[2, 3]) - level, confidence=0.7)


def sight(
    pose: np.ndarray, before: np.ndarray | None, plane: FloorPlane | None, **options
) -> Sight:
    step = None
    if before is not None:
        step = motion(np.linalg.inv(before) @ pose, options.get("sigma_m", 0.001))
    return Sight(step, plane)


def sights_of(
    poses: np.ndarray, planes: dict[int, FloorPlane], **options: float
) -> list[Sight]:
    """Frames along a walk, of which some see planes."""
    before = [None, *poses[:-1]]
    return [
        sight(pose, last, planes.get(k), **options)
        for k, (pose, last) in enumerate(zip(poses, before, strict=True))
    ]


def floors_seen(poses: np.ndarray, frames: Sequence[int]) -> dict[int, FloorPlane]:
    """The floor as single frames see it, each a little wrong in its own way."""
    random = np.random.default_rng(4)
    planes = {}
    for k in frames:
        tilt = rotation(*np.radians(random.normal(0, UP_DEG / 2, 3)))
        true = floor_of(poses[k], random.normal(0, HEIGHT_M / 2))
        planes[int(k)] = FloorPlane(tilt @ true.up, true.camera_height, confidence=0.7)
    return planes


def errors(
    floors: Sequence[FloorPlane | None], poses: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(N,) degrees and (N,) metres, nan where there is no floor."""
    ups = [
        np.nan if f is None else angle_deg(f.up, p[2, :3])
        for f, p in zip(floors, poses, strict=True)
    ]
    heights = [
        np.nan if f is None else f.camera_height - p[2, 3]
        for f, p in zip(floors, poses, strict=True)
    ]
    return np.array(ups), np.array(heights)


def test_frames_that_do_not_see_the_floor_get_it_from_those_that_do():
    poses = walk()
    floors = agreed_floors(sights_of(poses, floors_seen(poses, SEEN)))
    ups, heights = errors(floors, poses)
    assert np.max(ups) < 0.4 and np.max(np.abs(heights)) < 0.015
    sources = [floor.source for floor in floors]
    assert [k for k in range(NUM) if sources[k] == "measured"] == SEEN.tolist()
    assert {sources[k] for k in range(40, 85)} == {"tracked"}
    assert {floors[k].confidence for k in SEEN} == {0.7}


def test_confidence_falls_with_the_way_to_the_next_sight_of_the_floor():
    poses = walk()
    floors = agreed_floors(sights_of(poses, floors_seen(poses, SEEN), sigma_m=0.003))
    confidences = [floors[k].confidence for k in range(40, 85)]
    lowest = int(np.argmin(confidences))
    assert 15 < lowest < 30
    assert (np.diff(confidences[: lowest + 1]) < 0).all()
    assert (np.diff(confidences[lowest:]) > 0).all()
    assert 0.0 < confidences[lowest] < 0.65 < 0.8 < confidences[0]


def test_what_motions_drift_is_spread_between_the_last_and_the_next_sight():
    poses = walk()
    drifting = poses.copy()
    drifting[:, 2, 3] += 0.004 * np.arange(NUM)  # 18 cm while the floor is hidden
    sights = sights_of(drifting, floors_seen(poses, SEEN), sigma_m=0.004)
    _, heights = errors(agreed_floors(sights), poses)
    assert np.max(np.abs(heights)) < 0.05
    assert abs(heights[84]) < 0.03  # not what has added up until there


def test_a_floor_that_may_be_anywhere_is_not_told():
    poses = walk()
    floors = agreed_floors(sights_of(poses, floors_seen(poses, SEEN), sigma_m=0.02))
    has_floor = np.array([floor is not None for floor in floors])
    assert has_floor[SEEN].all()
    assert not has_floor[46:79].any()


@pytest.mark.parametrize("frames", [range(44, 80), range(10, 90)])
def test_table_tops_that_pass_for_the_floor_do_not_count(frames):
    poses = walk()
    planes = floors_seen(poses, SEEN)
    planes |= {k: floor_of(poses[k], 0.72) for k in frames}
    floors = agreed_floors(sights_of(poses, planes))
    ups, heights = errors(floors, poses)
    assert np.max(ups) < 0.5 and np.max(np.abs(heights)) < 0.02
    assert {floors[k].source for k in frames} == {"tracked"}


def test_reflections_below_the_floor_do_not_count():
    poses = walk()
    planes = floors_seen(poses, SEEN)
    planes |= {12: floor_of(poses[12], -0.4), 30: floor_of(poses[30], -0.9)}
    planes |= {95: floor_of(poses[95], -0.6)}
    _, heights = errors(agreed_floors(sights_of(poses, planes)), poses)
    assert np.max(np.abs(heights)) < 0.02


def test_a_wall_that_passes_for_the_floor_of_most_frames_does_not_count():
    poses = walk()
    planes = floors_seen(poses, SEEN[:30])
    north = np.array((0.0, -1.0, 0.0))  # a wall to the north, and it faces south
    for k in range(45, 100):
        planes[k] = FloorPlane(poses[k, :3, :3].T @ north, 1.9 - poses[k, 1, 3])
    assert len(planes) == 85
    ups, heights = errors(agreed_floors(sights_of(poses, planes)), poses)
    assert np.nanmax(ups) < 1.0 and np.nanmax(np.abs(heights)) < 0.02


def test_up_is_followed_while_motions_turn_slowly_away():
    poses = walk(600)
    turned = poses.copy()
    for k in range(600):  # 18 deg in all
        turned[k, :3, :3] = rotation(np.radians(0.03 * k), 0, 0) @ poses[k, :3, :3]
    planes = floors_seen(poses, range(0, 600, 4))
    ups, _ = errors(agreed_floors(sights_of(turned, planes)), poses)
    assert np.max(ups) < 1.0


def test_an_imu_keeps_up_upright_where_no_floor_is_seen():
    poses = walk()
    turned = poses.copy()
    for k in range(NUM):
        turned[k, :3, :3] = rotation(np.radians(0.06 * k), 0, 0) @ poses[k, :3, :3]
    sights = sights_of(turned, floors_seen(poses, range(30)))
    without, _ = errors(agreed_floors(sights), poses)
    for k in range(30, NUM):
        sights[k] = Sight(sights[k].motion, up_hint=poses[k, 2, :3])
    with_hints, _ = errors(agreed_floors(sights), poses)
    assert without[60] > 1.5 and with_hints[60] < 0.7 * without[60]


@pytest.mark.parametrize("seen", [[10, 11], [10, 11, 60, 61]])
def test_an_imu_that_is_always_off_by_the_same_turn_does_not_tilt_the_floor(seen):
    poses = walk()
    sights = sights_of(poses, floors_seen(poses, seen))
    for k in range(NUM):
        hint = rotation(np.radians(8), 0, np.radians(-5)) @ poses[k, 2, :3]
        sights[k] = replace(sights[k], up_hint=hint)
    ups, heights = errors(agreed_floors(sights), poses)
    assert np.max(ups) < 1.5
    assert np.max(np.abs(heights)) < 0.1


def test_one_sight_on_another_storey_is_not_believed_either():
    poses = walk()
    poses[60:63, 2, 3] += 3.0  # three frames far above the floor of the others
    planes = floors_seen(poses, range(0, 60)) | {61: floor_of(poses[61], 3.4)}
    floors = agreed_floors(sights_of(poses, planes))
    assert floors[10].source == "measured"
    assert floors[60:63] == [None] * 3


def test_a_few_frames_in_no_order_keep_what_each_has_seen():
    poses = walk(4)
    floors = agreed_floors(sights_of(poses, floors_seen(poses, [0, 1])))
    assert [floor and floor.source for floor in floors] == ["measured"] * 2 + [None] * 2


def test_one_sight_among_many_frames_is_not_believed_and_none_is_none():
    poses = walk()
    assert agreed_floors(sights_of(poses, {})) == [None] * NUM
    assert agreed_floors(sights_of(poses, floors_seen(poses, [60]))) == [None] * NUM
    floors = agreed_floors(sights_of(poses, floors_seen(poses, [60, 61])))
    assert floors[60].source == floors[61].source == "measured"
    (alone,) = agreed_floors(sights_of(poses[:1], floors_seen(poses, [0])))
    assert alone.source == "measured"


def test_two_frames_that_contradict_their_motion_keep_what_each_has_seen():
    poses = walk(2)
    planes = {0: floor_of(poses[0]), 1: floor_of(poses[1], 0.4)}
    floors = agreed_floors(sights_of(poses, planes))
    for k, floor in enumerate(floors):
        assert floor.source == "measured"
        assert floor.camera_height == pytest.approx(planes[k].camera_height)
        np.testing.assert_allclose(floor.up, planes[k].up)


def test_another_storey_has_a_floor_of_its_own():
    poses = walk(400)
    poses[200:, 2, 3] += np.minimum(np.arange(200) * 0.05, 2.9)  # stairs, then upstairs
    planes = floors_seen(poses, range(150))
    planes |= {k: floor_of(poses[k], 2.9) for k in range(270, 400)}
    floors = agreed_floors(sights_of(poses, planes))
    _, heights = errors(floors, poses)
    assert np.max(np.abs(heights[:200])) < 0.02
    assert np.max(np.abs(heights[270:] + 2.9)) < 0.02
    assert {floor.source for floor in floors[270:]} == {"measured"}


CAMERA = Intrinsics(324, 243, 271.0, 266.0, 158.0, 127.0)
LONG = 64  # frames: more than one thread takes at once
HIDDEN = range(25, 40)
"""Frames of `views` that look over the floor."""


def views(num_frames: int = LONG) -> list[View]:
    """A walk through the room that looks down, then up, then down again."""
    seen = []
    for k in range(num_frames):
        pitch = -6.0 - 20.0 * np.cos(2 * np.pi * k / num_frames)
        position = -0.9 + 0.012 * k, -1.0 + 0.01 * k, 1.42 + 0.05 * np.sin(0.3 * k)
        seen.append(look(CAMERA, position, 20.0 + 0.4 * k, pitch, 3.0))
    return seen


@dataclass(frozen=True, eq=False)
class Take:
    """Frames as a recording has them."""

    frames: Sequence[RgbdFrame | None]
    """None where the file is damaged."""
    name = "take"

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> RgbdFrame:
        frame = self.frames[index]
        if frame is None:
            raise UnreadableFrameError(f"frame {index} is damaged")
        return frame

    def __iter__(self) -> Iterator[RgbdFrame]:
        return (self[index] for index in range(len(self)))

    def pose(self, index: int) -> None:
        """Nothing: it must be found out."""


@pytest.fixture(scope="module")
def seen() -> list[View]:
    return views()


@pytest.fixture(scope="module")
def frames(seen) -> list[RgbdFrame]:
    return [
        view.frame(depth=view.noisy(1e-3, 8e-4, number))
        for number, view in enumerate(seen)
    ]


def true_poses(seen: Sequence[View]) -> np.ndarray:
    return np.linalg.inv([view.T_camera_world for view in seen])


def test_a_recording_that_looks_away_from_the_floor_has_it_in_every_frame(seen, frames):
    told = []
    floors = sequence_floors(Take(frames), lambda: told.append(1))
    assert len(told) == len(floors) == LONG
    ups, heights = errors(floors, true_poses(seen))
    assert np.max(ups) < 0.3 and np.max(np.abs(heights)) < 0.02
    for k in HIDDEN:
        assert label_frame(frames[k]) is None and floors[k].source == "tracked"
    assert floors[3].source == floors[60].source == "measured"


def test_a_damaged_frame_has_no_floor_and_ends_what_motion_carries(seen, frames):
    damaged = [None if k == 32 else frame for k, frame in enumerate(frames)]
    floors = sequence_floors(Take(damaged))
    assert floors[32] is None
    others = np.r_[:32, 33:LONG]
    _, heights = errors([floors[k] for k in others], true_poses(seen)[others])
    assert np.max(np.abs(heights)) < 0.02
    # Nothing ties these frames to a floor: the next is before and after two holes.
    island = [None if k in (27, 37) else frame for k, frame in enumerate(frames)]
    floors = sequence_floors(Take(island))
    assert [k for k in range(LONG) if floors[k] is None] == list(range(27, 38))


def test_frames_in_no_order_keep_what_each_of_them_sees(seen, frames):
    order = [2, 32, 58, 27, 0, 52, 36, 12]
    floors = sequence_floors(Take([frames[k] for k in order]))
    for k, floor in zip(order, floors, strict=True):
        labels = label_frame(frames[k])
        if labels is None:
            assert floor is None
        else:
            assert floor.source == "measured"
            assert angle_deg(floor.up, labels.floor.up) < 1e-3
            assert floor.camera_height == pytest.approx(labels.floor.camera_height)


def test_an_imu_finds_the_floor_of_a_camera_that_is_held_oddly():
    view = look(CAMERA, (0.2, -0.4, 1.35), 20.0, -84.0, 5.0)
    frame = view.frame()
    hint = rotation(0.03, -0.02, 0.04) @ view.up
    assert sequence_floors(Take([frame])) == [None]
    (floor,) = sequence_floors(Take([replace(frame, up_hint=hint)]))
    assert angle_deg(floor.up, view.up) < 0.2
    assert floor.camera_height == pytest.approx(1.35, abs=0.01)


def test_floors_do_not_depend_on_who_took_which_frames(frames, monkeypatch):
    whole = sequence_floors(Take(frames))
    monkeypatch.setattr("core.sequence_floors.CHUNK", 7)
    for floor, other in zip(whole, sequence_floors(Take(frames)), strict=True):
        assert floor.camera_height == pytest.approx(other.camera_height, abs=0.003)
        assert angle_deg(floor.up, other.up) < 0.05


def test_a_take_without_frames_or_readable_ones_has_no_floors():
    assert sequence_floors(Take([])) == []
    assert sequence_floors(Take([None] * 30)) == [None] * 30
