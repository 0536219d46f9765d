"""The paper's figures, and the curve that it leaves out: how many labels are needed."""

from functools import partial
from itertools import pairwise

from training.reproduce.arms import Arms
from training.reproduce.experiment import Comparison, Experiment, Row
from training.reproduce.figure3 import draw_height_distribution
from training.reproduce.figure4 import draw_agreement
from training.reproduce.figure6 import draw_point_cloud
from training.reproduce.figure8 import draw_panels
from training.reproduce.tables import ALL_STEPS, NONE


def figure7(arms: Arms) -> Experiment:
    """Accuracy against the number of pretraining images."""
    none = Row(NONE, arms.scratch("segnet"), series="HN", x=0)
    some = [
        Row(
            f"HN on {n} images",
            arms.pretrained("segnet", images=n),
            series="HN",
            x=n,
        )
        for n in arms.scale.images
    ]
    most = arms.scale.pretrain_frames
    every = Row(
        f"HN on all images (at most {most})",
        arms.pretrained("segnet"),
        series="HN",
        x=most,
    )
    rows = (none, *some, every)
    return Experiment(
        name="figure7",
        title="Figure 7: number of pretraining images",
        text="SegNet finetuned equally long on all labelled frames, after equally long "
        "HN pretraining on more and more images.",
        rows=rows,
        comparisons=tuple(
            Comparison(more.title, less.title) for less, more in pairwise(rows)
        ),
        x_name="pretraining images",
    )


def labels(arms: Arms) -> Experiment:
    """Few labels, with the same compute."""
    rows: list[Row] = []
    comparisons = []
    every = arms.num_labelled
    for n in (*(n for n in arms.scale.labelled if n < every), every):
        limit = None if n == every else n
        made = [
            Row(f"{series}, {n} labels", units, is_ours=True, series=series, x=n)
            for series, units in (
                (NONE, arms.scratch("segnet", labelled=limit)),
                (ALL_STEPS, arms.scratch_all_steps("segnet", labelled=limit)),
                ("HN", arms.pretrained("segnet", labelled=limit)),
            )
        ]
        rows += made
        comparisons += [
            Comparison(made[2].title, made[0].title, is_papers=False),
            Comparison(made[2].title, made[1].title, is_papers=False),
        ]
    return Experiment(
        name="labels",
        title="Labels: how many are needed",
        text="SegNet with fewer labelled frames: from random weights, from random "
        "weights for as many steps as pretraining and finetuning together, and from HN "
        "pretraining. The paper has no such table.",
        rows=tuple(rows),
        comparisons=tuple(comparisons),
        x_name="labelled frames",
    )


def figure3(arms: Arms) -> Experiment:
    """Heights of the classes."""
    return Experiment(
        name="figure3",
        title="Figure 3: how high the classes are",
        text="Heights above the floor of the pixels of the 40 classes, in the labelled "
        "training frames that show their floor.",
        draw=draw_height_distribution,
    )


def figure4(arms: Arms) -> Experiment:
    """Labels from different views."""
    return Experiment(
        name="figure4",
        title="Figure 4: labels do not depend on the view",
        text="Points that two frames of a recording both see, found by its poses, and "
        "how many of them have the same HN-label in both.",
        draw=draw_agreement,
    )


def figure6(arms: Arms) -> Experiment:
    """Labels in space."""
    return Experiment(
        name="figure6",
        title="Figure 6: labels on the point cloud",
        text="HN-labels of some frames of a recording, put together by its poses.",
        draw=draw_point_cloud,
    )


def figure8(arms: Arms) -> Experiment:
    """Predictions to look at."""
    scratch, hn = arms.scratch("segnet")[0][0], arms.pretrained("segnet")[0][0]
    return Experiment(
        name="figure8",
        title="Figure 8: what the networks see",
        text="Frames held out, the same distance apart: not chosen.",
        draw=partial(draw_panels, columns=((NONE, scratch), ("HN", hn))),
        drawn_specs=(scratch, hn),
    )
