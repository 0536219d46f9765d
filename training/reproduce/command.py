"""`hn-reproduce`: the paper's tables and figures, ours beside them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from core.command import run_command
from core.errors import HNError
from training.presets import PresetName

if TYPE_CHECKING:
    from training.reproduce.arms import Arms
    from training.reproduce.experiment import Experiment

Name = Literal[
    "table2", "table3", "table4", "table5", "table6", "figure3", "figure4", "figure6",
    "figure7", "figure8", "labels", "all",
]  # fmt: skip


@dataclass(frozen=True)
class ReproduceConfig:
    """Run the paper's experiments, and print its tables beside ours.

    For example: hn-reproduce table2 --data nyu/ --free recordings/ simulated:300
    """

    experiments: Annotated[
        tuple[Name, ...], tyro.conf.Positional, tyro.conf.arg(metavar="NAME...")
    ]
    """table2: kinds of HN-labels. table3: networks and pretraining data. table4:
    CamVid. table5: fixed layers. table6: cross-stitching. figure3: heights of classes.
    figure4: labels from different views. figure6: labels on a point cloud. figure7:
    number of pretraining images. figure8: pictures. labels: number of labels. all."""
    data: tuple[str, ...]
    """NYUv2's labelled frames, as for hn-train; pretrained on, finetuned and tested."""
    free: tuple[str, ...] = ()
    """More to pretrain on, as for hn-train: recordings, simulated:300. Those with
    poses are what figures 4 and 6 show."""
    camvid: Path | None = None
    """CamVid, for table 4."""
    cifar100: Path | None = None
    """CIFAR-100's binary version, for table 3."""
    weights: Path | None = None
    """Of the encoder that ImageNet is compared on, instead of what is downloaded."""
    scale: PresetName = "laptop"
    """paper: the paper's sizes, for a GPU. laptop: a night on two cores. smoke: some
    minutes, to see that everything works."""
    out: Path = Path("results")
    """Where pages, numbers and runs go; what is finished there is used again."""
    seeds: str | None = None
    """Pretrainings x finetunings of each, such as 3x3, instead of the scale's."""
    jobs: int = 2
    """Runs at once, each on one thread."""
    part: Literal["test", "validation"] = "test"
    """The frames that are measured. Whoever tries out recipes takes validation: test
    frames are for the final number."""
    notes: Path = Path("docs/results/notes")
    """A folder with EXPERIMENT.md for what is known about why a result is as it is."""
    dry_run: bool = False
    """Only say what would be run, what is missing, and how long it takes."""


def main() -> None:
    """Entry point of hn-reproduce."""
    run_command("hn-reproduce", ReproduceConfig, reproduce)


def reproduce(config: ReproduceConfig) -> str:
    """Run what is not finished, write the pages; where they are, for people."""
    _check(config)
    from training.reproduce.data import in_words, state_of_data
    from training.reproduce.plan import missing_lines, plan_text, step_seconds

    arms, experiments = _asked(config)
    places = [*config.data, *config.free]
    files = (config.camvid, config.cifar100, config.weights)
    places += [str(file) for file in files if file is not None]
    states = {place: state_of_data(place) for place in places}
    if config.dry_run:
        step_s = step_seconds(arms.scale)
        plan = plan_text(experiments, step_s, config.out / "runs", states, config.jobs)
        return "\n".join([*in_words(arms.data), plan, *missing_lines(experiments)])
    from training.reproduce.make import make_all

    return make_all(config, arms, experiments, states)


def _asked(config: ReproduceConfig) -> "tuple[Arms, list[Experiment]]":
    """What makes the runs, and the experiments that are asked for, each once."""
    from training.reproduce.arms import Arms
    from training.reproduce.data import Data, count_labelled
    from training.reproduce.experiments import EXPERIMENTS
    from training.reproduce.scales import SCALES

    scale = SCALES[config.scale]
    data = Data(
        config.data, config.free, config.camvid, config.cifar100, config.weights
    )
    num_labelled = count_labelled(data.labelled).train
    num_camvid = 0
    if data.camvid is not None:
        num_camvid = count_labelled((str(data.camvid),), needs_nyu40=False).train
    seeds = _seeds(config) or scale.seeds
    arms = Arms(scale, data, seeds, num_labelled, num_camvid)
    wanted = EXPERIMENTS if "all" in config.experiments else config.experiments
    made = [EXPERIMENTS[name](arms) for name in dict.fromkeys(wanted)]  # type: ignore[index]
    return arms, made


def _check(config: ReproduceConfig) -> None:
    if not config.experiments:
        raise HNError("no experiment is named; expected table2, figure3, ... or all")
    if config.jobs < 1:
        raise HNError(f"--jobs is {config.jobs}; expected 1 or more")
    _seeds(config)


def _seeds(config: ReproduceConfig) -> tuple[int, int] | None:
    if config.seeds is None:
        return None
    words = config.seeds.split("x")
    if len(words) != 2 or not all(w.isdecimal() and int(w) for w in words):
        raise HNError(
            f"--seeds is {config.seeds}; expected pretrainings x finetunings, such as "
            "3x3"
        )
    return int(words[0]), int(words[1])
