"""The planes of cells and the classes of pixels, against their direct float64 forms."""

import numpy as np
import pytest
from analytic_rooms import look
from reference_classes import chosen_cells, reference_classes, reference_normals
from reference_planes import reference_planes

from core import FloorPlane, HNBins, Intrinsics
from core.hn_labels import classify_pixels
from core.normals import normals, pixel_normals, sample_surfaces
from core.planes import PlaneFitter, cell_camera, fit_planes

SCENES = {  # size, depth_scale, noise of inverse depth (1/m)
    "odd and small": ((97, 71), 1e-3, 0.0),
    "odd": ((241, 183), 1e-3, 1.5e-3),
    "tall, 1/8 mm": ((183, 241), 1 / 8000, 4e-3),
    "coarse steps": ((240, 181), 0.01, 1e-3),
    "noise-free, 1/2 mm": ((205, 160), 5e-4, 0.0),
}
BINS = {
    "default": HNBins(),
    "signed": HNBins((0.1, 0.9, 1.8), (30.0, 60.0, 120.0), signed_angles=True),
    "heights alone": HNBins((0.5, 1.0, 2.0), ()),
    "angles alone": HNBins((), (20.0, 70.0)),
}


def _camera(width, height):
    return Intrinsics(
        width, height, width * 0.80, width * 0.83, width * 0.47, height * 0.52
    )


@pytest.fixture(scope="module", params=SCENES)
def scene(request):
    """A view of the furnished room, its depth in units, metres per unit and planes."""
    size, depth_scale, sigma = SCENES[request.param]
    view = look(_camera(*size), (0.2, -0.9, 1.35), 17.0, -22.0, 6.0)
    depth = view.noisy(depth_scale, sigma)
    return view, depth, depth_scale, fit_planes(depth, depth_scale)


def test_every_cells_plane_is_that_of_the_direct_form(scene):
    _, depth, depth_scale, field = scene
    expected = reference_planes(depth, depth_scale, field.noise)
    assert 0.2 < field.is_clean.mean() < 0.9
    assert (field.is_clean == expected.is_clean).mean() >= 0.998
    limit = 1e-4 * np.maximum(np.abs(expected.planes), 0.01)
    equal = (np.abs(field.planes - expected.planes) <= limit).all(axis=0)
    assert equal.mean() >= 0.995


def test_the_noise_is_that_of_the_direct_form_to_a_bin_of_its_histogram(scene):
    _, depth, depth_scale, field = scene
    expected = reference_planes(depth, depth_scale).noise
    assert field.noise.sigma == pytest.approx(expected.sigma, rel=0.025, abs=1.3e-5)
    assert field.noise.step == pytest.approx(expected.step, rel=1e-6)


@pytest.mark.parametrize("name", BINS)
def test_every_pixels_class_is_that_of_the_direct_form(scene, name):
    view, depth, depth_scale, field = scene
    floor = FloorPlane(view.up, 1.35)
    found = classify_pixels(
        depth, depth_scale, field, view.intrinsics, floor, BINS[name]
    )
    expected = reference_classes(
        depth,
        depth_scale,
        field.planes.astype(np.float64),
        field.noise,
        view.intrinsics,
        view.up,
        1.35,
        BINS[name],
    )
    assert len(np.unique(found)) > 3
    assert (found == expected).mean() >= 0.998


def test_every_normal_is_that_of_the_direct_form(scene):
    view, depth, depth_scale, field = scene
    planes = field.planes.astype(np.float64)
    of_cells = reference_normals(planes, view.intrinsics)
    np.testing.assert_allclose(normals(field, view.intrinsics), of_cells, atol=2e-5)
    inverse = 1.0 / (depth_scale * np.maximum(depth, 1))
    i, j, _ = chosen_cells(planes, inverse, field.noise)
    expected = of_cells[i, j] * (depth > 0)[..., None]
    found = pixel_normals(field, depth, depth_scale, view.intrinsics)
    equal = (np.abs(found - expected) < 1e-4).all(axis=-1)
    assert equal.mean() >= 0.998


def test_samples_are_clean_cells_and_lie_on_their_planes(scene):
    view, _, _, field = scene
    samples = sample_surfaces(field, view.intrinsics)
    camera = cell_camera(view.intrinsics)
    x, y, z = samples.points.T
    j = np.rint(x / z * camera.fx + camera.cx).astype(int)
    i = np.rint(y / z * camera.fy + camera.cy).astype(int)
    assert len(np.unique(i * camera.width + j)) == len(samples.points) > 200
    assert field.is_clean[i, j].all()
    np.testing.assert_allclose(1.0 / z, field.inverse_depth[i, j], rtol=1e-4)
    expected = normals(field, view.intrinsics)[i, j]
    np.testing.assert_allclose(samples.normals, expected, atol=1e-5)


@pytest.mark.parametrize(("size", "limit"), [((98, 130), 5e-6), ((99, 131), 2e-4)])
def test_a_plane_without_noise_has_its_own_inverse_depth_and_slopes(size, limit):
    slope_u, slope_v, mean = 0.0023, -0.0031, 0.72
    v, u = np.indices(size)
    inverse = mean + slope_u * (u - 0.5) / 2 + slope_v * (v - 0.5) / 2
    field = fit_planes(np.rint(1.0 / (inverse * 5e-5)).astype(np.uint16), 5e-5)
    assert field.is_clean[4:-4, 4:-4].all()
    i, j = np.indices((49, 65))  # the last cells of odd sizes are half cells
    found = field.planes[:, :49, :65]
    truth = mean + slope_u * j + slope_v * i
    np.testing.assert_allclose(found[0], truth, rtol=0, atol=limit)
    np.testing.assert_allclose(found[1], slope_u, rtol=0, atol=limit / 2)
    np.testing.assert_allclose(found[2], slope_v, rtol=0, atol=limit / 2)


def test_where_depth_is_missing_there_is_no_plane_and_nothing_is_clean():
    depth = np.full((150, 131), 1500, np.uint16)
    depth[:, 40:] = 0
    field = fit_planes(depth, 1e-3)
    assert field.is_clean[10:-10, 5:15].all()
    assert not field.is_clean[:, 20:].any()
    assert not field.planes[:, :, 20:].any()


def test_missing_depth_does_not_make_a_frame_seem_cleaner_than_it_is():
    view = look(_camera(320, 240), (0.2, -0.9, 1.35), 17.0, -22.0, furniture=())
    depth = view.noisy(1e-3, 3e-3)
    whole = fit_planes(depth, 1e-3).noise.sigma
    depth[:, 170:] = 0
    assert fit_planes(depth, 1e-3).noise.sigma == pytest.approx(whole, rel=0.1)


@pytest.mark.parametrize("step", [1, 7, 40])
def test_the_step_of_coarse_depth_is_part_of_the_noise(step):
    view = look(_camera(160, 120), (0.2, -0.9, 1.35), 17.0, -22.0)
    depth = (view.depth(1e-3) // step * step).astype(np.uint16)
    noise = fit_planes(depth, 1e-3).noise
    assert noise.step == pytest.approx(step * 1e-3 / np.sqrt(12))


def test_planes_do_not_depend_on_what_was_fitted_before():
    view = look(_camera(161, 119), (0.2, -0.9, 1.35), 17.0, -22.0)
    depth = view.noisy(1e-3, 2e-3)
    random = np.random.default_rng(2)
    earlier = [
        random.integers(0, 65536, depth.shape).astype(np.uint16),
        np.zeros_like(depth),
        np.where(random.random(depth.shape) < 0.5, 1, 40).astype(np.uint16),
    ]
    for later in (depth, *earlier):
        alone = fit_planes(later, 1e-3)
        for before in (depth, *earlier):
            fitter = PlaneFitter(*depth.shape)
            fitter(before, 1e-3)
            again = fitter(later, 1e-3)
            np.testing.assert_array_equal(again.planes, alone.planes)
            np.testing.assert_array_equal(again.is_clean, alone.is_clean)
            assert again.noise == alone.noise


def test_two_surfaces_far_apart_are_not_taken_for_coarse_depth():
    depth = np.full((480, 640), 1000, np.uint16)
    depth[:, 300:] = 3000
    assert fit_planes(depth, 1e-3).noise.step == 0.0
