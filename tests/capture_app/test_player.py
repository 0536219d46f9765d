"""Playing recordings, exactly."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from library_recordings import number_in, write_take

from capture_app.engine.picture import View, ViewSettings
from capture_app.engine.player import Player
from capture_app.engine.shown import Shown, views_of
from capture_app.engine.track import drop_positions, open_track, play_seconds
from core.bins import HNBins
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.recording import Recording

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty frames that begin at number 5; 12 and 13 are missing."""
    return write_take(tmp_path_factory.mktemp("takes") / "hall", 30, dropped=(12, 13))


@pytest.fixture
def player() -> Iterator[Player]:
    player = Player(HNBins())
    yield player
    player.close()
    player.close()


def next_shown(player: Player, is_so: Callable[[Shown], bool]) -> Shown:
    until = time.monotonic() + 10.0
    while time.monotonic() < until:
        shown = player.shown.wait(0.05)
        if shown is not None and is_so(shown):
            return shown
    raise AssertionError("it was not shown")


def opened(player: Player, path: Path) -> Shown:
    player.open(path)
    return next_shown(player, lambda shown: True)


def number_at(position: int) -> int:
    return position + 5 if position < 7 else position + 7


def test_every_position_shows_its_own_frame(player: Player, take: Path) -> None:
    assert opened(player, take).position == 0
    for position in (29, 3, 7, 6, 28, 0):
        player.seek(position)
        shown = next_shown(player, lambda s, p=position: s.position == p)
        assert shown.picture is not None
        frame = shown.picture.layers.frame
        assert number_in(frame) == frame.number == number_at(position)


def test_positions_end_where_the_recording_does(player: Player, take: Path) -> None:
    opened(player, take)
    player.step(-1)
    assert player.position == 0
    player.seek(1000)
    assert player.position == 29
    player.step(1)
    assert player.position == 29
    player.jump(-0.5)  # 12.5 periods of 40 ms before the last
    assert player.position == 17
    player.jump(0.01)
    assert player.position == 18
    player.seek_last()
    assert player.position == 29


@pytest.mark.parametrize(("direction", "last"), [(1, 29), (-1, 0)])
def test_it_plays_to_the_end_at_the_recorded_pace(
    player: Player, take: Path, direction: int, last: int
) -> None:
    opened(player, take)
    began_s = time.monotonic()
    player.play(direction)  # backwards, from the first frame, is from the end
    positions: list[int] = []
    while player.direction or not positions or positions[-1] != last:
        player.tick()
        shown = player.shown.wait(0.004)
        if shown is not None and shown.picture is not None:
            assert number_in(shown.picture.layers.frame) == number_at(shown.position)
            positions.append(shown.position)
        assert time.monotonic() < began_s + 10
    took_s = time.monotonic() - began_s
    assert 1.2 < took_s < 2.0  # 31 periods of 40 ms
    steps = np.diff(positions) * direction
    assert (steps >= 0).all() and len(positions) > 15


def test_playing_again_stops_and_the_other_way_turns_round(
    player: Player, take: Path
) -> None:
    opened(player, take)
    player.seek(10)
    for direction, expected in ((1, 1), (1, 0), (1, 1), (-1, -1), (-1, 0)):
        player.play(direction)
        assert player.direction == expected
    player.play(1)
    player.step(1)
    assert (player.direction, player.position) == (0, 11)


def test_fast_scrubbing_shows_the_newest_and_leaves_no_backlog(
    player: Player, take: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(player, take)
    may_read, read, reading = threading.Event(), [], Recording.__getitem__

    def slowly(recording: Recording, index: int) -> RgbdFrame:
        read.append(index)
        may_read.wait(5.0)
        return reading(recording, index)

    monkeypatch.setattr(Recording, "__getitem__", slowly)
    for position in range(1, 30):
        player.seek(position)
    may_read.set()
    next_shown(player, lambda shown: shown.position == 29)
    assert len(read) <= 2 and read[-1] == 29


def test_labels_follow_bins_and_the_floors_of_the_recording(
    player: Player, take: Path
) -> None:
    shown = opened(player, take)
    assert shown.picture is not None
    labels = shown.picture.layers.labels
    assert labels is not None and labels.floor.source == "measured"
    assert labels.floor.camera_height == pytest.approx(1.2, abs=0.01)
    player.set_bins(HNBins((0.5,), ()))
    bins = HNBins((0.5,), ())

    def has_bins(shown: Shown) -> bool:
        labels = shown.picture.layers.labels if shown.picture else None
        return labels is not None and labels.bins == bins

    next_shown(player, has_bins)
    up = labels.floor.up
    floor = FloorPlane(up, 2.5, "tracked", 1.0)
    player.set_floors([floor] * 29 + [None])
    shown = next_shown(
        player, lambda s: s.picture is not None and s.picture.layers.floor is floor
    )
    assert shown.picture is not None and shown.picture.layers.labels is not None
    # Of a camera 2.5 m above the floor, what is 1.2 m below it is 1.3 m high.
    assert (shown.picture.layers.labels.classes[20:60, 20:60] == 1).all()
    player.seek(29)
    shown = next_shown(player, lambda shown: shown.position == 29)
    assert shown.picture is not None and shown.picture.layers.is_floor_known
    assert shown.picture.layers.floor is None and shown.picture.layers.labels is None


def test_floors_that_are_kept_are_used_at_once(player: Player, tmp_path: Path) -> None:
    path = write_take(tmp_path / "hall")
    assert Recording(path).floors[3] is not None  # which keeps them
    opened(player, path)
    assert player.floors is not None and len(player.floors) == 10


def test_a_damaged_frame_is_told_and_the_others_play_on(
    player: Player, tmp_path: Path
) -> None:
    path = write_take(tmp_path / "hall")
    recording = Recording(path)
    offset, length = recording._chunks[4].tolist()
    with (path / "capture.mcap").open("r+b") as file:
        file.seek(offset + length // 2)
        file.write(b"\0" * 64)
    opened(player, path)
    player.seek(4)
    shown = next_shown(player, lambda shown: shown.position == 4)
    assert shown.picture is None and "frame 4" in shown.problem
    player.step(1)
    shown = next_shown(player, lambda shown: shown.position == 5)
    assert shown.picture is not None


def test_what_cannot_be_opened_says_why(player: Player, tmp_path: Path) -> None:
    player.open(tmp_path / "absent")
    until = time.monotonic() + 5
    while not player.failure and time.monotonic() < until:
        player.shown.wait(0.01)
    assert "absent does not exist" in player.failure and player.track is None
    player.seek(3)
    player.play(1)
    player.jump(1.0)
    player.seek_last()
    assert player.position == 0
    opened(player, write_take(tmp_path / "hall"))
    assert player.failure == ""


def test_predictions_are_shown_and_compared(player: Player, tmp_path: Path) -> None:
    path = write_take(tmp_path / "hall", 3, predicted_class=4)
    opened(player, path)
    assert View.HN_PREDICTION in views_of(player.track)
    for view in (View.HN_PREDICTION, View.DISAGREEMENT):
        player.show(ViewSettings(view))
        shown = next_shown(
            player,
            lambda s, v=view: s.picture is not None and s.picture.settings.view is v,
        )
        assert shown.picture is not None
        assert (shown.picture.layers.predicted["hn"] == 4).all()
    # All is floor, class 0, which the network sees at 1.00 m: all of it is wrong.
    found = shown.picture.layers.disagreement
    assert found is not None and found.serious_share > 0.95
    plain = write_take(tmp_path / "den", 3)
    opened(player, plain)
    assert View.HN_PREDICTION not in views_of(player.track)


def test_drops_are_where_frames_are_missing(take: Path) -> None:
    assert open_track(take).drops == ((7, 2),)
    # 3 and 4 came before the first; 20 after the last.
    assert drop_positions(5, 10, (3, 4, 9, 12, 17)) == ((0, 2), (4, 1), (6, 1), (10, 1))


def test_a_clock_that_jumps_is_played_as_if_it_had_not() -> None:
    ms = np.array([0, 40, 80, 80, 60, 100, 100_000_000, 100_000_040]) * 1_000_000
    assert play_seconds(ms) == pytest.approx(np.arange(8) * 0.04)
    assert play_seconds(np.array([7])).tolist() == [0.0]
    assert play_seconds(np.zeros(3, np.int64)) == pytest.approx(np.arange(3) / 30)
