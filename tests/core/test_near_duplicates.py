"""Near-duplicates: against views of a room from known places."""

import numpy as np
import pytest
from analytic_rooms import look
from test_sharpness import furnished

from core import Intrinsics
from core.near_duplicates import Thumbnail, are_duplicates, difference, thumbnail

CAMERA = Intrinsics(192, 144, 175.0, 174.5, 95.0, 72.5)
PLACE, YAW_DEG = (0.2, -0.4, 1.35), 20.0


def seen(
    place: tuple[float, float, float] = PLACE,
    yaw_deg: float = YAW_DEG,
    noise: float = 0.0,
    seed: int = 0,
    light: float = 1.0,
) -> Thumbnail:
    """The room, grey by where its points are, with noise of colour and of depth."""
    view = look(CAMERA, place, yaw_deg)
    gray = 40.0 + 90 * (np.floor(2.2 * view.points).sum(axis=-1) % 2)
    gray += 20 * view.points[..., 2]
    random = np.random.default_rng(seed)
    gray = np.clip(light * gray + random.normal(0, 3 * noise, gray.shape), 0, 255)
    depth = view.depth_m * (1 + random.normal(0, 0.01 * noise, gray.shape))
    depth[random.random(depth.shape) < 0.1 * noise] = 0
    return thumbnail(gray.astype(np.uint8), np.rint(1000 * depth).astype(np.uint16))


def ahead(metres: float) -> tuple[float, float, float]:
    x, y, z = PLACE
    yaw = np.radians(YAW_DEG)
    return x - metres * np.sin(yaw), y + metres * np.cos(yaw), z


@pytest.mark.parametrize("seed", range(4))
def test_noise_and_light_make_no_new_view(seed):
    assert difference(seen(), seen(noise=1, seed=seed)) < 0.5
    assert difference(seen(), seen(noise=1, seed=seed, light=0.82)) < 0.7


def test_a_lamp_that_is_switched_off_makes_a_new_view():
    assert difference(seen(), seen(light=0.5)) > 1.0


def test_what_a_hand_shakes_is_no_new_view_and_a_step_or_a_turn_is():
    first = seen()
    for yaw_deg in (YAW_DEG + 0.3, YAW_DEG - 0.3):
        assert difference(first, seen(yaw_deg=yaw_deg, noise=1)) < 1.0
    assert difference(first, seen(ahead(0.01), noise=1)) < 1.0
    for yaw_deg in (YAW_DEG + 2.5, YAW_DEG - 2.5):
        assert difference(first, seen(yaw_deg=yaw_deg, noise=1)) > 1.0
    for place in (ahead(0.10), (PLACE[0] + 0.06, *PLACE[1:])):
        assert difference(first, seen(place, noise=1)) > 1.0


def test_a_still_camera_with_noise_gives_one_frame_and_a_pan_gives_all():
    still = [seen(noise=1, seed=k) for k in range(9)]
    assert are_duplicates(still) == [False] + [True] * 8
    pan = [seen(yaw_deg=YAW_DEG + 3 * k, noise=1, seed=k) for k in range(9)]
    assert not any(are_duplicates(pan))


def test_a_slow_pan_keeps_a_frame_each_time_that_enough_has_moved():
    pan = [seen(yaw_deg=YAW_DEG + 0.25 * k) for k in range(24)]
    kept = np.flatnonzero(~np.array(are_duplicates(pan)))
    assert kept[0] == 0
    steps_deg = 0.25 * np.diff(kept)
    assert steps_deg.min() >= 0.5 and steps_deg.max() <= 2.0


def test_who_walks_through_a_still_picture_makes_every_frame_new():
    background, walker = furnished(1, 240, 320), furnished(3, 90, 30)
    depth = np.full((240, 320), 3000, np.uint16)
    people = []
    for k in range(8):
        gray = background.copy()
        gray[110:200, 20 + 25 * k : 50 + 25 * k] = walker
        people.append(thumbnail(gray.astype(np.uint8), depth))
    assert not any(are_duplicates(people))


def test_in_the_dark_depth_tells():
    dark = np.zeros((240, 320), np.uint8)
    room = np.full((120, 160), 2000, np.uint16)
    someone = room.copy()
    someone[40:80, 30:55] = 1200
    nearer = (0.95 * room).astype(np.uint16)
    first = thumbnail(dark, room)
    assert difference(first, thumbnail(dark, (0.99 * room).astype(np.uint16))) < 1.0
    assert difference(first, thumbnail(dark, someone)) > 1.0
    assert difference(first, thumbnail(dark, nearer)) > 1.0
    nothing = np.zeros_like(room)
    assert difference(thumbnail(dark, nothing), thumbnail(dark, room)) == 0.0


@pytest.mark.parametrize(("columns", "is_told"), [(1, False), (4, True)])
def test_depth_tells_where_both_frames_have_a_tenth_of_it_in_common(columns, is_told):
    dark, room = np.zeros((240, 320), np.uint8), np.full((120, 160), 2000, np.uint16)
    strip = np.zeros_like(room)
    strip[:, : 10 * columns] = 1000  # of the 16 columns of the small picture
    assert (difference(thumbnail(dark, room), thumbnail(dark, strip)) > 1.0) is is_told


def test_small_depth_is_the_mean_of_what_is_there():
    depth = np.full((24, 32), 1000, np.uint16)
    depth[:, 16:] = 3000
    depth[0, 0] = 0  # one of the four pixels of the first small one
    depth[2:4, 0:2] = ((0, 0), (0, 900))  # three of four
    small = thumbnail(np.zeros((24, 32), np.uint8), depth).depth
    assert small.shape == (12, 16)
    assert small[0, 0] == pytest.approx(1000, rel=0.01)
    assert small[1, 0] == 0
    assert small[5, 3] == 1000 and small[5, 9] == 3000


def test_a_frame_that_is_left_out_is_neither_kept_nor_a_duplicate():
    first, other = seen(), seen(yaw_deg=YAW_DEG + 9)
    assert are_duplicates([None, first, None, first, other, first]) == [
        False, False, False, True, False, False,
    ]  # fmt: skip
