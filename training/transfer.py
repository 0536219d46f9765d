"""What a pretrained network hands to the one that is finetuned (section 3.3)."""

from torch import nn

from core.errors import CheckpointError

LAST_LAYER = "classifier."


def copy_all_but_last(source: nn.Module, target: nn.Module) -> list[str]:
    """Copy every layer but the last from `source` to `target`; the names copied."""
    weights = {
        name: tensor
        for name, tensor in source.state_dict().items()
        if not name.startswith(LAST_LAYER)
    }
    expected = {
        name: tensor.shape
        for name, tensor in target.state_dict().items()
        if not name.startswith(LAST_LAYER)
    }
    found = {name: tensor.shape for name, tensor in weights.items()}
    if found != expected:
        different = sorted(set(found.items()) ^ set(expected.items()))
        raise CheckpointError(
            "the pretrained network is built differently from the one to finetune, "
            f"first at {different[0][0]}; use the same preset for both"
        )
    target.load_state_dict(weights, strict=False)
    return sorted(weights)
