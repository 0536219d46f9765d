"""Colours: HN palettes, semantic palettes, depth colours, blending, legends' pixels."""

import colorsys

import cv2
import numpy as np

from core.bins import IGNORE_LABEL, HNBins

HORIZONTAL_LIGHTNESS, VERTICAL_LIGHTNESS = 1.0, 0.62
# Blues for what is right or nearly so, warm colours for mistakes: they differ in
# lightness too, and so for every kind of colour blindness (Okabe and Ito's colours).
DISAGREEMENT_COLOURS = ((0, 114, 178), (86, 180, 233), (213, 94, 0), (240, 228, 66))
DEPTH_RANGE_M = (0.4, 6.0)
HEIGHT_RANGE_M = (0.0, 2.5)  # our choice: the default bins and the one above them
_COARSEST_ROWS = 120
_LAST_STEP = 254  # of a palette of values; 255 is IGNORE_LABEL


def class_palette(bins: HNBins) -> np.ndarray:
    """(256, 3) uint8 RGB of the HN classes; black above them.

    Height runs through the turbo colour map; the steeper the surface, the darker.
    """
    ramp = np.linspace(0.08, 0.95, bins.num_heights) * 255
    heights = _colormap(ramp, cv2.COLORMAP_TURBO)
    shades = np.linspace(HORIZONTAL_LIGHTNESS, VERTICAL_LIGHTNESS, bins.num_angles)
    palette = np.zeros((256, 3), np.uint8)
    colours = np.rint(shades[:, None, None] * heights).reshape(-1, 3)
    palette[: bins.num_classes] = colours
    return palette


def semantic_palette(num_classes: int) -> np.ndarray:
    """(256, 3) uint8 RGB of `num_classes` classes, unlike their neighbours."""
    palette = np.zeros((256, 3), np.uint8)
    for k in range(min(num_classes, IGNORE_LABEL)):
        hue = (k * 0.618034) % 1.0  # the golden ratio keeps any run of hues apart
        value, saturation = (0.95, 0.7, 0.82)[k % 3], (0.55, 0.8, 0.35)[(k // 3) % 3]
        palette[k] = np.rint(
            255 * np.array(colorsys.hsv_to_rgb(hue, saturation, value))
        )
    return palette


def disagreement_palette() -> np.ndarray:
    """(256, 3) uint8 RGB of the kinds of `core.disagreement`; black above them."""
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(DISAGREEMENT_COLOURS)] = DISAGREEMENT_COLOURS
    return palette


def height_palette() -> np.ndarray:
    """(256, 3) uint8 RGB of the steps 0..254 of `to_steps`: low dark, high bright.

    Equal steps look equal, to every kind of colour blindness too.
    """
    return _even_palette(cv2.COLORMAP_VIRIDIS)


def angle_palette() -> np.ndarray:
    """(256, 3) uint8 RGB of the steps 0..254 of `to_steps`: flat dark, upright bright.

    As even as the heights'.
    """
    return _even_palette(cv2.COLORMAP_PLASMA)


def to_steps(values: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    """(H, W) float32 to uint8 steps 0 (lowest or less) .. 254 (highest or more); 255
    where nan."""
    steps = (values - np.float32(lowest)) * np.float32(_LAST_STEP / (highest - lowest))
    np.clip(steps, 0.0, _LAST_STEP, out=steps)
    steps[np.isnan(steps)] = IGNORE_LABEL
    return np.rint(steps, out=steps).astype(np.uint8)


def colorize_classes(classes: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """(H, W) classes as (H, W, 3) uint8 RGB; ignored pixels black."""
    palette = palette.copy()
    palette[IGNORE_LABEL] = 0
    return np.take(palette, classes, axis=0)


def blend(
    rgb: np.ndarray, classes: np.ndarray, palette: np.ndarray, opacity: float = 0.5
) -> np.ndarray:
    """(H, W, 3) uint8 photo under its classes' colours; ignored pixels unchanged."""
    colours = _colours(classes, palette)
    mixed = cv2.addWeighted(colours, opacity, rgb, 1.0 - opacity, 0.0)
    ignored = (classes == IGNORE_LABEL).view(np.uint8)
    return cv2.copyTo(rgb, ignored, mixed)


def without_specks(classes: np.ndarray, height: int, width: int) -> np.ndarray:
    """(H, W) uint8 classes as (height, width), without specks and steps.

    Each pixel becomes the median class of those around it, from coarse to fine.
    """
    size, num_rows = (width, height), min(_COARSEST_ROWS, height)
    while True:
        num_columns = max(1, round(num_rows * width / height))
        is_last = num_rows * 2 > height
        classes = cv2.resize(
            classes,
            size if is_last else (num_columns, num_rows),
            interpolation=cv2.INTER_NEAREST,
        )
        classes = cv2.medianBlur(classes, 5)
        if is_last:
            return classes
        num_rows *= 2


def draw_borders(
    image: np.ndarray, classes: np.ndarray, palette: np.ndarray
) -> np.ndarray:
    """(H, W, 3) uint8 image with a line along the borders of its (H, W) classes.

    Like height lines on a map: two pixels wide, each side in the colour of its class,
    between dark edges that set them off from any picture.
    """
    is_border = np.zeros(classes.shape, np.uint8)
    down = cv2.compare(classes[1:], classes[:-1], cv2.CMP_NE)
    right = cv2.compare(classes[:, 1:], classes[:, :-1], cv2.CMP_NE)
    for side, differs in (
        (is_border[1:], down),
        (is_border[:-1], down),
        (is_border[:, 1:], right),
        (is_border[:, :-1], right),
    ):
        cv2.bitwise_or(side, differs, dst=side)
    edges = cv2.dilate(is_border, np.ones((3, 3), np.uint8))
    lined = cv2.copyTo(image // 3, edges, image.copy())
    return cv2.copyTo(_colours(classes, palette), is_border, lined)


def to_rgb32(rgb: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 to (H, W) uint32 0xffRRGGBB, which Qt paints fastest."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA).view("<u4")[..., 0]


def colorize_depth(
    depth: np.ndarray,
    depth_scale: float,
    near_m: float = DEPTH_RANGE_M[0],
    far_m: float = DEPTH_RANGE_M[1],
) -> np.ndarray:
    """(h, w, 3) uint8 RGB of uint16 depth: near warm, far cold, missing black."""
    depth_m = depth.astype(np.float32) * np.float32(depth_scale)
    colours = depth_colours((depth_m - near_m) / (far_m - near_m))
    colours[depth == 0] = 0
    return colours


def depth_colours(fraction: np.ndarray) -> np.ndarray:
    """(..., 3) uint8 RGB of depths given as 0 (near) .. 1 (far)."""
    ramp = 255.0 * (0.95 - 0.87 * np.clip(fraction, 0.0, 1.0))
    return _colormap(ramp, cv2.COLORMAP_TURBO)


def _colours(classes: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """palette[classes] of (H, W) uint8 in less than half of NumPy's time."""
    return cv2.LUT(cv2.merge((classes, classes, classes)), palette[None])


def _even_palette(colormap: int) -> np.ndarray:
    palette = np.zeros((256, 3), np.uint8)
    palette[: _LAST_STEP + 1] = _colormap(np.linspace(0, 255, _LAST_STEP + 1), colormap)
    return palette


def _colormap(ramp: np.ndarray, colormap: int) -> np.ndarray:
    grey = np.atleast_2d(np.rint(ramp).astype(np.uint8))
    return cv2.applyColorMap(grey, colormap)[..., ::-1].reshape(*ramp.shape, 3).copy()
