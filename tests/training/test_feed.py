import threading
from collections.abc import Iterator

import numpy as np
import pytest

from training.feed import Batch, batches, default_num_workers

HEIGHT, WIDTH = 3, 5


def draw(k: int) -> Batch:
    """Sample k says k in every pixel, and where the pixel is."""
    image = np.arange(HEIGHT * WIDTH * 3, dtype=np.float32).reshape(HEIGHT, WIDTH, 3)
    return image + 100 * k, np.full((HEIGHT, WIDTH), k % 250, np.uint8)


def numbers(fed: Iterator[Batch]) -> list[list[int]]:
    """Which samples the batches have; their images and targets agree."""
    found = []
    for images, target in fed:
        assert images.dtype == np.float32 and target.dtype == np.uint8
        assert images.shape == (len(target), HEIGHT, WIDTH, 3)
        assert images.flags.c_contiguous and target.shape[1:] == (HEIGHT, WIDTH)
        first = images[:, 0, 0, 0] / 100
        assert np.array_equal(target[:, 2, 4], first)
        assert np.array_equal(images[:, 2, 4, 1], 100 * first + 43)
        found.append(first.astype(int).tolist())
    return found


def fed(*arguments: int, **options: object) -> list[list[int]]:
    with batches(draw, *arguments, **options) as found:  # type: ignore[arg-type]
        return numbers(found)


def no_worker_is_left() -> bool:
    return not [t for t in threading.enumerate() if "ThreadPool" in t.name]


@pytest.mark.parametrize("num_workers", [None, 1, 3, 8])
def test_a_step_has_its_own_samples_with_any_number_of_threads(
    num_workers: int | None,
) -> None:
    assert fed(3, 0, 4, num_workers=num_workers) == [
        [0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11],
    ]  # fmt: skip


def test_the_processes_share_every_batch() -> None:
    alone = fed(5, 0, 3)
    shares = [fed(5, 0, 3, share=(rank, 2)) for rank in range(2)]
    assert shares[0] == [[0, 2, 4], [5, 7, 9], [10, 12, 14]]
    for step, batch in enumerate(alone):
        together = [None] * 5
        together[0::2], together[1::2] = shares[0][step], shares[1][step]
        assert together == batch


def test_a_run_that_is_continued_gets_what_it_would_have_got() -> None:
    assert fed(4, 3, 7) == fed(4, 0, 7)[3:]
    assert fed(4, 3, 7, share=(1, 3)) == fed(4, 0, 7, share=(1, 3))[3:]
    assert fed(4, 7, 7) == []


def test_batches_are_prepared_while_the_network_learns() -> None:
    next_is_drawn = threading.Event()

    def watched(k: int) -> Batch:
        if k == 2:
            next_is_drawn.set()
        return draw(k)

    with batches(watched, 2, 0, 3, num_workers=1) as found:
        next(found)
        assert next_is_drawn.wait(5)


def test_an_error_comes_out_at_its_step_and_leaves_no_thread() -> None:
    def broken(k: int) -> Batch:
        if k == 5:
            raise ZeroDivisionError
        return draw(k)

    with batches(broken, 2, 0, 100, num_workers=2) as found:
        assert len(next(found)[1]) == len(next(found)[1]) == 2
        with pytest.raises(ZeroDivisionError):
            next(found)
    assert no_worker_is_left()


def test_leaving_early_leaves_no_thread() -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        batches(draw, 2, 0, 1000, num_workers=3) as found,
    ):
        next(found)
        raise KeyboardInterrupt
    assert no_worker_is_left()


@pytest.mark.parametrize("share", [(2, 2), (-1, 2), (0, 4)])
def test_a_share_without_samples_is_refused(share: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"sample of every batch.*batches of 3"):
        fed(3, 0, 1, share=share)


def test_the_network_keeps_a_core_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for num_cores, expected in ((1, 1), (2, 1), (8, 7)):
        monkeypatch.setattr("training.feed.num_cores", lambda n=num_cores: n)
        assert default_num_workers() == expected
