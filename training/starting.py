"""What the network of each stage starts from (sections 3.3 and 4)."""

from collections.abc import Callable
from pathlib import Path

from training.config import TrainConfig
from training.models.build import build_network
from training.models.cross_stitch import CrossStitch
from training.models.network import Network
from training.plan import INITS
from training.presets import Preset
from training.pretrained.cifar100 import Classifier, open_cifar100
from training.pretrained.imagenet import load_imagenet
from training.stage import check_batch
from training.transfer import copy_all_but_last, copy_encoder, load_hn_network

BUILT_BY_RUN = ("hn", "none", "cifar100")
"""Of --init: what needs nothing from elsewhere to begin."""
NUM_TRIED = 2
"""Classes of a network that is built only to see whether it can be."""


def network_name(config: TrainConfig, preset: Preset) -> str:
    """As asked, or as the run that is started from has it, or the preset's."""
    if config.network is None and config.init not in INITS:
        _, found = load_hn_network(Path(config.init))
        return found.network
    return preset.network


def check_start(config: TrainConfig, preset: Preset, num_processes: int) -> None:
    """Build what will be built, so that what cannot be is told before hours of work."""
    if config.init in BUILT_BY_RUN:
        network = untrained_twin(config, preset, NUM_TRIED)
    else:
        network = finetuning_network(config, preset, NUM_TRIED)
    check_batch(
        preset.batch_size,
        config.accumulate,
        num_processes,
        network.smallest_training_batch,
    )
    if config.cifar100 is not None:
        open_cifar100(config.cifar100)


def pretraining_network(preset: Preset, num_classes: int, seed: int) -> Network:
    """Random weights."""
    return build_network(preset.network, num_classes, seed)


def classifier(preset: Preset, num_classes: int, seed: int) -> Classifier:
    """The encoder of the network to finetune, to be trained on whole images."""
    return Classifier(build_network(preset.network, num_classes, seed), num_classes)


def finetuning_network(
    config: TrainConfig,
    preset: Preset,
    num_classes: int,
    pretrained: Network | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Network:
    """Start as --init says, from what this run pretrained or from what it names.

    All layers but the last are those of an HN network; of others only the encoder's.
    `say` hears what was loaded.
    """
    network = build_network(preset.network, num_classes, config.seed)
    if config.init == "imagenet":
        say(load_imagenet(network, preset.network, config.weights))
    elif isinstance(pretrained, Classifier):
        copy_encoder(pretrained, network)
    elif config.init not in INITS:
        pretrained, found = load_hn_network(Path(config.init))
        say(f"all layers but the last start as in {found.file}")
    if pretrained is not None and not isinstance(pretrained, Classifier):
        copy_all_but_last(pretrained, network)
    network.freeze(config.freeze)
    if config.cross_stitch:
        assert pretrained is not None  # the plan sees to that
        return CrossStitch(network, pretrained)
    return network


def untrained_twin(config: TrainConfig, preset: Preset, num_classes: int) -> Network:
    """Built as `finetuning_network` builds it, for weights to be read into."""
    network = build_network(preset.network, num_classes, config.seed)
    network.freeze(config.freeze)
    if not config.cross_stitch:
        return network
    hn = build_network(preset.network, config.bins.num_classes, config.seed)
    return CrossStitch(network, hn)
