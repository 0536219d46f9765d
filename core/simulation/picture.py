"""Images stretched over one surface: paintings, views outdoors, screens, rugs."""

import cv2
import numpy as np

from core.simulation.texture import SIZE, Pattern, noise

_Color = tuple[float, float, float]


def _canvas(color: _Color) -> np.ndarray:
    return np.full((SIZE, SIZE, 3), color, np.float32)


def _gradient(top: _Color, bottom: _Color) -> np.ndarray:
    steps = np.linspace(0.0, 1.0, SIZE, dtype=np.float32)[:, None, None]
    rows = (
        np.array(top, np.float32) * (1 - steps) + np.array(bottom, np.float32) * steps
    )
    return np.repeat(rows, SIZE, axis=1)


def _hue(rng: np.random.Generator, saturation: float, value: float) -> _Color:
    """A random colour of the given strength."""
    hsv = np.array([[[rng.uniform(0, 360), saturation, value]]], np.float32)
    red, green, blue = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]
    return float(red), float(green), float(blue)


def _ridge(
    rng: np.random.Generator, level: float, relief: float, cells: int
) -> np.ndarray:
    """(SIZE, SIZE) bool below a random skyline at `level` (0 top, 1 bottom)."""
    skyline = SIZE * (level + relief * noise(rng, cells, 1)[0])
    return np.arange(SIZE)[:, None] > skyline[None, :]


def landscape(rng: np.random.Generator) -> np.ndarray:
    """Hills, or the sea, under a sky."""
    tint = rng.uniform(0.0, 1.0)
    image = _gradient(
        (0.35 + 0.5 * tint, 0.6, 0.9 - 0.4 * tint), (0.98, 0.88 - 0.2 * tint, 0.75)
    )
    sun = tuple(int(c) for c in rng.integers((40, 30), (216, 110)))
    cv2.circle(
        image, sun, int(rng.integers(10, 24)), (1.0, 0.96, 0.80), -1, cv2.LINE_AA
    )
    base = np.array(_hue(rng, 0.45, 0.6), np.float32)
    for depth, level in enumerate((0.45, 0.58, 0.72, 0.86)):
        shade = base * (1.05 - 0.22 * depth) + 0.10 * (3 - depth)
        image[_ridge(rng, level, 0.05, 4 + depth)] = np.clip(shade, 0, 1)
    return _painted(rng, image)


def abstract(rng: np.random.Generator) -> np.ndarray:
    """Overlapping shapes in a few colours."""
    image = _canvas((0.93, 0.91, 0.86))
    for _ in range(int(rng.integers(5, 10))):
        color = _hue(rng, rng.uniform(0.3, 0.75), rng.uniform(0.35, 0.95))
        x, y = (int(c) for c in rng.integers(20, 236, 2))
        if rng.random() < 0.5:
            radius = int(rng.integers(15, 70))
            cv2.circle(image, (x, y), radius, color, -1, cv2.LINE_AA)
        else:
            wide, high = (float(c) for c in rng.uniform(30, 140, 2))
            turn = float(rng.choice((0.0, 45.0, 90.0)))
            corners = cv2.boxPoints(((x, y), (wide, high), turn))
            cv2.fillConvexPoly(image, corners.astype(np.int32), color, cv2.LINE_AA)
    return _painted(rng, image)


def botanical(rng: np.random.Generator) -> np.ndarray:
    """A plant drawn on paper."""
    image = _canvas((0.95, 0.93, 0.88))
    green = (rng.uniform(0.15, 0.4), rng.uniform(0.35, 0.5), rng.uniform(0.2, 0.35))
    cv2.line(image, (128, 235), (128, 40), green, 3, cv2.LINE_AA)
    for row in range(60, 215, 22):
        reach = int(30 + 35 * np.sin(row / 256 * np.pi))
        for side in (-1, 1):
            centre = (128 + side * reach // 2, row - 8)
            axes = (reach // 2, 8)
            cv2.ellipse(
                image, centre, axes, -25.0 * side, 0, 360, green, -1, cv2.LINE_AA
            )
    return _painted(rng, image)


def portrait(rng: np.random.Generator) -> np.ndarray:
    """A head and shoulders in front of a dark ground."""
    image = _gradient(_hue(rng, 0.3, 0.45), _hue(rng, 0.4, 0.2))
    skin = np.array((0.87, 0.68, 0.54)) * rng.uniform(0.45, 1.0)
    coat = _hue(rng, 0.5, 0.4)
    cv2.ellipse(image, (128, 256), (92, 84), 0, 0, 360, coat, -1, cv2.LINE_AA)
    cv2.ellipse(
        image, (128, 104), (46, 58), 0, 0, 360, (0.2, 0.14, 0.1), -1, cv2.LINE_AA
    )
    cv2.ellipse(image, (128, 118), (37, 48), 0, 0, 360, skin.tolist(), -1, cv2.LINE_AA)
    return _painted(rng, cv2.GaussianBlur(image, (0, 0), 1.5))


def _painted(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    strokes = 0.02 * noise(rng, 60, 30) + 0.015 * noise(rng, 120, 120)
    return np.clip(image * 0.94 + strokes[..., None], 0.0, 1.0).astype(np.float32)


def outdoors(rng: np.random.Generator) -> np.ndarray:
    """What a window shows: sky, clouds, roofs or trees."""
    image = _gradient((0.62, 0.80, 1.0), (0.93, 0.97, 1.0))
    clouds = np.clip(0.45 * noise(rng, 4, 6) + 0.2 * noise(rng, 12, 14), 0, 1)[
        ..., None
    ]
    image = image * (1 - clouds) + clouds
    if rng.random() < 0.5:
        for _ in range(7):
            left, top = int(rng.integers(-10, 240)), int(rng.integers(120, 190))
            right = left + int(rng.integers(30, 70))
            color = np.array((0.78, 0.72, 0.68)) * rng.uniform(0.7, 1.1)
            cv2.rectangle(image, (left, top), (right, 256), color.tolist(), -1)
            for row in range(top + 8, 250, 18):
                for column in range(left + 6, right - 6, 14):
                    corner = (column + 6, row + 9)
                    cv2.rectangle(image, (column, row), corner, (0.5, 0.58, 0.66), -1)
    for level in (0.66, 0.78):
        trees = _ridge(rng, level, 0.05, 12)
        shade = 0.45 + 0.10 * noise(rng, 50, 50) + 0.1 * (level > 0.7)
        leaves = shade[..., None] * np.array((0.75, 1.0, 0.55))
        image = np.where(trees[..., None], leaves, image)
    return np.clip(image, 0.0, 1.0).astype(np.float32)


def screen_off(rng: np.random.Generator) -> np.ndarray:
    """Dark glass with a soft reflection of the room."""
    u = np.linspace(0, 1, SIZE, dtype=np.float32)
    sheen = np.clip(
        1.0 - np.abs(u[None] + 0.6 * u[:, None] - rng.uniform(0.4, 1.2)) * 2.2, 0, 1
    )
    return (0.07 + 0.10 * sheen[..., None] * np.array((0.9, 1.0, 1.1))).astype(
        np.float32
    )


def screen_on(rng: np.random.Generator) -> np.ndarray:
    """A monitor with windows, or a film."""
    if rng.random() < 0.4:
        return landscape(rng)
    image = _gradient(_hue(rng, 0.5, 0.5), _hue(rng, 0.6, 0.25))
    for _ in range(2):
        left, top = (int(c) for c in rng.integers(8, 110, 2))
        right, bottom = (
            left + int(rng.integers(90, 140)),
            top + int(rng.integers(80, 130)),
        )
        ground = 0.96 if rng.random() < 0.6 else 0.16
        cv2.rectangle(image, (left, top), (right, bottom), (ground,) * 3, -1)
        cv2.rectangle(image, (left, top), (right, top + 8), (0.4, 0.45, 0.5), -1)
        for row in range(top + 16, bottom - 6, 7):
            end = left + 6 + int(rng.integers(20, right - left - 10))
            cv2.line(image, (left + 6, row), (end, row), _hue(rng, 0.4, 0.55), 2)
    return image


def paper(rng: np.random.Generator) -> np.ndarray:
    """A printed sheet."""
    image = _canvas((0.97, 0.97, 0.95))
    cv2.rectangle(image, (30, 24), (int(rng.integers(110, 200)), 36), (0.25,) * 3, -1)
    for row in range(52, 236, 10):
        cv2.line(image, (30, row), (int(rng.integers(150, 228)), row), (0.5,) * 3, 3)
    return image


def whiteboard(rng: np.random.Generator) -> np.ndarray:
    """Marker scribbles and a box diagram on white."""
    image = _canvas((0.96, 0.97, 0.97))
    inks = ((0.1, 0.2, 0.65), (0.75, 0.1, 0.1), (0.1, 0.45, 0.2), (0.1, 0.1, 0.1))
    for _ in range(14):
        left, row = int(rng.integers(10, 190)), int(rng.integers(20, 240))
        steps = np.arange(0, int(rng.integers(20, 60)), 2)
        wave = 3.0 * np.sin(steps * rng.uniform(0.5, 1.2)) + rng.normal(
            0, 1.0, len(steps)
        )
        line = np.stack((left + steps, row + wave), axis=-1).astype(np.int32)
        cv2.polylines(image, [line], False, inks[rng.integers(4)], 1, cv2.LINE_AA)
    for _ in range(3):
        left, top = (int(c) for c in rng.integers(15, 180, 2))
        ink = inks[rng.integers(4)]
        cv2.rectangle(image, (left, top), (left + 45, top + 28), ink, 1, cv2.LINE_AA)
        cv2.line(
            image, (left + 45, top + 14), (left + 70, top + 20), ink, 1, cv2.LINE_AA
        )
    return image


def mirror(rng: np.random.Generator) -> np.ndarray:
    """A bright blurred room seen in glass."""
    image = _gradient((0.86, 0.90, 0.92), (0.55, 0.56, 0.56))
    return np.clip(image + 0.05 * noise(rng, 3, 3)[..., None], 0, 1).astype(np.float32)


def keyboard(rng: np.random.Generator) -> np.ndarray:
    """Five rows of keys."""
    image = _canvas((0.16, 0.16, 0.17))
    for row in range(5):
        left = 8 + int(rng.integers(0, 6))
        while left < 238:
            width = int(rng.choice((13, 13, 13, 20)))
            corner = (min(left + width, 248), 24 + row * 45 + 34)
            cv2.rectangle(image, (left, 24 + row * 45), corner, (0.30,) * 3, -1)
            left += width + 4
    return image


def spine(rng: np.random.Generator) -> np.ndarray:
    """A book's back, to be coloured: bands and a title."""
    image = _canvas((0.93, 0.93, 0.93))
    band = int(rng.integers(20, 60))
    tone = (0.55,) * 3 if rng.random() < 0.5 else (1.0, 1.0, 0.85)
    for row in (band, 256 - band):
        cv2.rectangle(image, (0, row - 8), (256, row + 8), tone, -1)
    for row in range(90, 90 + int(rng.integers(40, 90)), 14):
        cv2.rectangle(image, (70, row), (186, row + 8), tone, -1)
    return image


def cardboard(rng: np.random.Generator) -> np.ndarray:
    """A carton's side, taped across."""
    image = _canvas((0.76, 0.60, 0.42)) + 0.015 * noise(rng, 3, 90)[..., None]
    cv2.rectangle(image, (0, 112), (256, 144), (0.84, 0.74, 0.55), -1)
    if rng.random() < 0.6:
        cv2.rectangle(image, (160, 178), (232, 228), (0.95, 0.95, 0.92), -1)
        for row in range(186, 226, 8):
            cv2.line(image, (166, row), (222, row), (0.3,) * 3, 2)
    return np.clip(image, 0, 1).astype(np.float32)


def rug(rng: np.random.Generator) -> np.ndarray:
    """Borders, a field and a medallion, or broad stripes."""
    first, second = _hue(rng, 0.55, 0.55), _hue(rng, 0.45, 0.75)
    cream = (0.90, 0.85, 0.74)
    image = _canvas(first)
    if rng.random() < 0.4:
        for index, row in enumerate(range(0, SIZE, 32)):
            color = (first, cream, second, cream)[index % 4]
            cv2.rectangle(image, (0, row), (SIZE, row + 32), color, -1)
    else:
        cv2.rectangle(image, (14, 14), (241, 241), cream, -1)
        cv2.rectangle(image, (22, 22), (233, 233), second, -1)
        cv2.rectangle(image, (40, 40), (215, 215), first, -1)
        for row in range(31, 240, 13):
            for spot in ((row, 31), (row, 224), (31, row), (224, row)):
                cv2.circle(image, spot, 4, cream, -1, cv2.LINE_AA)
        for size, color in (
            (76, cream),
            (66, second),
            (42, cream),
            (32, first),
            (12, cream),
        ):
            diamond = np.array(
                (
                    (128 - size, 128),
                    (128, 128 - size),
                    (128 + size, 128),
                    (128, 128 + size),
                )
            )
            cv2.fillConvexPoly(image, diamond, color, cv2.LINE_AA)
    pile = 0.05 * noise(rng, 128, 128) + 0.02 * noise(rng, 20, 20)
    return np.clip(image * (0.92 + pile[..., None]), 0, 1).astype(np.float32)


STRETCHED: dict[str, Pattern] = {
    pattern.__name__: pattern
    for pattern in (
        landscape, abstract, botanical, portrait, outdoors, screen_off, screen_on,
        paper, whiteboard, mirror, keyboard, spine, cardboard, rug,
    )
}  # fmt: skip
