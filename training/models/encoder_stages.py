"""The stages of an encoder that was built elsewhere, found by watching it run.

Such encoders return one tensor of features a stage, but name, nest and call their
modules as each of them likes. A stage is what runs for its features after those of the
stage before are there.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class EncoderStage:
    """Some of an encoder's modules, by the names that `get_submodule` knows."""

    modules: tuple[str, ...]
    """They hold every weight of the stage once."""
    last: str
    """The module whose output the stage hands on; it runs once."""


@dataclass
class _Watch:
    """When the modules of an encoder ran, counted in stages that were complete."""

    features: Sequence[Tensor]
    complete: int = 0
    began: dict[str, set[int]] = field(default_factory=dict)
    ended: dict[str, set[int]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    last: dict[int, str] = field(default_factory=dict)

    def begin(self, name: str) -> None:
        self.began.setdefault(name, set()).add(self.complete)
        self.calls[name] = self.calls.get(name, 0) + 1

    def end(self, name: str, output: object) -> None:
        stage = max(self.began[name])
        if stage < len(self.features) and _same(output, self.features[stage]):
            # Of modules inside each other, the outermost.
            self.last[stage], self.complete = name, stage + 1
            self.ended.setdefault(name, set()).add(stage)
        else:
            self.ended.setdefault(name, set()).add(self.complete)


def find_stages(encoder: nn.Module, image: Tensor) -> tuple[EncoderStage, ...]:
    """The stages of `encoder`, or () if it does not fall into stages.

    It does if all features it returns for `image` (1, 3, H, W) are outputs of modules,
    and every weight to be trained belongs to the modules of one stage.
    """
    watched = _without_zeros(encoder)
    features = [f for f in _features(watched, image) if f is not image and f.numel()]
    watch = _Watch(features)
    for name, module in watched.named_modules():
        if name:
            module.register_forward_pre_hook(
                lambda module, inputs, name=name: watch.begin(name)
            )
            module.register_forward_hook(
                lambda module, inputs, output, name=name: watch.end(name, output)
            )
    _features(watched, image)
    if len(watch.last) < len(features):
        return ()
    if any(watch.calls[name] > 1 for name in watch.last.values()):
        return ()
    stages = tuple(
        EncoderStage(_modules_of(k, watch), watch.last[k]) for k in range(len(features))
    )
    return stages if _hold_every_weight(stages, encoder) else ()


def _without_zeros(encoder: nn.Module) -> nn.Module:
    """A copy for evaluation; a block whose weights start at zero repeats its input."""
    copied = copy.deepcopy(encoder).eval()
    with torch.no_grad():
        for weight in copied.parameters():
            weight.masked_fill_(weight == 0, 0.01)
    return copied


def _features(encoder: nn.Module, image: Tensor) -> list[Tensor]:
    """What the encoder returns; of a tuple, the second part is prefix tokens."""
    with torch.no_grad():
        returned = encoder(image)
    return list(returned[0] if isinstance(returned, tuple) else returned)


def _same(output: object, features: Tensor) -> bool:
    return (
        isinstance(output, Tensor)
        and output.shape == features.shape
        and torch.equal(output, features)
    )


def _modules_of(stage: int, watch: _Watch) -> tuple[str, ...]:
    """The modules that ran in one stage only, without those inside another of them."""
    inside = {
        name
        for name, began in watch.began.items()
        if began == {stage} and watch.ended[name] == {stage}
    }
    return tuple(
        name
        for name in watch.began
        if name in inside and not any(name.startswith(f"{other}.") for other in inside)
    )


def _hold_every_weight(stages: Sequence[EncoderStage], encoder: nn.Module) -> bool:
    held = [
        id(weight)
        for stage in stages
        for name in stage.modules
        for weight in encoder.get_submodule(name).parameters()
        if weight.requires_grad
    ]
    all_weights = {id(w) for w in encoder.parameters() if w.requires_grad}
    return len(held) == len(set(held)) and set(held) == all_weights
