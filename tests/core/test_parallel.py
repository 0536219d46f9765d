import threading

import pytest

from core.parallel import QUEUED_PER_WORKER, num_cores, parallel_map


def test_results_come_in_the_order_of_the_items():
    first_may_end = threading.Event()

    def work(item):
        if item == 0:
            assert first_may_end.wait(5)
        if item == 1:
            first_may_end.set()
        return 10 * item

    with parallel_map(work, range(50), num_workers=2) as results:
        assert list(results) == [10 * item for item in range(50)]


def test_only_a_few_items_are_taken_before_their_results_are():
    taken = []
    items = (taken.append(item) or item for item in range(100))
    with parallel_map(str, items, num_workers=3) as results:
        for expected in ("0", "1", "2"):
            assert next(results) == expected
            assert len(taken) == int(expected) + 3 * QUEUED_PER_WORKER + 1


def test_after_an_interruption_no_work_is_under_way():
    begun, may_end, ended = threading.Event(), threading.Event(), []

    def work(item):
        if item == 0:
            return
        begun.set()
        assert may_end.wait(5)
        ended.append(item)

    def interrupt(results):
        for _ in results:
            assert begun.wait(5)
            threading.Timer(0.05, may_end.set).start()
            raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        parallel_map(work, range(100), num_workers=2) as results,
    ):
        interrupt(results)
    assert 1 <= len(ended) <= 2  # the others had not begun
    assert not [t for t in threading.enumerate() if "ThreadPool" in t.name]


def test_an_error_of_the_work_reaches_who_takes_the_results():
    with (
        pytest.raises(ZeroDivisionError),
        parallel_map(lambda item: 1 // item, [1, 0, 1]) as results,
    ):
        list(results)


def test_there_is_at_least_one_core():
    assert num_cores() >= 1
