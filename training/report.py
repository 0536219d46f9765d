"""report.html: a run on one page that needs no network and no script."""

from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path

import cv2
import numpy as np

from core.files import write_atomically
from core.overlay import colorize_classes
from training.charts import Curve, confusion_chart, data_url, line_chart
from training.evaluation import predictions
from training.log import MetricsLog
from training.summary import ClassShares, DataSummary
from training.trained import TrainedNetwork

NUM_PANELS = 6
NUM_NAMED = 5
MAX_PICTURE_WIDTH = 320
PARTS = {
    "test": "test frames, which training never saw",
    "validation": "validation frames, for want of test frames",
    "train": "the training frames themselves, for want of others: not a measure of "
    "how it does on new ones",
}


def write_report(
    path: Path,
    name: str,
    networks: Sequence[TrainedNetwork],
    data: Sequence[DataSummary],
    notes: Sequence[str],
    facts: dict[str, str],
    log: MetricsLog,
) -> None:
    """Write the page. `networks` has the final one first; `facts` are the settings."""
    sections = [
        f"<h1>{escape(name)}</h1>",
        *(f'<p class="note">{escape(note)}</p>' for note in notes),
        _headline(networks),
        *(_panels(trained) for trained in networks),
        _curves(networks, log),
        *(_classes(trained) for trained in networks),
        _data(data),
        _facts(facts),
    ]
    style = resources.files("training").joinpath("data/report.css").read_text("utf-8")
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(name)}</title><style>{style}</style></head>"
        f"<body><main>{''.join(sections)}</main></body></html>\n"
    )
    write_atomically(path, page.encode())


def percent(share: float | None) -> str:
    """A share for people."""
    return "-" if share is None or not np.isfinite(share) else f"{100 * share:.1f} %"


def _headline(networks: Sequence[TrainedNetwork]) -> str:
    return "".join(
        f"<h2>{trained.title}</h2>"
        f"<p>Trained on {trained.num_trained} frames; measured on "
        f"{len(trained.evaluated)} {PARTS[trained.part]}.</p>"
        '<div class="cards">'
        + "".join(
            f"<div><b>{percent(value)}</b>{label}</div>"
            for label, value in (
                ("global accuracy", trained.scores.global_accuracy),
                ("class accuracy", trained.scores.class_accuracy),
                ("mean IoU", trained.scores.mean_iou),
            )
        )
        + "</div>"
        for trained in networks
    )


def _panels(trained: TrainedNetwork) -> str:
    palette = trained.info.palette
    shown = trained.evaluated.evenly(NUM_PANELS)
    rows, seen = [], np.zeros(256, bool)
    for rgb, target, predicted in predictions(trained.network, shown):
        # Where nothing is known about the truth, the prediction is shown all the same.
        seen[target], seen[predicted] = True, True
        rows += [
            _picture(rgb, is_photo=True),
            _picture(colorize_classes(target, palette)),
            _picture(colorize_classes(predicted, palette)),
        ]
    swatches = "".join(
        f'<span><i style="background:rgb{tuple(palette[k].tolist())}"></i>'
        f"{escape(name)}</span>"
        for k, name in enumerate(trained.info.class_names)
        if seen[k]
    )
    return (
        f"<h2>{trained.title}: pictures</h2>"
        '<div class="panels"><b>colour</b><b>truth</b><b>prediction</b>'
        f'{"".join(rows)}</div><div class="key">{swatches}'
        '<span><i style="background:#000"></i>no label</span></div>'
    )


def _picture(image: np.ndarray, is_photo: bool = False) -> str:
    height, width = image.shape[:2]
    if width > MAX_PICTURE_WIDTH:
        height = round(height * MAX_PICTURE_WIDTH / width)
        method = cv2.INTER_AREA if is_photo else cv2.INTER_NEAREST_EXACT
        image = cv2.resize(image, (MAX_PICTURE_WIDTH, height), interpolation=method)
    return f'<img alt="" src="{data_url(image, is_photo)}">'


def _curves(networks: Sequence[TrainedNetwork], log: MetricsLog) -> str:
    charts = []
    for trained in reversed(networks):  # in the order in which they were trained
        stage = trained.stage
        measures = [
            Curve(name, log.curve(stage, f"validation_{key}"))
            for name, key in (
                ("global accuracy", "global_accuracy"),
                ("class accuracy", "class_accuracy"),
                ("mean IoU", "mean_iou"),
            )
        ]
        loss = Curve("training loss", log.curve(stage, "loss"))
        charts += [
            f"<figure><figcaption>{stage}: loss</figcaption>"
            f"{line_chart([loss])}</figure>",
            f"<figure><figcaption>{stage}: validation frames</figcaption>"
            f"{line_chart(measures, is_share=True)}</figure>",
        ]
    return f'<h2>Curves over steps</h2><div class="charts">{"".join(charts)}</div>'


def _classes(trained: TrainedNetwork) -> str:
    scores, palette = trained.scores, trained.info.palette
    pixels = scores.confusion.sum(axis=1)
    rows = "".join(
        f'<tr><td><i style="background:rgb{tuple(palette[k].tolist())}"></i>'
        f"{escape(name)}</td><td>{percent(pixels[k] / pixels.sum())}</td>"
        f"{_bar(scores.class_accuracies[k])}{_bar(scores.class_ious[k])}</tr>"
        for k, name in enumerate(trained.info.class_names)
        if pixels[k]
    )
    absent = [n for k, n in enumerate(trained.info.class_names) if not pixels[k]]
    return (
        f"<h2>{trained.title}: class by class</h2><table><tr><th>class</th>"
        f"<th>pixels</th><th>accuracy</th><th>IoU</th></tr>{rows}</table>"
        + (
            f"<p>Not in these frames: {escape(', '.join(absent))}.</p>"
            if absent
            else ""
        )
        + f"<h2>{trained.title}: confusion</h2><p>A row is a true class, a column what "
        "it was taken for; the darker, the larger the share.</p>"
        + confusion_chart(scores.confusion, trained.info.class_names)
    )


def _bar(share: float) -> str:
    width = f"{100 * share:.1f}px"
    return f'<td class="bar"><s style="width:{width}"></s>{percent(share)}</td>'


def _data(data: Sequence[DataSummary]) -> str:
    rows = "".join(
        f"<tr><td>{escape(d.name)}</td><td>{d.num_frames}</td><td>{d.num_test}</td>"
        f"<td>{_shares(d.hn)}</td><td>{_shares(d.semantic)}</td>"
        f"<td>{escape(', '.join(f'{n}: {why}' for why, n in d.skipped))}</td></tr>"
        for d in data
    )
    return (
        "<h2>The data</h2><table><tr><th>dataset</th><th>frames</th>"
        "<th>for testing</th><th>HN-labels</th><th>semantic labels</th>"
        "<th>frames skipped</th></tr>"
        f"{rows}</table>"
    )


def _shares(classes: ClassShares) -> str:
    if not classes.num_frames:
        return "-"
    ignored = f"{percent(classes.ignored)} of pixels ignored"
    named = [f"{escape(name)} {percent(s)}" for name, s in classes.shares[:NUM_NAMED]]
    return "<br>".join((f"{classes.num_frames} frames, {ignored}", *named))


def _facts(facts: dict[str, str]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>"
        for name, value in facts.items()
    )
    return f"<h2>Settings</h2><table>{rows}</table>"
