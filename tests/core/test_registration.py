import numpy as np

from core import Intrinsics, RgbdFrame
from core.geometry import pixel_rays, project, unproject
from core.registration import register_depth, to_color_grid

COLOR = Intrinsics(96, 72, 80.0, 82.0, 49.0, 34.0)
DEPTH = Intrinsics(80, 64, 70.0, 71.0, 38.0, 33.0)


def _rotation(x_deg, y_deg):
    x, y = np.radians((x_deg, y_deg))
    about_x = [[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]]
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    return np.array(about_x) @ np.array(about_y)


def _plane_depth(intrinsics, normal, distance, scale):
    """The exact depth image of the plane normal @ p = distance."""
    rays = np.dstack(
        (pixel_rays(intrinsics), np.ones(pixel_rays(intrinsics).shape[:2]))
    )
    return np.rint(distance / (rays @ normal) / scale).astype(np.uint16)


def _frame(depth, scale, color=COLOR, T_color_depth=None):
    return RgbdFrame(
        np.zeros((color.height, color.width, 3), np.uint8),
        depth,
        scale,
        color,
        DEPTH,
        np.eye(4) if T_color_depth is None else T_color_depth,
    )


def test_registered_depth_is_the_colour_cameras_z_of_a_slanted_plane():
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = _rotation(2.0, -3.0), (0.03, -0.01, 0.02)
    normal, distance, scale = np.array((0.2, -0.3, 0.93)), 2.0, 1e-4
    normal /= np.linalg.norm(normal)
    depth = _plane_depth(DEPTH, normal, distance, scale)
    registered = register_depth(_frame(depth, scale, T_color_depth=T))

    normal_color = T[:3, :3] @ normal
    truth = _plane_depth(COLOR, normal_color, distance + normal_color @ T[:3, 3], scale)
    inside = np.s_[12:-12, 14:-14]
    assert (registered[inside] > 0).all()
    error_m = (registered[inside].astype(float) - truth[inside]) * scale
    # Half a pixel of this plane's slope, and no bias.
    assert np.abs(error_m).max() < 0.02
    assert abs(np.median(error_m)) < 1e-3


def test_the_nearer_surface_wins():
    depth = np.full((64, 80), 3000, np.uint16)
    depth[20:40, 30:50] = 1000
    T = np.eye(4)
    T[0, 3] = 0.1
    registered = register_depth(_frame(depth, 0.001, T_color_depth=T))
    near = unproject(np.where(depth == 1000, 1.0, 0.0), DEPTH)[25:35, 35:45]
    pixels = project((near + np.array((0.1, 0, 0))).reshape(-1, 3), COLOR)
    u, v = np.rint(pixels).astype(int).T
    assert (registered[v, u] == 1000).all()


def test_missing_depth_stays_missing():
    depth = np.zeros((64, 80), np.uint16)
    T = np.eye(4)
    T[0, 3] = 0.05
    assert not register_depth(_frame(depth, 0.001, T_color_depth=T)).any()


def test_aligned_depth_passes_through_untouched():
    depth = np.arange(96 * 72, dtype=np.uint16).reshape(72, 96)
    frame = RgbdFrame.aligned(np.zeros((72, 96, 3), np.uint8), depth, COLOR, 0.001)
    np.testing.assert_array_equal(register_depth(frame), depth)


def test_labels_return_to_the_distorted_colour_grid():
    distorted = Intrinsics(96, 72, 80.0, 82.0, 49.0, 34.0, (-0.3, 0.1, 0.002, -0.001))
    points = np.array([(0.2, -0.1, 1.0), (-0.3, 0.2, 1.0), (0.0, 0.0, 1.0)])
    straight = np.rint(project(points, distorted.pinhole())).astype(int)
    bent = np.rint(project(points, distorted)).astype(int)
    assert (straight != bent).any()
    classes = np.zeros((72, 96), np.uint8)
    for value, (u, v) in enumerate(straight, start=1):
        classes[v - 1 : v + 2, u - 1 : u + 2] = value
    moved = to_color_grid(classes, distorted, border=255)
    assert [moved[v, u] for u, v in bent] == [1, 2, 3]


def test_colour_pixels_that_look_past_the_straight_image_get_the_border():
    # A barrel image shows more of the world than a straight one of the same size.
    barrel = Intrinsics(96, 72, 80.0, 82.0, 49.0, 34.0, (-0.3, 0.1, 0.002, -0.001))
    classes = np.arange(96 * 72).reshape(72, 96).astype(np.uint8) % 20
    rays = pixel_rays(barrel).reshape(-1, 2).astype(float)
    straight = project(np.column_stack((rays, np.ones(len(rays)))), barrel.pinhole())
    u, v = np.rint(straight).astype(int).T.reshape(2, 72, 96)
    past = (u < 0) | (u >= 96) | (v < 0) | (v >= 72)
    assert past[0, 0] and not past[36, 48]
    for border in (255, 254):
        moved = to_color_grid(classes, barrel, border)
        np.testing.assert_array_equal(moved == border, past)
        np.testing.assert_array_equal(moved[~past], classes[v[~past], u[~past]])
