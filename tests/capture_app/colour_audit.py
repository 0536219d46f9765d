"""Whether words stand out from their ground and colours from each other, for every kind
of eye."""

import numpy as np
from colour_vision import EYES
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QWidget
from window_audit import name, painted_words, visible

LEAST_CONTRAST, LEAST_OF_DISABLED = 4.5, 3.0  # WCAG 2.2, 1.4.3; ours for the disabled

# sRGB to XYZ at D65, and the white of D65: IEC 61966-2-1.
_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)
_BORDER = 4  # pixels of a button's edge, which is no ink


def contrast(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """1..21 of (..., 3) sRGB colours 0..255, as WCAG 2.2 defines it."""
    a, b = _luminance(one), _luminance(other)
    return (np.maximum(a, b) + 0.05) / (np.minimum(a, b) + 0.05)


def lab_seen_by(colours: np.ndarray, eye: str) -> np.ndarray:
    """(..., 3) CIELAB of (..., 3) sRGB colours 0..255 as this kind of eye sees them."""
    seen = np.clip(_linear(colours) @ np.transpose(EYES[eye]), 0.0, 1.0)
    xyz = seen @ np.transpose(_TO_XYZ) / _WHITE
    cubed = np.where(
        xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116
    )  # CIE 15, eq. 8.6 on
    x, y, z = np.moveaxis(cubed, -1, 0)
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)


def distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """CIELAB distance (CIE 1976) of (..., 3) sRGB colours, to the eye that tells them
    apart least."""
    return np.min(
        [
            np.linalg.norm(lab_seen_by(one, eye) - lab_seen_by(other, eye), axis=-1)
            for eye in EYES
        ],
        axis=0,
    )


def faint_texts(window: QWidget) -> list[str]:
    """Words that stand out too little from what they are painted on."""
    image = pixels(window.grab().toImage())
    scale = window.devicePixelRatioF()
    faults = []
    for kind in (QLabel, QAbstractButton, QComboBox, QLineEdit):
        for widget in visible(window, kind):
            border = 0 if isinstance(widget, QLabel) else _BORDER
            area = widget.contentsRect().adjusted(border, border, -border, -border)
            area = area.intersected(widget.visibleRegion().boundingRect())
            if not _words_of(widget) or area.isEmpty():
                continue
            place = QRect(widget.mapTo(window, area.topLeft()), area.size())
            least = LEAST_CONTRAST if widget.isEnabled() else LEAST_OF_DISABLED
            found = _ink_contrast(image, QRectF(place), scale)
            if found < least:
                faults.append(f"{name(widget)} has a contrast of {found:.2f}")
    for widget, words, area in painted_words(window):
        area = area.intersected(QRectF(widget.visibleRegion().boundingRect()))
        area.translate(widget.mapTo(window, QPoint(0, 0)))
        # Words over a photo bring their ground along, as a rim.
        found = _ink_contrast(image, area, scale, has_rim=True)
        if widget.isEnabled() and found < LEAST_CONTRAST:
            faults.append(f"{name(widget)} paints {words!r} with {found:.2f}")
    return faults


def pixels(image: QImage) -> np.ndarray:
    """(H, W, 3) uint8 RGB of a picture of Qt's."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8)
    rows = rows.reshape(image.height(), image.bytesPerLine())[:, : 4 * image.width()]
    return rows.reshape(image.height(), image.width(), 4)[..., 2::-1].copy()


def _ink_contrast(
    image: np.ndarray, area: QRectF, scale: float, has_rim: bool = False
) -> float:
    """Of the ink that stands out most from the commonest colour of an area, or from any
    other of its colours."""
    left, top = round(area.left() * scale), round(area.top() * scale)
    right, bottom = round(area.right() * scale), round(area.bottom() * scale)
    crop = image[max(top, 0) : bottom, max(left, 0) : right].reshape(-1, 3)
    if not len(crop):
        return np.inf
    colours, counts = np.unique(crop, axis=0, return_counts=True)
    grounds = colours[:, None] if has_rim else colours[counts.argmax()]
    return float(contrast(colours, grounds).max())


def _words_of(widget: QWidget) -> str:
    if isinstance(widget, QComboBox):
        return widget.currentText()
    if isinstance(widget, QLineEdit):
        return widget.displayText() or widget.placeholderText()
    return widget.text()  # type: ignore[attr-defined, no-any-return]


def _linear(colours: np.ndarray) -> np.ndarray:
    share = np.asarray(colours, np.float64) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _luminance(colours: np.ndarray) -> np.ndarray:
    return _linear(colours) @ np.array(_TO_XYZ[1])
