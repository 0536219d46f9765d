"""Figure 8: what networks that were finetuned from different starts see."""

import cv2
import numpy as np

from core.bins import HNBins
from core.errors import HNError
from core.files import write_atomically
from core.overlay import colorize_classes, semantic_palette
from training.datasets.frame_source import Recipe
from training.evaluation import predictions
from training.reproduce.experiment import Drawing, Picture
from training.reproduce.measure import held_out, measured_network
from training.reproduce.pictures import png
from training.reproduce.spec import Spec

NUM_FRAMES = 6
WIDTH = 240


def draw_panels(
    drawing: Drawing, columns: tuple[tuple[str, Spec], ...]
) -> list[Picture]:
    """A row a frame: colour, truth, and the classes that each network sees."""
    part = drawing.part
    shown = []
    for title, spec in columns:
        if spec not in drawing.runs:
            raise HNError(f"{title} has no result")
        run = measured_network(drawing.runs[spec], part)
        recipe = Recipe(run.recipe.size, HNBins())
        found, names = held_out(drawing.data.labelled, recipe, part)
        shown.append(list(predictions(run.network, found.evenly(NUM_FRAMES))))
    palette = semantic_palette(len(names))
    rows = []
    for of_frame in zip(*shown, strict=True):
        rgb, target, _ = of_frame[0]
        images = [rgb, colorize_classes(target, palette)]
        images += [colorize_classes(predicted, palette) for _, _, predicted in of_frame]
        rows.append(np.hstack([_scaled(image) for image in images]))
    file = drawing.folder / f"{drawing.name}.png"
    write_atomically(file, png(np.vstack(rows)))
    titles = ", ".join(title for title, _ in columns)
    return [Picture(file, f"Colour, truth, {titles}; {len(rows)} {part} frames.")]


def _scaled(image: np.ndarray) -> np.ndarray:
    height = round(image.shape[0] * WIDTH / image.shape[1])
    return cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_NEAREST_EXACT)
