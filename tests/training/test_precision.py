import pytest
import torch
from loop_stand_in import same_weights, small_network

from core.errors import HNError
from training import precision
from training.precision import fastest_precision


@pytest.mark.parametrize(
    ("bfloat16_s", "expected"), [(0.7, "bfloat16"), (0.9, "float32"), (2, "float32")]
)
def test_bfloat16_is_taken_where_it_saves_time(
    bfloat16_s: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = {"float32": 1.0, "bfloat16": bfloat16_s}
    monkeypatch.setattr(precision, "_seconds_per_step", lambda *args: seconds[args[4]])
    found = fastest_precision(small_network(), 2, (16, 24), "cpu")
    assert found == (expected, seconds[expected])


def test_too_little_memory_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*arguments: object) -> float:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(precision, "_seconds_per_step", no_memory)
    with pytest.raises(HNError, match=r"smaller --batch-size, a larger --accumulate"):
        fastest_precision(small_network(), 2, (16, 24), "cpu")


def test_measuring_leaves_the_network_alone() -> None:
    net = small_network().eval()
    found, seconds = fastest_precision(net, 2, (16, 24), "cpu", ("float32",))
    assert found == "float32"
    assert 0 < seconds < 60
    assert same_weights(net, small_network())
    assert not net.training
