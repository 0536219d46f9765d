"""The live view's heights, angles and point cloud."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from scripted import CAMERA, HEIGHT, WIDTH, label_all, make_frame, wait_until

from capture_app.engine.cloud import eye_pose
from capture_app.engine.live import LiveView
from capture_app.engine.picture import (
    LABELLED_VIEWS,
    Orbit,
    Picture,
    View,
    ViewSettings,
)
from core.bins import HNBins
from core.frame import RgbdFrame
from core.hn_labels import HNLabels
from core.overlay import angle_palette, class_palette, height_palette
from core.splat import BACKGROUND

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

PHOTO = (90, 45, 22)


@pytest.fixture
def live() -> Iterator[LiveView]:
    live = LiveView(label_all, HNBins())
    yield live
    live.close()


def picture_with(live: LiveView, is_it: Callable[[Picture], object]) -> Picture:
    """The first picture of which `is_it` is true."""
    found: list[Picture] = []

    def look() -> bool:
        picture = live.pictures.take()
        if picture is not None and is_it(picture):
            found.append(picture)
        return bool(found)

    wait_until(look)
    return found[0]


def shown(live: LiveView, settings: ViewSettings) -> Picture:
    """What the settings show of one labelled frame."""
    live.show(settings)
    live.offer(make_frame(0))
    return picture_with(live, lambda p: p.settings is settings and p.layers.labels)


def rgb_at(picture: Picture, row: int, column: int) -> tuple[int, ...]:
    pixel = int(picture.pixels[row, column])
    return (pixel >> 16) & 0xFF, (pixel >> 8) & 0xFF, pixel & 0xFF


def test_heights_are_colours_between_the_floor_and_2_5_metres(live: LiveView) -> None:
    picture = shown(live, ViewSettings(View.HEIGHTS, opacity=1.0))
    up = np.array((0.1, -0.95, -0.2))
    up /= np.linalg.norm(up)
    for row, column in ((5, 20), (24, 50), (40, 12)):
        x, y = (column - CAMERA.cx) / CAMERA.fx, (row - CAMERA.cy) / CAMERA.fy
        height = 1.25 + 1.0 * (up @ (x, y, 1.0))  # all depth is 1 m
        expected = height_palette()[round(254 * height / 2.5)].astype(int)
        assert np.abs(expected - rgb_at(picture, row, column)).max() <= 3
    assert rgb_at(picture, 5, 3) == PHOTO  # no depth
    assert picture.shares.sum() == pytest.approx(1.0)
    assert picture.horizon is not None and picture.has_classes


def test_angles_are_colours_from_flat_to_upright(live: LiveView) -> None:
    picture = shown(live, ViewSettings(View.ANGLES, opacity=1.0))
    tilt = np.degrees(np.arccos(0.2 / np.linalg.norm((0.1, 0.95, 0.2))))
    expected = angle_palette()[round(254 * tilt / 90)].astype(int)
    inner = (24, 40)
    assert np.abs(expected - rgb_at(picture, *inner)).max() <= 3
    assert rgb_at(picture, 5, 3) == PHOTO


def test_the_overlay_of_heights_is_as_strong_as_asked(live: LiveView) -> None:
    whole = shown(live, ViewSettings(View.HEIGHTS, opacity=1.0))
    half = shown(live, ViewSettings(View.HEIGHTS, opacity=0.25))
    mixed = 0.25 * np.array(rgb_at(whole, 24, 40)) + 0.75 * np.array(PHOTO)
    np.testing.assert_allclose(rgb_at(half, 24, 40), mixed, atol=1.5)


@pytest.mark.parametrize("view", LABELLED_VIEWS)
def test_a_picture_has_the_floor_of_its_own_frame(view: View) -> None:
    def label(frame: RgbdFrame) -> HNLabels:
        labels = label_all(frame)
        height = 1.0 + frame.number / 1000
        return replace(labels, floor=replace(labels.floor, camera_height=height))

    live = LiveView(label, HNBins())
    live.show(ViewSettings(view))
    live.offer(make_frame(0))
    picture_with(live, lambda p: p.layers.labels)
    pictures = []
    for number in range(1, 60):  # from now on each picture waits for its labels
        live.offer(make_frame(number))
        threading.Event().wait(0.003)
        pictures.append(live.pictures.take())
    live.close()
    seen = [picture for picture in pictures if picture is not None]
    assert len(seen) > 5
    for picture in seen:
        expected = 1.0 + picture.layers.frame.number / 1000
        assert picture.layers.labels is not None
        assert picture.layers.floor.camera_height == pytest.approx(expected)


@pytest.mark.parametrize("view", [View.HEIGHTS, View.ANGLES])
def test_the_photo_is_live_until_there_are_labels(view: View) -> None:
    may_label = threading.Event()

    def slow(frame: RgbdFrame) -> HNLabels:
        may_label.wait(5.0)
        return label_all(frame)

    live = LiveView(slow, HNBins())
    live.show(ViewSettings(view))
    for number in range(3):
        live.offer(make_frame(number))
        picture = picture_with(live, lambda p, n=number: p.layers.frame.number == n)
        assert rgb_at(picture, 24, 40) == PHOTO and not picture.has_classes
    may_label.set()
    picture_with(live, lambda p: p.has_classes)
    live.close()


def test_heights_need_a_floor_and_say_so_a_cloud_does_not() -> None:
    live = LiveView(lambda frame: None, HNBins())
    live.show(ViewSettings(View.HEIGHTS))
    live.offer(make_frame(0))
    picture = picture_with(live, live.lacks_floor)
    assert rgb_at(picture, 24, 40) == PHOTO
    live.show(ViewSettings(View.CLOUD))
    picture = picture_with(live, lambda p: p.settings.view is View.CLOUD)
    live.close()
    assert not live.lacks_floor(picture)
    colours = np.unique(picture.pixels)
    assert set(colours.tolist()) == {BACKGROUND, 0xFF5A2D16}  # the photo's


def test_a_cloud_fills_its_place_with_class_colours(live: LiveView) -> None:
    for size in ((100, 170), (1300, 500)):
        picture = shown(live, ViewSettings(View.CLOUD, 1.0, size))
        assert picture.pixels.shape == size[::-1]
    assert picture.horizon is None and picture.shares[3] == pytest.approx(25 / 57)
    palette = class_palette(HNBins()).astype(int)
    picture = shown(live, ViewSettings(View.CLOUD, 1.0))
    found = {int(pixel) for pixel in np.unique(picture.pixels)}
    colours = {
        0xFF000000 + (r << 16) + (g << 8) + b for r, g, b in palette[[3, 12]].tolist()
    }
    assert found == colours | {BACKGROUND}


def test_a_cloud_that_stands_still_can_be_turned(live: LiveView) -> None:
    first = shown(live, ViewSettings(View.CLOUD))
    turned = ViewSettings(View.CLOUD, orbit=Orbit(-60.0, 40.0, 1.5))
    live.show(turned)
    picture = picture_with(live, lambda p: p.settings is turned)
    assert picture.layers is first.layers
    assert (picture.pixels != first.pixels).mean() > 0.2


def test_the_eye_looks_at_the_middle_and_up_is_up() -> None:
    up = np.array((0.3, -0.8, -0.45))
    up /= np.linalg.norm(up)
    for orbit in (Orbit(), Orbit(-130.0, -20.0, 3.0), Orbit(80.0, 60.0, 0.5)):
        pose = eye_pose(orbit, up, 2.4)
        np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-9)
        assert np.linalg.det(pose[:3, :3]) == pytest.approx(1.0)
        middle = pose @ (0.0, 0.0, 2.4, 1.0)
        np.testing.assert_allclose(middle[:2], 0.0, atol=1e-9)
        assert middle[2] == pytest.approx(1.25 * 2.4 / orbit.zoom)
        pitch = np.radians(orbit.pitch_deg)
        expected = (0.0, -np.cos(pitch), -np.sin(pitch))
        np.testing.assert_allclose(pose[:3, :3] @ up, expected, atol=1e-9)


def test_the_eye_goes_to_the_right_of_the_camera_and_above_it() -> None:
    level = np.array((0.0, -1.0, 0.0))
    ahead = np.array((0.0, 0.0, 2.0, 1.0))
    nearer = np.array((0.0, 0.0, 1.0, 1.0))
    right = eye_pose(Orbit(30.0, 0.0), level, 2.0)
    # From the right, what is before the middle is to its left; from above, below it.
    assert (right @ nearer)[0] < (right @ ahead)[0] - 0.1
    above = eye_pose(Orbit(0.0, 30.0), level, 2.0)
    assert (above @ nearer)[1] > (above @ ahead)[1] + 0.1
    np.testing.assert_allclose(
        eye_pose(Orbit(0.0, 0.0), level, 2.0)[:3, :3], np.eye(3), atol=1e-12
    )


def test_an_orbit_goes_round_and_not_over() -> None:
    orbit = Orbit(170.0, 80.0).turned(20.0, 30.0)
    assert (orbit.yaw_deg, orbit.pitch_deg) == (-170.0, 90.0)
    assert orbit.turned(0.0, -500.0).pitch_deg == -30.0
    assert Orbit().zoomed(1e9).zoom == 8.0 and Orbit().zoomed(0.0).zoom == 0.25


def test_a_place_without_depth_is_a_picture_too(live: LiveView) -> None:
    frame = make_frame(0)
    empty = replace(frame, depth=np.zeros((HEIGHT, WIDTH), np.uint16))
    live.show(ViewSettings(View.CLOUD))
    live.offer(empty)
    picture = picture_with(live, lambda p: p.layers.labels)
    assert (picture.pixels == BACKGROUND).all()


def test_the_scene_is_watched_and_its_troubles_are_told(live: LiveView) -> None:
    live.offer(make_frame(0))
    wait_until(lambda: live.scene.quality)
    assert live.scene.quality.floor is not None
    assert live.scene.problems is live.problems
