"""Azure Kinect recordings, as libk4arecord writes and reads them."""

import time
from collections.abc import Callable
from pathlib import Path

import av
import azure_recordings as azure
import cv2
import microsoft_azure as microsoft
import numpy as np
import pytest
from azure_recordings import (
    PERIOD_US,
    START_US,
    Take,
    color_image,
    depth_image,
    jpeg,
    walk,
    write_by_hand,
)

from capture_app.sensors.azure_kinect_file import AzureKinectFileSensor
from capture_app.sensors.azure_kinect_mkv import AzureKinectMkv
from capture_app.sensors.files import open_file
from capture_app.sensors.registry import open_sensor
from capture_app.sensors.replay import ReplaySensor
from core.errors import SensorError
from core.frame import RgbdFrame

Write = Callable[[Path, Take], Path]

needs_microsoft = pytest.mark.skipif(
    microsoft.libraries() is None, reason=microsoft.MISSING
)


@pytest.fixture(
    params=["by hand", pytest.param("by libk4arecord", marks=needs_microsoft)]
)
def write(request: pytest.FixtureRequest) -> Write:
    """Each way to write a file in turn."""
    by_hand = request.param == "by hand"
    return write_by_hand if by_hand else microsoft.write


def play(path: Path) -> list[RgbdFrame]:
    with AzureKinectFileSensor(path, at_pace=False) as sensor:
        return list(iter(lambda: sensor.read(1.0), None))


def test_frames_are_what_was_written(write: Write, tmp_path: Path) -> None:
    path = write(tmp_path / "walk.mkv", walk(num_frames=4))
    with AzureKinectFileSensor(path, at_pace=False) as sensor:
        assert (sensor.name, sensor.fps) == ("walk.mkv", azure.FPS)
        assert sensor.num_frames == 4
        for number in range(4):
            frame = sensor.read(1.0)
            assert frame is not None and frame.number == number
            np.testing.assert_array_equal(frame.depth, depth_image(number))
            assert frame.depth_scale == 0.001
            expected = cv2.imdecode(
                np.frombuffer(jpeg(number), np.uint8), cv2.IMREAD_COLOR_RGB
            )
            np.testing.assert_array_equal(frame.rgb, expected)
            assert sensor.encoded_color == ("jpeg", jpeg(number))
            depth_us = START_US + number * PERIOD_US + 1000
            assert frame.timestamp_ns == depth_us * 1000
            assert frame.up_hint is None
        assert sensor.read(1.0) is None
        assert sensor.read(1.0) is None


@needs_microsoft
def test_libk4arecord_agrees_with_what_is_written_by_hand(tmp_path: Path) -> None:
    path = write_by_hand(tmp_path / "walk.mkv", walk(num_frames=3))
    captures = microsoft.play(path)
    assert len(captures) == 3
    for number, capture in enumerate(captures):
        assert capture.depth_us == START_US + number * PERIOD_US + 1000
        assert capture.color is not None and capture.depth is not None
        assert capture.color.tobytes() == jpeg(number)
        np.testing.assert_array_equal(capture.depth, depth_image(number))


@pytest.mark.parametrize("pixels", ["NV12", "YUY2", "BGRA"])
def test_raw_colour_becomes_rgb(pixels: str, tmp_path: Path) -> None:
    # ITU-R BT.601 by hand: luma 16 to 235, chroma 16 to 240 around 128.
    rgb = color_image(3).astype(float)
    r, g, b = np.moveaxis(rgb, -1, 0) / 255
    y = 16 + 65.481 * r + 128.553 * g + 24.966 * b
    u = 128 - 37.797 * r - 74.203 * g + 112 * b
    v = 128 + 112 * r - 93.786 * g - 18.214 * b
    y, u, v = (np.round(plane).astype(np.uint8) for plane in (y, u, v))
    if pixels == "NV12":
        uv = np.stack((u[::2, ::2], v[::2, ::2]), axis=-1)
        data = y.tobytes() + uv.tobytes()
    elif pixels == "YUY2":
        chroma = np.stack((u[:, ::2], v[:, ::2]), axis=-1).reshape(y.shape)
        data = np.stack((y, chroma), axis=-1).tobytes()
    else:
        data = np.dstack((rgb[..., ::-1], np.full(y.shape, 7))).astype("u1").tobytes()
    take = walk(num_frames=1)
    take.colors, take.color_format = [(START_US, data)], pixels
    path = write_by_hand(tmp_path / "walk.mkv", take)
    with AzureKinectFileSensor(path, at_pace=False) as sensor:
        frame = sensor.read(1.0)
        assert sensor.encoded_color is None
    assert frame is not None
    difference = np.abs(frame.rgb - rgb)
    assert difference.mean() < 1.0 and difference.max() < 16


@needs_microsoft
@pytest.mark.parametrize(("pixels", "size"), [("NV12", 1.5), ("YUY2", 2), ("BGRA", 4)])
def test_raw_colour_is_within_two_levels_of_microsoft_s(
    pixels: str, size: float, tmp_path: Path
) -> None:
    take = walk(num_frames=1)
    num_bytes = int(np.prod(azure.COLOR_SIZE) * size)
    noise = np.random.default_rng(5).integers(16, 235, num_bytes, np.uint8)
    take.colors, take.color_format = [(START_US, noise.tobytes())], pixels
    path = microsoft.write(tmp_path / "walk.mkv", take)
    (theirs,) = microsoft.play(path, as_bgra=True)
    (ours,) = play(path)
    assert theirs.color is not None
    difference = np.abs(ours.rgb.astype(int) - theirs.color[..., 2::-1])
    assert difference.max() <= 2


def accelerated(xyz: np.ndarray) -> Take:
    """A walk whose accelerometer says `xyz` every 10 ms, with some noise."""
    rng = np.random.default_rng(2)
    take = walk(num_frames=3)
    take.accelerations = [
        (START_US + 10_000 * i, tuple(xyz + rng.normal(0, 0.3, 3))) for i in range(60)
    ]
    return take


def test_up_is_where_a_resting_accelerometer_points(
    write: Write, tmp_path: Path
) -> None:
    # The depth camera looks 20 degrees down: up is above it and towards it.
    angle = np.radians(20)
    up_in_depth = np.array((0.0, -np.cos(angle), -np.sin(angle)))
    measured = 9.81 * azure.R_ACCELEROMETER_RIG @ up_in_depth
    frames = play(write(tmp_path / "walk.mkv", accelerated(measured)))
    assert len(frames) == 3
    for frame in frames[1:]:
        assert frame.up_hint is not None
        np.testing.assert_allclose(
            frame.up_hint, azure.R_COLOR_RIG @ up_in_depth, atol=0.03
        )


def test_a_moving_accelerometer_gives_no_up(tmp_path: Path) -> None:
    measured = 9.81 * azure.R_ACCELEROMETER_RIG @ (0.3, -1.1, 0.2)
    frames = play(write_by_hand(tmp_path / "walk.mkv", accelerated(measured)))
    assert [frame.up_hint for frame in frames] == [None] * 3


def test_acceleration_is_the_mean_since_the_frame_before(
    write: Write, tmp_path: Path
) -> None:
    take = walk(num_frames=3)
    take.accelerations = [
        (START_US - 2000, (1.0, 2.0, 3.0)),
        (START_US - 1000, (3.0, 2.0, 7.0)),
        (START_US + 50_000, (5.0, 6.0, 7.5)),
    ]
    file = AzureKinectMkv(write(tmp_path / "walk.mkv", take))
    measured = [capture.acceleration for capture in file.captures()]
    file.close()
    np.testing.assert_array_equal(measured[0], (2.0, 2.0, 5.0))
    np.testing.assert_array_equal(measured[1], (5.0, 6.0, 7.5))
    assert measured[2] is None


def uneven() -> Take:
    """Images without partner: depth 0, colour 2, colour 4 (too late), all of 6."""
    take = walk(num_frames=9)
    late_us = PERIOD_US // 2 + 5000
    take.colors[4] = (take.colors[4][0] + late_us, take.colors[4][1])
    take.colors = [shot for i, shot in enumerate(take.colors) if i not in (2, 6)]
    take.depths = [shot for i, shot in enumerate(take.depths) if i not in (0, 6)]
    return take


def test_frames_that_lack_an_image_are_gaps(write: Write, tmp_path: Path) -> None:
    frames = play(write(tmp_path / "walk.mkv", uneven()))
    assert [frame.number for frame in frames] == [1, 3, 5, 7, 8]
    for frame in frames:
        np.testing.assert_array_equal(frame.depth, depth_image(frame.number))


@needs_microsoft
def test_pairs_are_those_of_libk4arecord(tmp_path: Path) -> None:
    path = microsoft.write(tmp_path / "walk.mkv", uneven())
    theirs = [
        capture.depth_us
        for capture in microsoft.play(path)
        if capture.color is not None and capture.depth is not None
    ]
    ours = [frame.timestamp_ns // 1000 for frame in play(path)]
    assert ours == theirs


@pytest.mark.parametrize("delay_us", [-90_000, 90_000])
def test_depth_that_was_delayed_on_purpose_is_paired(
    delay_us: int, write: Write, tmp_path: Path
) -> None:
    take = walk(num_frames=4, depth_lag_us=int(1.5 * delay_us))
    take.depth_delay_us = delay_us
    frames = play(write(tmp_path / "walk.mkv", take))
    assert [frame.number for frame in frames] == [0, 1, 2, 3]
    expected = cv2.imdecode(np.frombuffer(jpeg(2), np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(frames[2].rgb, expected)
    np.testing.assert_array_equal(frames[2].depth, depth_image(2))
    depth_us = START_US + 2 * PERIOD_US + int(1.5 * delay_us)
    assert frames[2].timestamp_ns == depth_us * 1000


def copy_with_ffmpeg(source: Path, target: Path) -> Path:
    """What tools do that cut or repair recordings; it has milliseconds."""
    with (
        av.open(str(source)) as file,
        av.open(
            str(target), "w", format="matroska", options={"allow_raw_vfw": "1"}
        ) as copy,
    ):
        tracks = {
            stream.index: copy.add_stream_from_template(stream)
            for stream in file.streams.video
        }
        for stream in file.streams.video:
            tracks[stream.index].metadata.update(stream.metadata)
        copy.metadata.update(file.metadata)
        copy.add_attachment(
            "calibration.json", "text/plain", file.streams.attachments[0].data
        )
        for packet in file.demux(file.streams.video):
            if packet.size:
                packet.stream = tracks[packet.stream.index]
                copy.mux(packet)
    return target


def test_a_copy_by_ffmpeg_plays_alike(write: Write, tmp_path: Path) -> None:
    path = write(tmp_path / "walk.mkv", walk(num_frames=3))
    for frame, copy in zip(
        play(path), play(copy_with_ffmpeg(path, tmp_path / "copy.mkv")), strict=True
    ):
        assert (frame.number, frame.timestamp_ns) == (copy.number, copy.timestamp_ns)
        np.testing.assert_array_equal(frame.depth, copy.depth)
        np.testing.assert_array_equal(frame.rgb, copy.rgb)
        assert frame.depth_intrinsics == copy.depth_intrinsics


def test_a_recording_is_played_at_its_own_pace(tmp_path: Path) -> None:
    take = walk(num_frames=4)
    take.fps = 20
    for images in (take.colors, take.depths):
        for i, (_, content) in enumerate(images):
            images[i] = (START_US + i * 50_000, content)
    path = write_by_hand(tmp_path / "walk.mkv", take)
    for at_pace in (True, False):
        with AzureKinectFileSensor(path, at_pace) as sensor:
            assert sensor.fps == pytest.approx(20)
            start = time.monotonic()
            numbers = [frame.number for _ in range(4) if (frame := sensor.read(1.0))]
            elapsed = time.monotonic() - start
        assert numbers == [0, 1, 2, 3]
        assert (elapsed > 0.15 - 0.01) == at_pace


def test_a_closed_file_does_not_read_and_can_be_opened_again(tmp_path: Path) -> None:
    sensor = AzureKinectFileSensor(
        write_by_hand(tmp_path / "walk.mkv", walk(num_frames=2)), at_pace=False
    )
    with pytest.raises(SensorError, match="is closed; open it to read"):
        sensor.read(1.0)
    sensor.close()
    for _ in range(2):
        sensor.open()
        frame = sensor.read(1.0)
        assert frame is not None and frame.number == 0
        sensor.close()
        sensor.close()
    with pytest.raises(SensorError, match="is closed; open it to read"):
        sensor.read(1.0)
    np.testing.assert_array_equal(frame.depth, depth_image(0))


def test_an_mkv_is_an_azure_kinect_s_wherever_a_sensor_is_named(
    tmp_path: Path,
) -> None:
    path = write_by_hand(tmp_path / "WALK.MKV", walk(num_frames=1))
    assert isinstance(open_sensor(str(path)), AzureKinectFileSensor)
    assert isinstance(open_file(path), AzureKinectFileSensor)
    assert open_file(tmp_path) is None
    assert open_file(tmp_path / "missing.mkv") is None
    assert isinstance(open_sensor(str(tmp_path)), ReplaySensor)
