"""What is said of the point under the cursor."""

from dataclasses import replace

import numpy as np
import pytest
from analytic_rooms import View as Room
from analytic_rooms import look
from scripted import hn_network, semantic_network

from capture_app.engine.picture import Layers, View
from capture_app.engine.probe import Probe, probe
from core.bins import HNBins
from core.floor import FloorPlane
from core.frame import Intrinsics, RgbdFrame
from core.hn_labels import HNLabels, label_frame
from core.overlay import class_palette

CAMERA = Intrinsics(163, 121, 128.0, 131.0, 84.0, 57.0)
BINS = HNBins()
NETWORKS = {**hn_network(), **semantic_network()}
MODELS = {task: network.info for task, network in NETWORKS.items()}


@pytest.fixture(scope="module")
def room() -> Room:
    return look(CAMERA, (0.1, -0.3, 1.3), 25.0, -24.0, 7.0)


def shares(row: int, column: int, camera: Intrinsics = CAMERA) -> tuple[float, float]:
    """The middle of a pixel."""
    return (column + 0.5) / camera.width, (row + 0.5) / camera.height


def layers_of(room: Room, bins: HNBins = BINS, **changes: object) -> Layers:
    frame, floor = room.frame(5e-4), FloorPlane(room.up, 1.3)
    labels = label_frame(frame, bins, floor=floor)
    return replace(Layers(frame, 0.0, labels, {}, None, floor, True), **changes)


@pytest.mark.parametrize("view", [View.HN_LABELS, View.HEIGHTS, View.DEPTH])
def test_a_point_has_the_rooms_depth_height_angle_and_class(
    view: View, room: Room
) -> None:
    layers = layers_of(room)
    angles = np.degrees(np.arccos(np.abs(room.cosines)))
    palette, judged = class_palette(BINS), 0
    for row, column in ((4, 150), (30, 20), (57, 84), (90, 61), (110, 140), (115, 12)):
        found = probe(layers, *shares(row, column), view, BINS, MODELS)
        height, angle = room.heights[row, column], angles[row, column]
        assert found.depth_m == pytest.approx(room.depth_m[row, column], abs=1e-3)
        assert found.height_m == pytest.approx(height, abs=0.02)
        assert found.angle_deg == pytest.approx(angle, abs=4.0)
        k = int(BINS.classify(np.array([height]), np.cos(np.radians([angle])))[0])
        if abs(height / 0.25 - round(height / 0.25)) > 0.1:
            assert found.hn_class.name == BINS.class_names[k]
            assert found.hn_class.color == tuple(palette[k].tolist())
            judged += 1
        assert found.predicted_hn is None and found.semantic is None
    assert judged >= 3


def test_the_class_is_the_labels_that_are_shown(room: Room) -> None:
    """Not another one for the same point, even where labels are strange."""
    layers = layers_of(room)
    strange = np.full(layers.labels.classes.shape, 17, np.uint8)
    strange[:, :80] = 255
    layers = replace(layers, labels=replace(layers.labels, classes=strange))
    found = probe(layers, *shares(60, 120), View.HN_LABELS, BINS, MODELS)
    assert found.hn_class.name == "1.75-2.00 m, 45-90 deg"
    found = probe(layers, *shares(60, 20), View.HN_LABELS, BINS, MODELS)
    assert found.hn_class is None and found.height_m is not None


def test_a_ceiling_is_flat_unless_bins_are_signed() -> None:
    room = look(CAMERA, (0.1, -0.3, 1.3), 25.0, 30.0)
    assert room.cosines[30, 80] < -0.99
    flat = probe(layers_of(room), *shares(30, 80), View.ANGLES, BINS, {})
    assert flat.angle_deg == pytest.approx(0.0, abs=2.0)
    signed = HNBins((0.5, 1.5), (60.0, 120.0), True)
    down = probe(layers_of(room, signed), *shares(30, 80), View.ANGLES, signed, {})
    assert down.angle_deg == pytest.approx(180.0, abs=2.0)
    assert down.hn_class.name == "above 1.50 m, 120-180 deg"


def test_without_labels_the_class_is_what_height_and_angle_make(room: Room) -> None:
    """In the views of depth and colour, which do not wait for labels."""
    with_labels = layers_of(room)
    layers = replace(with_labels, labels=None)
    for place in (shares(30, 20), shares(110, 140)):
        found = probe(layers, *place, View.COLOR, BINS, {})
        assert found == probe(with_labels, *place, View.HN_LABELS, BINS, {})


def test_networks_say_what_they_see_even_without_depth(room: Room) -> None:
    frame = room.frame(depth=np.zeros((121, 163), np.uint16))
    hn, semantic = (np.full((121, 163), 255, np.uint8) for _ in range(2))
    hn[40, 30], semantic[40, 30] = 12, 2
    layers = Layers(frame, 0.0, predicted={"hn": hn, "semantic": semantic})
    found = probe(layers, *shares(40, 30), View.BOTH, BINS, MODELS)
    assert found.predicted_hn.name == "0.50-0.75 m, 45-90 deg"
    assert found.predicted_hn.color == tuple(class_palette(BINS)[12].tolist())
    assert found.semantic.name == "lamp"
    assert found.depth_m is found.height_m is found.angle_deg is found.hn_class is None
    assert probe(layers, *shares(41, 30), View.BOTH, BINS, MODELS) == Probe()


def test_a_picture_from_before_a_change_is_told_in_its_own_terms(room: Room) -> None:
    """Bins and networks can be changed while it is still shown."""
    old = HNBins((0.3, 1.1), (30.0,))
    layers = layers_of(room, old, predicted={"hn": np.zeros((121, 163), np.uint8)})
    found = probe(layers, *shares(110, 140), View.HN_LABELS, BINS, {})
    assert found.hn_class.name in old.class_names
    k = old.class_names.index(found.hn_class.name)
    assert found.hn_class.color == tuple(class_palette(old)[k].tolist())
    assert found.predicted_hn is None


def test_without_a_floor_there_is_depth_alone(room: Room) -> None:
    layers = Layers(room.frame(5e-4), 0.0, is_floor_known=True)
    found = probe(layers, *shares(60, 90), View.HN_LABELS, BINS, {})
    assert found == Probe(pytest.approx(room.depth_m[60, 90], abs=1e-3))


@pytest.mark.parametrize("place", [(-0.01, 0.5), (0.5, 1.0), (1.2, 0.5)])
def test_beside_the_picture_there_is_nothing(
    place: tuple[float, float], room: Room
) -> None:
    assert probe(layers_of(room), *place, View.COLOR, BINS, {}) is None


def test_a_point_cloud_is_not_probed(room: Room) -> None:
    assert probe(layers_of(room), 0.5, 0.5, View.CLOUD, BINS, {}) is None


LENS = Intrinsics(80, 60, 60.0, 60.0, 40.0, 30.0)


def post_before_a_wall() -> Layers:
    """The depth camera is 20 cm to the right of the colour camera. A post 1 m away is
    in columns 38..44 of the depth image, a wall 3 m away in the others. So the post is
    in columns 50..56 of the colour image, and hides the wall's points of 46..52."""
    depth = np.full((60, 80), 3000, np.uint16)
    depth[:, 38:45] = 1000
    T = np.eye(4)
    T[0, 3] = 0.2
    rgb = np.zeros((60, 80, 3), np.uint8)
    frame = RgbdFrame(rgb, depth, 1e-3, LENS, LENS, T)
    classes = np.full((60, 80), 2, np.uint8)
    classes[:, 50:57] = 17
    floor = FloorPlane(np.array((0.0, -1.0, 0.0)), 1.5)
    return Layers(frame, 0.0, HNLabels(classes, floor, BINS), {}, None, floor, True)


def test_each_picture_has_pixels_of_its_own() -> None:
    layers = post_before_a_wall()
    in_color = probe(layers, *shares(20, 53, LENS), View.HN_LABELS, BINS, {})
    in_depth = probe(layers, *shares(20, 41, LENS), View.DEPTH, BINS, {})
    for found in (in_color, in_depth):
        assert found.depth_m == pytest.approx(1.0)
        assert found.height_m == pytest.approx(1.5 + 10 / 60, abs=0.01)
        assert found.hn_class.name == BINS.class_names[17]
    wall = probe(layers, *shares(20, 41, LENS), View.HN_LABELS, BINS, {})
    assert wall.depth_m == pytest.approx(3.0)
    assert wall.hn_class.name == BINS.class_names[2]


def test_what_hides_a_point_from_the_colour_camera_does_not_lend_its_class() -> None:
    layers = post_before_a_wall()
    # Depth column 48 is the wall's point that the colour camera had in column 52.
    found = probe(layers, *shares(20, 48, LENS), View.DEPTH, BINS, {})
    assert found.depth_m == pytest.approx(3.0)
    assert found.height_m == pytest.approx(1.5 + 10 / 60 * 3.0, abs=0.01)
    assert found.hn_class is None and found.angle_deg is None
    # Its last column is out of the colour camera's sight.
    found = probe(layers, *shares(20, 79, LENS), View.DEPTH, BINS, {})
    assert found.depth_m == pytest.approx(3.0) and found.hn_class is None


def test_a_bent_lens_sees_the_point_where_it_bends_it() -> None:
    bent = replace(LENS, distortion=(-0.6, 0.3, 0.0, 0.0))
    depth = np.full((60, 80), 3000, np.uint16)
    depth[:, 66:70] = 1000  # a post near the right edge
    frame = RgbdFrame(
        np.zeros((60, 80, 3), np.uint8), depth, 1e-3, bent, LENS, np.eye(4)
    )
    layers = Layers(frame, 0.0)
    # x = (67.5 - 40) / 60, drawn in by 1 - 0.6 x^2 + 0.3 x^4
    x = 27.5 / 60
    column = 40 + 60 * x * (1 - 0.6 * x**2 + 0.3 * x**4)
    assert column < 65
    row, column = 30, round(column)
    found = probe(layers, *shares(row, column, LENS), View.COLOR, BINS, {})
    assert found.depth_m == pytest.approx(1.0)
    wall = probe(layers, *shares(row, 68, LENS), View.COLOR, BINS, {})
    assert wall.depth_m == pytest.approx(3.0)
    there = probe(layers, *shares(row, 67, LENS), View.DEPTH, BINS, {})
    assert there.depth_m == pytest.approx(1.0)
