"""hn-predict on videos, and the videos that it makes."""

import json
import logging
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from predicting_inputs import (
    HEIGHT,
    WIDTH,
    blocks,
    files,
    floor_frame,
    model,
    photo,
    read,
    save,
)

from capture_app.predict_command import PredictConfig, predict
from core.errors import DatasetError
from core.overlay import semantic_palette
from core.recording import RecordingWriter

SIZE = (48, 80)
COARSE = (slice(8, None, 16), slice(10, None, 20))  # inside the blocks, off edges


def run(tmp_path, *inputs, size=SIZE, **options):
    path = model(tmp_path, size=size)
    options = {"out": tmp_path / "out", "engine": "onnxruntime", **options}
    return predict(PredictConfig(path, inputs, **options))


def write_video(path, num_frames=12, fps=10, codec="libx264", times_ms=None, turn=0):
    """Frame k shows `blocks(k)`."""
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height = SIZE[1], SIZE[0]
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, 1000)
        if turn:
            stream.set_display_rotation(turn)
        for k in range(num_frames):
            rgb = photo(blocks(k, SIZE))
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts = times_ms[k] if times_ms else 1000 * k // fps
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def shown(path):
    """Times and (H, W, 3) pictures of a video, and what it says of itself."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        frames = [(f.time, f.to_ndarray(format="rgb24")) for f in container.decode(0)]
        return frames, stream.codec_context, float(stream.duration * stream.time_base)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("walk.mp4", "libx264"),
        ("walk.mkv", "libx264"),
        ("walk.mov", "mpeg4"),
        ("walk.avi", "mpeg4"),
        ("walk.webm", "libvpx-vp9"),
    ],
)
def test_every_frame_of_a_video_is_predicted(tmp_path, name, codec):
    run(tmp_path, write_video(tmp_path / name, codec=codec))
    out = tmp_path / "out" / "walk"
    assert len(files(out / "classes")) == 12
    for k in (0, 5, 11):
        classes = read(out / "classes" / f"{k:06d}.png")
        np.testing.assert_array_equal(classes[COARSE], blocks(k, SIZE)[COARSE])


def test_an_overlay_video_has_the_frames_times_and_colours_of_its_source(tmp_path):
    write_video(tmp_path / "walk.mp4", fps=25)
    run(tmp_path, tmp_path / "walk.mp4", to=("video",), opacity=1.0)
    assert files(tmp_path / "out" / "walk") == [
        *("classes.json", "overlay.mp4", "statistics.json")
    ]
    frames, codec, duration_s = shown(tmp_path / "out" / "walk" / "overlay.mp4")
    assert codec.name == "h264" and codec.pix_fmt == "yuv420p"
    assert [time for time, _ in frames] == pytest.approx(np.arange(12) / 25)
    assert duration_s == pytest.approx(12 / 25)
    palette = semantic_palette(3)
    for k in (0, 7, 11):
        expected = palette[blocks(k, SIZE)].astype(int)[COARSE]
        # By other colour matrices than the file names they would be 20 off.
        assert np.abs(frames[k][1][COARSE] - expected).max() < 9


def test_uneven_times_and_every_nth_frame_keep_their_times(tmp_path):
    times_ms = [0, 40, 140, 150, 400, 440, 900, 950, 1000]
    write_video(tmp_path / "walk.mp4", 9, times_ms=times_ms)
    run(tmp_path, tmp_path / "walk.mp4", to=("video",), every=3)
    frames, _, _ = shown(tmp_path / "out" / "walk" / "overlay.mp4")
    times_s = [time for time, _ in frames]
    assert times_s == pytest.approx([0, 0.150, 0.900], abs=1e-3)


def test_a_clock_that_is_set_anew_neither_turns_a_video_back_nor_stops_it(tmp_path):
    with RecordingWriter(tmp_path / "kitchen") as writer:
        for number, time_s in enumerate((100, 100.1, 3, 3.1, 5000, 5000.1)):
            frame = floor_frame(number)
            object.__setattr__(frame, "timestamp_ns", round(time_s * 1e9))
            writer.write(frame)
    run(tmp_path, tmp_path / "kitchen", to=("video",))
    frames, _, _ = shown(tmp_path / "out" / "kitchen" / "overlay.mp4")
    times_s = [time for time, _ in frames]
    assert times_s == pytest.approx(np.arange(6) / 10, abs=1e-3)


def test_odd_sizes_are_filled_up_to_even_ones(tmp_path):
    rgb = photo(blocks(0, (HEIGHT + 1, WIDTH + 1)))
    save(tmp_path / "shots" / "1.png", rgb)
    save(tmp_path / "shots" / "2.png", rgb)
    run(tmp_path, tmp_path / "shots", to=("video",), opacity=0.0)
    frames, _, _ = shown(tmp_path / "out" / "shots" / "overlay.mp4")
    assert [picture.shape for _, picture in frames] == [(HEIGHT + 2, WIDTH + 2, 3)] * 2
    corner = frames[1][1][-2:, -2:].reshape(-1, 3).astype(int)
    assert np.abs(corner - rgb[-1, -1]).max() < 25


def test_images_of_several_sizes_are_no_video(tmp_path):
    save(tmp_path / "shots" / "1.png", photo(blocks()))
    save(tmp_path / "shots" / "2.png", photo(blocks(0, (30, 40))))
    with pytest.raises(DatasetError, match=r"2 has 40x30 pixels and the first .*40x24"):
        run(tmp_path, tmp_path / "shots", to=("video",))
    assert not (tmp_path / "out").exists()


def test_a_video_of_a_phone_is_turned_as_players_turn_it(tmp_path):
    write_video(tmp_path / "walk.mp4", turn=90)
    # ISO 14496-12, 6.2.2: x' = a x + c y, y' = b x + d y of (a, b, 0, c, d, 0); y is
    # down, so this takes the right to the top.
    matrix = struct.pack(">6i", 0, -0x10000, 0, 0x10000, 0, 0)
    assert matrix in (tmp_path / "walk.mp4").read_bytes()
    run(tmp_path, tmp_path / "walk.mp4", size=SIZE[::-1])
    classes = read(tmp_path / "out" / "walk" / "classes" / "000004.png")
    # Counter-clockwise: what was at the right is at the top.
    expected = np.rot90(blocks(4, SIZE))
    assert classes.shape == expected.shape
    assert (classes == expected).mean() > 0.9


@pytest.mark.parametrize(("name", "says_length"), [("w.ts", False), ("w.mp4", True)])
def test_a_video_that_was_cut_off_gives_its_frames_up_to_there(
    tmp_path, caplog, name, says_length
):
    path = tmp_path / name
    with av.open(
        path, "w", options={"movflags": "+faststart"} if says_length else {}
    ) as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = SIZE[1], SIZE[0], "yuv420p"
        stream.bit_rate = 4_000_000
        for k in range(40):
            frame = av.VideoFrame.from_ndarray(photo(blocks(k, SIZE)), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with caplog.at_level(logging.WARNING):
        run(tmp_path, path)
    counted = json.loads((tmp_path / "out" / "w" / "statistics.json").read_text())
    assert 10 < counted["frames"] < 40
    if says_length:
        assert f"{counted['frames']} of its 40 frames can be read" in caplog.text
    classes = read(tmp_path / "out" / "w" / "classes" / "000007.png")
    np.testing.assert_array_equal(classes[COARSE], blocks(7, SIZE)[COARSE])


def test_a_video_that_tells_only_its_seconds_says_that_it_was_cut_off(tmp_path, caplog):
    whole = write_video(tmp_path / "w.mkv", num_frames=40).read_bytes()  # 4 s
    run(tmp_path, tmp_path / "w.mkv")
    assert not caplog.text
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    run(tmp_path, tmp_path / "cut.mkv")
    assert "cut.mkv should last 4.0 s and its pictures end after 0." in caplog.text


def test_a_video_that_was_trimmed_is_not_called_damaged(tmp_path, caplog):
    path = write_video(tmp_path / "walk.mp4", codec="libx264", num_frames=40)
    data = bytearray(path.read_bytes())
    # ISO 14496-12, 8.6.6: version, one entry, how long it lasts. It is halved.
    place = data.index(b"elst") + 12
    (duration,) = struct.unpack_from(">I", data, place)
    struct.pack_into(">I", data, place, duration // 2)
    path.write_bytes(data)
    run(tmp_path, path)
    counted = json.loads((tmp_path / "out" / "walk" / "statistics.json").read_text())
    assert counted["frames"] == 20
    assert not caplog.text


def test_what_is_no_video_is_told(tmp_path):
    (tmp_path / "notes.mp4").write_text("words")
    with pytest.raises(DatasetError, match=r"notes\.mp4 cannot be read as a video"):
        run(tmp_path, tmp_path / "notes.mp4")
    whole = write_video(tmp_path / "walk.mp4").read_bytes()
    (tmp_path / "walk.mp4").write_bytes(whole[: len(whole) // 2])  # its index is lost
    with pytest.raises(DatasetError, match="was cut off before its end was written"):
        run(tmp_path, tmp_path / "walk.mp4")
    with av.open(tmp_path / "song.mp4", "w") as container:
        stream = container.add_stream("aac", rate=8000)
        samples = np.zeros((1, 8000), np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(DatasetError, match="holds no pictures"):
        run(tmp_path, tmp_path / "song.mp4")
