"""Drops, clock, speed and what a source's frames add up to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from analytic_rooms import look
from lopsided import rotation
from test_sharpness import furnished, moved, photo

from core import Intrinsics, RgbdFrame
from core.errors import DatasetError, UnreadableFrameError
from core.interchange import ImageFolder
from core.interchange.selection import EveryNth
from core.label_source import take_quality
from core.quality import (
    FrameMeasures,
    FrameQuality,
    TakeQuality,
    judge_frames,
    measure_frame,
    step_seconds,
)
from core.recording import Recording, RecordingWriter
from core.recording.quality import quality_from_json, quality_to_json
from core.survey import NOMINAL_CLOCK, has_clock, survey

CAMERA = Intrinsics(160, 120, 146.0, 145.5, 79.0, 60.5)


def quality(number: int, timestamp_ns: int = 0, **changes: object) -> FrameQuality:
    frame = FrameQuality(number, timestamp_ns, 0.2, None, None, False, False)
    return replace(frame, **changes)  # type: ignore[arg-type]


def take(
    numbers: Sequence[int],
    times_ms: Sequence[float] = (),
    dropped: Sequence[int] = (),
    has_clock: bool = True,
) -> TakeQuality:
    times = times_ms or [100 * number for number in numbers]
    frames = [quality(n, round(1e6 * t)) for n, t in zip(numbers, times, strict=True)]
    return TakeQuality(frames, dropped, has_clock)


def test_drops_are_gaps_in_the_numbers_and_what_the_recorder_noted():
    assert take([7, 8, 9]).num_dropped == 0
    assert take([7, 8, 12, 13, 15]).num_dropped == 3 + 1
    # 9 and 10 are seen twice; 6 came before the first frame, 16 and 17 after the last.
    both = take([7, 8, 12, 13, 15], dropped=[9, 10, 6, 16, 17, 17])
    assert both.num_dropped == 3 + 1 + 3
    assert take([], dropped=[1, 2]).num_dropped == 2
    begun_anew = take([0, 1, 2, 5_000_000, 5_000_002], times_ms=[0, 10, 20, 30, 50])
    assert begun_anew.num_dropped == 1
    assert take([3, 10_003, 20_004]).num_dropped == 9_999  # as a live session has it
    counted_anew = take([10**9, 10**9 + 1, 0, 1, 3], times_ms=[0, 10, 20, 30, 40])
    assert counted_anew.num_dropped == 1


def test_a_frame_that_cannot_be_read_was_not_dropped_and_counts_nowhere():
    frames = [quality(4, 0), None, quality(6, 2 * 10**8, is_duplicate=True)]
    found = TakeQuality(frames, (), has_clock=True)
    assert found.duplicate_share == 1 / 2
    assert found.duration_s == pytest.approx(0.2)
    assert found.num_dropped == 0


def test_the_duration_is_the_clocks_from_the_first_frame_to_the_last():
    assert take([0, 1, 2, 3], [5, 105, 195, 405]).duration_s == pytest.approx(0.4)
    assert take([0]).duration_s == 0.0
    assert take([], []).duration_s == 0.0
    assert take([0, 1, 2], has_clock=False).duration_s is None
    assert take([0, 1, 2], has_clock=False).clock_jumps is None


@pytest.mark.parametrize(
    ("name", "changed_ms", "jumps"),
    [
        ("goes back an hour", {k: -3_600_000 + 100 * k for k in range(5, 20)}, 1),
        ("leaps an hour", {k: 3_600_000 + 100 * k for k in range(5, 20)}, 1),
        ("leaps and returns", {7: 90_000}, 2),
        ("stands still", {9: 800, 10: 800}, 2),
    ],
)
def test_a_clock_that_jumps_makes_no_duration_negative_or_hours_long(
    name, changed_ms, jumps
):
    times = [changed_ms.get(k, 100 * k) for k in range(20)]
    found = take(range(20), times)
    assert found.clock_jumps == jumps, name
    # Of 19 steps of 0.1 s; where time stood still, the next one lasts longer.
    longer = 0.2 if name == "stands still" else 0.0
    assert found.duration_s == pytest.approx(1.9 + longer)


def test_frames_that_were_lost_and_slow_exposures_are_no_jumps_of_the_clock():
    # 200 frames lost at 30 a second, a step three periods long, a pause of 9 seconds.
    numbers = [*range(30), *range(230, 260)]
    times = [33.3 * n for n in numbers]
    times[10:] = [t + 66.6 for t in times[10:]]
    times[20:] = [t + 9000 for t in times[20:]]
    found = take(numbers, times)
    assert found.clock_jumps == 0
    assert found.duration_s == pytest.approx((33.3 * 259 + 66.6 + 9000) / 1000)


def test_a_step_over_lost_frames_that_the_clock_does_not_tell_lasts_their_periods():
    steps, has_jumped = step_seconds([0, 1, 2, 7, 8], [0, 10**8, 2 * 10**8, 5, 10**8])
    assert steps == pytest.approx([0.1, 0.1, 0.5, 0.1])
    assert has_jumped.tolist() == [False, False, True, False]
    # Numbers that begin anew tell nothing of how long that took.
    steps, has_jumped = step_seconds([0, 1, 2, 10**7], [0, 10**8, 2 * 10**8, 10**12])
    assert steps == pytest.approx([0.1, 0.1, 0.1])
    assert has_jumped.tolist() == [False, False, True]


def test_speeds_are_of_steps_whose_motion_is_known():
    frames = [
        quality(0, 0, shift_m=9.0, turn_deg=9.0),  # since nothing
        quality(1, 10**8, shift_m=0.02, turn_deg=1.0),
        quality(2, 2 * 10**8),
        quality(3, 4 * 10**8, shift_m=0.08, turn_deg=8.0),
        quality(4, 5 * 10**8, shift_m=0.03, turn_deg=0.5),
    ]
    found = TakeQuality(frames, (), has_clock=True).summary()
    # 0.2, 0.4 and 0.3 m/s; 10, 40 and 5 deg/s.
    assert found["median_speed_m_s"] == pytest.approx(0.3)
    assert found["p95_speed_m_s"] == pytest.approx(0.39)
    assert found["median_turn_deg_s"] == pytest.approx(10)
    assert found["p95_turn_deg_s"] == pytest.approx(37)
    for other in (TakeQuality(frames, (), has_clock=False), take([0, 1, 2])):
        assert other.summary()["median_speed_m_s"] is None
        assert other.summary()["p95_turn_deg_s"] is None


def measured(
    seed: int, blur: int = 0, pose: np.ndarray | None = None, **move: object
) -> FrameMeasures:
    picture = np.roll(furnished(seed, 120, 160), -blur // 2, axis=1)
    gray = photo(moved(picture, blur, 1, 0))
    frame = RgbdFrame.aligned(
        np.dstack([gray] * 3), np.full((120, 160), 900, np.uint16), CAMERA, 0.001
    )
    return measure_frame(frame, pose, **move)  # type: ignore[arg-type]


def test_a_blurred_frame_is_neither_kept_nor_called_a_duplicate():
    frames = [measured(1), measured(1), measured(2, blur=3), measured(2), measured(2)]
    others = [measured(k) for k in range(3, 13)]
    judged = judge_frames([*frames, *others], has_clock=True)
    assert [f.is_blurred for f in judged] == [False, False, True, *[False] * 12]
    assert [f.is_duplicate for f in judged] == [
        *(False, True, False, False, True),
        *[False] * 10,
    ]


def test_frames_in_no_order_have_no_neighbours_to_be_more_blurred_than():
    frames = [measured(k, blur=12 if k == 4 else 0) for k in range(9)]
    judged = judge_frames([*frames, frames[8]], has_clock=False)
    assert {frame.is_blurred for frame in judged} == {None}
    assert [frame.is_duplicate for frame in judged] == [False] * 9 + [True]
    assert TakeQuality(judged, (), has_clock=False).blurred_share is None
    # Without a clock, they are in order all the same where most follow from the one
    # before.
    for num_joined, blurred in ((4, []), (5, [4]), (8, [4])):
        joined = [
            one._replace(T_previous_current=np.eye(4) if k <= num_joined else None)
            for k, one in enumerate(frames)
        ]
        judged = judge_frames(joined, has_clock=False)
        assert [k for k, frame in enumerate(judged) if frame.is_blurred] == blurred


def test_motion_is_by_the_poses_or_else_by_tracking_and_none_where_both_are_lost():
    start, moved_on, tracked = np.eye(4), np.eye(4), np.eye(4)
    start[:3, :3] = rotation(0.3, -0.2, 0.1)
    moved_on[:3, :3] = start[:3, :3] @ rotation(0, np.radians(4), 0)
    moved_on[:3, 3] = 0.03, 0.0, -0.04
    tracked[:3, 3] = 0.0, 0.2, 0.0
    judged = judge_frames(
        [
            measured(0, pose=start),
            measured(1, pose=moved_on, T_previous_current=tracked),
            None,
            measured(2, T_previous_current=tracked),
            measured(3, pose=moved_on),
        ],
        has_clock=True,
    )
    assert judged[2] is None
    moves = [(f.shift_m, f.turn_deg) for f in judged if f is not None]
    assert moves == [(None, None), (0.05, 4.0), (0.2, 0.0), (None, None)]


@dataclass(frozen=True, eq=False)
class Walk:
    """Steps of 4 cm and 1.5 deg before a chequered room, 10 a second."""

    num_frames: int = 10
    timestamps_ns: Sequence[int] | None = (0,)
    unreadable: int = -1
    poses: bool = False

    name = "walk"

    def __len__(self) -> int:
        return self.num_frames

    def __getitem__(self, index: int) -> RgbdFrame:
        if index == self.unreadable:
            raise UnreadableFrameError(f"frame {index} is damaged")
        view = self._view(index)
        gray = 40.0 + 90 * (np.floor(2.2 * view.points).sum(axis=-1) % 2)
        frame = view.frame(number=index, timestamp_ns=index * 10**8)
        return replace(frame, rgb=np.dstack([gray.astype(np.uint8)] * 3))

    def __iter__(self) -> Iterator[RgbdFrame]:
        raise NotImplementedError

    def pose(self, index: int) -> np.ndarray | None:
        if index == 3 and self.poses:
            raise DatasetError("3.pose.txt is damaged")
        if not self.poses:
            return None
        return np.linalg.inv(self._view(index // 2).T_camera_world)  # half as fast

    def encoded_color(self, index: int) -> None:
        return None

    def _view(self, index: int):
        return look(CAMERA, (0.2 + 0.04 * index, -0.9, 1.35), 10.0 + 1.5 * index)


@pytest.fixture(scope="module")
def walked():
    return survey(Walk(unreadable=5))


def test_a_survey_measures_how_fast_the_camera_went(walked):
    found = TakeQuality(walked.quality, (), has_clock=True).summary()
    assert found["median_speed_m_s"] == pytest.approx(0.4, abs=0.06)
    assert found["median_turn_deg_s"] == pytest.approx(15.0, abs=1.0)
    assert walked.quality[5] is None and walked.floors[5] is None
    assert all(walked.quality[k] is not None for k in (4, 6))


def test_poses_are_asked_where_there_are_some(walked):
    found = survey(Walk(poses=True)).quality
    shifts = [frame.shift_m for frame in found]
    # 4 cm at every second frame; of frame 3 the pose cannot be read.
    assert [shifts[k] for k in (1, 2, 5, 6)] == pytest.approx([0, 0.04, 0, 0.04])
    assert shifts[3] == pytest.approx(0.04, abs=0.01)


def test_a_survey_does_not_depend_on_who_took_which_frames(walked, monkeypatch):
    monkeypatch.setattr("core.sequence_floors.CHUNK", 4)
    for workers in (1, 3):
        again = survey(Walk(unreadable=5), num_workers=workers)
        for frame, other in zip(again.quality, walked.quality, strict=True):
            if other is None:
                assert frame is None
                continue
            assert replace(frame, shift_m=None, turn_deg=None) == replace(
                other, shift_m=None, turn_deg=None
            )


def recording_of(path: Path, source: Iterable[RgbdFrame], **words: Any) -> Recording:
    with RecordingWriter(path, **words) as writer:
        for frame in source:
            writer.write(frame)
    return Recording(path)


def test_a_recording_of_images_without_a_clock_has_none(tmp_path):
    images = [Walk()[k] for k in range(3)]
    assert has_clock(recording_of(tmp_path / "take", images, settings={"fps": 30}))
    made = recording_of(tmp_path / "made", images, settings=NOMINAL_CLOCK)
    assert not has_clock(made) and not has_clock(EveryNth(made, 2))
    found = take_quality(made, survey(made))
    assert found.duration_s is None
    assert found.summary()["median_speed_m_s"] is None


def test_every_nth_frame_has_a_clock_if_all_have(tmp_path):
    camera = (CAMERA, CAMERA)
    with_times = ImageFolder(tmp_path, [], *camera, timestamps_ns=[])
    without = ImageFolder(tmp_path, [], *camera)
    assert has_clock(with_times) and has_clock(EveryNth(with_times, 3))
    assert not has_clock(without) and not has_clock(EveryNth(without, 3))


def test_quality_that_is_kept_is_what_was_found(walked):
    columns = quality_to_json(walked.quality)
    assert columns["number"] == [0, 1, 2, 3, 4, None, 6, 7, 8, 9]
    assert quality_from_json(columns) == walked.quality
    with pytest.raises(KeyError):
        quality_from_json({"number": [1]})


def test_a_source_without_frames_has_a_survey():
    assert survey(Walk(0)).quality == []
    summary = TakeQuality([], (), has_clock=True).summary()
    assert summary["near_duplicate_share"] == 0.0
    assert summary["duration_s"] == 0.0
