"""What a conversion keeps to the bit, and what it says that it does not."""

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
from written_images import HEIGHT, WIDTH, K, depth_of, pose_of, rgb_of, write_depth

from capture_app.convert_command import convert
from core.annotations import save_annotations
from core.errors import HNError
from core.frame import Intrinsics, RgbdFrame
from core.images import EncodedImage
from core.interchange import open_frames
from core.interchange.nyu_labelled import annotations_of
from core.interchange.selection import EveryNth
from core.recording import Recording, RecordingWriter

CAMERA = Intrinsics(WIDTH, HEIGHT, 31.5, 33.5, 19.25, 11.75)
PERIOD_NS = 33_333_333


def noise(number: int) -> np.ndarray:
    """(H, W, 3) that JPEG cannot hold, another one for every number."""
    shape = (HEIGHT, WIDTH, 3)
    return np.random.default_rng(number).integers(0, 256, shape, dtype=np.uint8)


def png(rgb: np.ndarray) -> EncodedImage:
    _, data = cv2.imencode(".png", rgb[..., ::-1])
    return EncodedImage("png", data.tobytes())


def record(
    path: Path, num_frames: int, without_pose: tuple[int, ...] = (), camera=CAMERA
) -> Recording:
    with RecordingWriter(path, device="D435", notes="by the window") as writer:
        for index in range(num_frames):
            frame = RgbdFrame.aligned(
                noise(index),
                depth_of(index) % np.uint16(13000),
                camera,
                0.001,
                timestamp_ns=10**18 + index * PERIOD_NS,
                number=index,
            )
            pose = None if index in without_pose else pose_of(index)
            writer.write(frame, pose, png(frame.rgb))
    return Recording(path)


def test_colour_of_other_formats_becomes_a_recording_without_loss(tmp_path):
    folder = tmp_path / "images"
    for index in range(2):
        write_depth(folder / "depth" / f"{index}.png", depth_of(index))
        (folder / "rgb").mkdir(exist_ok=True)
        header = f"P6 {WIDTH} {HEIGHT} 255\n".encode()
        (folder / "rgb" / f"{index}.ppm").write_bytes(header + noise(index).tobytes())
    (folder / "K.txt").write_text(K)
    convert(folder, tmp_path / "out")
    for index, frame in enumerate(Recording(tmp_path / "out")):
        assert np.array_equal(frame.rgb, noise(index))


def test_a_frame_without_a_pose_comes_back_from_tum_without_one(tmp_path):
    room = record(tmp_path / "room", 10, without_pose=(5,))
    words = convert(tmp_path / "room", tmp_path / "tum", "tum")
    assert words.endswith(": 10 frames, 9 of them with poses")
    back = open_frames(tmp_path / "tum")
    for index in range(10):
        if index == 5:
            assert back.pose(index) is None
        else:
            assert np.allclose(back.pose(index), room.pose(index), rtol=0, atol=1e-9)
    # A tracker with a clock of its own was between its samples, too.
    with (tmp_path / "tum" / "groundtruth.txt").open("a") as file:
        file.write("1000000001.0 0 0 0 0 0 0 1\n")
    assert open_frames(tmp_path / "tum").pose(5) is not None


def test_every_nth_colour_image_is_that_of_its_frame(tmp_path):
    record(tmp_path / "room", 7)
    convert(tmp_path / "room", tmp_path / "out", every=3)
    out = Recording(tmp_path / "out")
    assert [out.encoded_color(k) for k in range(3)] == [
        png(noise(0)),
        png(noise(3)),
        png(noise(6)),
    ]
    convert(tmp_path / "room", tmp_path / "tum", "tum", every=3)
    for index, frame in enumerate(open_frames(tmp_path / "tum")):
        assert np.array_equal(frame.rgb, noise(3 * index))


def test_annotations_of_frames_that_are_left_out_are_on_no_other_frame(tmp_path):
    source = record(tmp_path / "room", 7)
    drawn = {k: np.full((HEIGHT, WIDTH), k % 3, np.uint8) for k in (1, 3, 4, 5)}
    save_annotations(tmp_path / "room", drawn.items(), ("wall", "floor", "chair"))
    found = annotations_of(EveryNth(source, 3))
    assert found is not None
    assert list(found[0]) == [1]
    assert len(found[0]) == 1
    convert(tmp_path / "room", tmp_path / "out", every=3)
    annotations = Recording(tmp_path / "out").annotations
    assert list(annotations) == [1]
    assert (annotations[1] == 3 % 3).all()


def test_what_a_recording_says_of_itself_is_named_where_it_is_lost(tmp_path, caplog):
    with RecordingWriter(tmp_path / "room", tags=["home"]) as writer:
        for number in (0, 2, 4):
            rgb, depth = rgb_of(number), depth_of(number)
            frame = RgbdFrame.aligned(rgb, depth, CAMERA, 0.001, number=number)
            writer.write(frame)
        writer.count_drop([1, 3])
    with caplog.at_level(logging.WARNING):
        convert(tmp_path / "room", tmp_path / "open3d", "open3d")
    assert "frames are counted from 0; their numbers are not kept" in caplog.messages
    lost = "of scene.json these are not kept: "
    assert caplog.messages[-1] == lost + "tags, created, dropped"
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        convert(tmp_path / "room", tmp_path / "out", every=2)
    assert caplog.messages == [lost + "created, dropped"]
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        convert(tmp_path / "open3d", tmp_path / "back")
        convert(tmp_path / "room", tmp_path / "copy")
    assert caplog.messages == []


def test_a_centre_outside_the_image_is_none_for_scannet(tmp_path):
    camera = Intrinsics(WIDTH, HEIGHT, 31.5, 33.5, 55.0, 11.75)
    record(tmp_path / "room", 1, camera=camera)
    with pytest.raises(HNError, match="room has its centre at 55, 12, outside") as e:
        convert(tmp_path / "room", tmp_path / "out", "scannet")
    assert ".partial" not in str(e.value)
    assert not (tmp_path / "out").exists()
