"""The paper's tables, with the arms that it leaves out.

The order in which rows are expected is that in which the paper lists them; its numbers
are not at hand, but for the ratio of HN pretraining to none.
"""

from typing import Literal

from training.reproduce.arms import FIVE_BINS, HEIGHT_ONLY, Arms, Units
from training.reproduce.experiment import Comparison, Experiment, Row
from training.reproduce.scales import Role

NONE, HEIGHT, FIVE, TEN = (
    "no pre-training",
    "height only",
    "5 bins + normals",
    "10 bins + normals",
)
ALL_STEPS = "no pre-training, all steps"
SHUFFLED = "HN-labels of other frames"
DEPTH = "depth regression"
QUARTER = "10 bins + normals, a quarter of the steps"
TABLE3_CLASSES = (
    "wall",
    "floor",
    "cabinet",
    "bed",
    "bookshelf",
    "sofa",
    "dresser",
)
PAPERS_RATIO = "the paper's ratio is 2.08"
AIMED_RATIO = 1.6


def table2(arms: Arms) -> Experiment:
    """What kind of HN-labels, against none."""
    quarter = arms.recipe("segnet").finetune_steps // arms.scale.quarter
    return Experiment(
        name="table2",
        title="Table 2: kinds of HN-labels",
        text="SegNet finetuned equally long on all labelled frames, from different "
        "pretrainings. Below are arms that the paper leaves out: from scratch for as "
        "many steps as pretraining and finetuning together; pretraining on the "
        "HN-labels of other frames (a control), and on depth; and finetuning after HN "
        "pretraining for a quarter of the steps.",
        rows=(
            Row(NONE, arms.scratch("segnet")),
            Row(HEIGHT, arms.pretrained("segnet", bins=HEIGHT_ONLY)),
            Row(FIVE, arms.pretrained("segnet", bins=FIVE_BINS)),
            Row(TEN, arms.pretrained("segnet")),
            Row(ALL_STEPS, arms.scratch_all_steps("segnet"), is_ours=True),
            Row(
                SHUFFLED,
                arms.pretrained("segnet", pretext="hn-shuffled"),
                is_ours=True,
            ),
            Row(DEPTH, arms.pretrained("segnet", pretext="depth"), is_ours=True),
            Row(QUARTER, arms.pretrained("segnet", steps=quarter), is_ours=True),
        ),
        comparisons=(
            Comparison(HEIGHT, NONE),
            Comparison(FIVE, HEIGHT),
            Comparison(TEN, FIVE),
            Comparison(TEN, NONE, factor=AIMED_RATIO, paper=PAPERS_RATIO),
            Comparison(QUARTER, NONE, is_papers=False),
            Comparison(TEN, ALL_STEPS, is_papers=False),
            Comparison(TEN, SHUFFLED, is_papers=False),
            Comparison(TEN, DEPTH, is_papers=False),
        ),
    )


def table3(arms: Arms) -> Experiment:
    """Networks, and what they are pretrained on."""
    rows: list[Row] = []
    comparisons = []
    for role in arms.scale.networks:
        title = arms.recipe(role).title
        rows += [
            Row(f"{title}: no pre-training", arms.scratch(role)),
            Row(f"{title}: CIFAR-100", *_if_there(arms, role, "cifar100")),
            Row(f"{title}: ImageNet", *_if_there(arms, role, "imagenet")),
            Row(f"{title}: HN", arms.pretrained(role)),
        ]
        comparisons.append(Comparison(rows[-1].title, rows[-4].title))
    return Experiment(
        name="table3",
        title="Table 3: networks and pretraining data",
        text="Each network from random weights, from encoders trained on CIFAR-100 and "
        "ImageNet, and from HN pretraining, finetuned equally long on all labelled "
        "frames. Classes are given by their IoU.",
        rows=tuple(rows),
        comparisons=tuple(comparisons),
        classes=TABLE3_CLASSES,
    )


def table4(arms: Arms) -> Experiment:
    """Indoor HN pretraining for streets."""
    rows: list[Row] = []
    comparisons = []
    missing = arms.no_camvid()
    for epochs in arms.scale.epochs:
        steps = max(1, round(epochs * arms.num_camvid / arms.scale.batch_size))
        for series, make in (
            ("no pre-training", arms.scratch),
            ("HN", arms.pretrained),
        ):
            units = () if missing else make("segnet", steps=steps, on_camvid=True)
            title = f"{series}, {epochs} epochs"
            rows.append(Row(title, units, missing, series=series, x=epochs))
        comparisons.append(Comparison(rows[-1].title, rows[-2].title))
    return Experiment(
        name="table4",
        title="Table 4: CamVid",
        text="SegNet finetuned on CamVid for some epochs, from random weights and from "
        "the HN pretraining on rooms.",
        rows=tuple(rows),
        comparisons=tuple(comparisons),
        x_name="epochs",
        on_camvid=True,
    )


def table5(arms: Arms) -> Experiment:
    """Fixed layers."""
    rows = []
    for fixed in (0, *arms.scale.fixed_layers):
        rows.append(
            Row(
                f"HN, {_fixed(fixed)}",
                arms.pretrained("segnet", freeze=fixed),
                series="HN",
                x=fixed,
            )
        )
    role = arms.imagenet_role
    missing = arms.no_imagenet(role)
    title = f"ImageNet ({arms.recipe(role).title})"
    for fixed in (0, *arms.scale.fixed_layers):
        units = () if missing else arms.imagenet(role, freeze=fixed)
        rows.append(
            Row(f"{title}, {_fixed(fixed)}", units, missing, series=title, x=fixed)
        )
    return Experiment(
        name="table5",
        title="Table 5: fixed layers",
        text="The first stages of the encoder stay as they were pretrained while the "
        "rest is finetuned.",
        rows=tuple(rows),
        x_name="fixed stages",
    )


def table6(arms: Arms) -> Experiment:
    """Cross-stitching."""
    none, stitched = "no cross-stitching", "cross-stitching"
    return Experiment(
        name="table6",
        title="Table 6: cross-stitching",
        text="SegNet finetuned from HN pretraining, alone and beside the HN network, "
        "which stays as it is and lends its features.",
        rows=(
            Row(none, arms.pretrained("segnet")),
            Row(stitched, arms.pretrained("segnet", cross_stitch=True)),
        ),
        comparisons=(Comparison(stitched, none),),
    )


def _if_there(
    arms: Arms, role: Role, kind: Literal["cifar100", "imagenet"]
) -> tuple[Units, str | None]:
    """The units of an arm, and why it cannot be run."""
    missing = arms.no_cifar100() if kind == "cifar100" else arms.no_imagenet(role)
    make = arms.cifar100 if kind == "cifar100" else arms.imagenet
    return (() if missing else make(role)), missing


def _fixed(stages: int) -> str:
    return "none fixed" if stages == 0 else f"{stages} fixed"
