"""The colours of values: heights and angles."""

import numpy as np
import pytest

from core.overlay import angle_palette, height_palette, to_steps


def _lightness(rgb: np.ndarray) -> np.ndarray:
    """CIE L* of (n, 3) sRGB 0..255 (IEC 61966-2-1)."""
    share = rgb / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    return np.where(
        luminance > 216 / 24389, 116 * np.cbrt(luminance) - 16, luminance * 24389 / 27
    )


@pytest.mark.parametrize("palette", [height_palette(), angle_palette()])
def test_lightness_alone_tells_values_apart_in_even_steps(palette: np.ndarray) -> None:
    """So that no kind of colour blindness, nor a grey printer, loses any."""
    lightness = _lightness(palette[:255].astype(float))
    quarters = np.diff(lightness[[0, 63, 127, 190, 254]])
    assert (quarters > 12).all() and quarters.max() < 1.6 * quarters.min()
    assert not palette[255].any()


def test_values_become_steps_of_equal_width_between_the_ends():
    values = np.array([[-3.0, 0.4, 1.4, 2.4, 9.0, np.nan]], np.float32)
    assert to_steps(values, 0.4, 2.4).tolist() == [[0, 0, 127, 254, 254, 255]]
    before = values.copy()
    to_steps(values, 0.0, 1.0)
    np.testing.assert_array_equal(values, before)
