"""One training as a value: what hn-train is asked to do, and what it starts from."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path

from training.config import TrainConfig

OWN = ("out", "name", "resume", "data", "init", "weights", "cifar100")
"""Options that say where something lies, not what it is."""


@dataclass(frozen=True)
class Spec:
    """A run of hn-train that several tables may share."""

    name: str
    """Readable, and part of its folder's name."""
    config: TrainConfig
    """Without a folder of its own; --init is that of `start`, if there is one."""
    start: "Spec | None" = None
    """The pretraining that it is finetuned from."""

    @property
    def steps(self) -> int:
        """How many steps are trained, without those of `start`."""
        own = (self.config.pretrain_steps or 0) if self.pretrains else 0
        return own + (self.config.finetune_steps or 0)

    @property
    def pretrains(self) -> bool:
        """Whether it has a stage before finetuning."""
        return self.start is None and self.config.init in ("hn", "cifar100")

    def digest(self, states: Mapping[str, str]) -> str:
        """Ten letters that change with the options, the data and what it starts from.

        `states` has the state of every --data and of the files that options name.
        """
        options = {k: v for k, v in asdict(self.config).items() if k not in OWN}
        named = (self.config.weights, self.config.cifar100)
        content = {
            "options": options,
            "data": [states[data] for data in self.config.data],
            "files": [None if file is None else states[str(file)] for file in named],
            "init": self.config.init
            if self.start is None
            else self.start.digest(states),
        }
        text = json.dumps(content, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    def folder(self, root: Path, states: Mapping[str, str]) -> Path:
        """Where the run lies."""
        return root / f"{self.name}-{self.digest(states)}"


def with_starts(specs: Sequence[Spec]) -> list[Spec]:
    """Every spec once, each after what it starts from."""
    ordered: dict[Spec, None] = {}
    for spec in specs:
        if spec.start is not None:
            ordered.setdefault(spec.start)
    for spec in specs:
        ordered.setdefault(spec)
    return list(ordered)


def arguments(config: TrainConfig) -> list[str]:
    """What hn-train is called with to do this."""
    words: list[str] = []
    for field in fields(config):
        value, default = getattr(config, field.name), field.default
        assert default is not MISSING  # all options have one
        if value == default:
            continue
        option = "--" + field.name.replace("_", "-")
        if field.name == "bins":
            for edges in ("height", "angle"):
                words.append(f"{option}.{edges}-edges")
                words += map(repr, getattr(value, f"{edges}_edges"))
        elif value is True:
            words.append(option)
        elif isinstance(value, tuple):
            words += [option, *map(str, value)]
        else:
            words += [option, str(value)]
    return words
