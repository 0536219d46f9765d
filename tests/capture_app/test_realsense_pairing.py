"""Which depth and colour images of a file belong together."""

import numpy as np
import pytest

from capture_app.sensors.realsense_frames import ACCELERATION, COLOR, DEPTH, Sample
from capture_app.sensors.realsense_pairing import Pair, Pairing


def sample(stream: str, number: int, time_ms: float) -> Sample:
    return Sample(stream, number, time_ms, np.array((number, 0.0, 0.0)))


def pairs_of(pairing: Pairing, samples: list[Sample]) -> list[Pair]:
    pairs = []
    for each in samples:
        pairing.add(each)
        while (pair := pairing.take()) is not None:
            pairs.append(pair)
    pairing.end()
    while (pair := pairing.take()) is not None:
        pairs.append(pair)
    return pairs


def numbers(pairs: list[Pair]) -> list[tuple[int, int]]:
    return [(pair.depth.number, pair.color.number) for pair in pairs]


def shuffled(streams: list[list[Sample]], seed: int) -> list[Sample]:
    """All samples; each stream in order, the streams up to ten samples apart."""
    rng = np.random.default_rng(seed)
    delay_ms = {id(stream): rng.uniform(0, 300) for stream in streams}
    keyed = [
        (each.time_ms + delay_ms[id(stream)], each)
        for stream in streams
        for each in stream
    ]
    return [each for _, each in sorted(keyed, key=lambda pair: pair[0])]


@pytest.mark.parametrize("seed", range(5))
def test_it_does_not_matter_which_stream_comes_first(seed: int) -> None:
    depths = [sample(DEPTH, n, n * 33.3) for n in range(1, 60) if n % 7]
    colors = [sample(COLOR, n + 50, n * 33.3 + 9.0) for n in range(1, 60) if n % 11]
    accelerations = [sample(ACCELERATION, n, n * 5.0) for n in range(1, 410)]
    streams = [depths, colors, accelerations]
    pairs = pairs_of(Pairing(30, has_imu=True), shuffled(streams, seed))
    both = [n for n in range(1, 60) if n % 7 and n % 11]
    assert numbers(pairs) == [(n, n + 50) for n in both]
    last = 0
    for pair in pairs:
        before = range(last + 1, int(pair.depth.time_ms / 5.0) + 1)
        last = before[-1]
        assert pair.acceleration is not None
        assert pair.acceleration[0] == pytest.approx(np.mean(before))


@pytest.mark.parametrize("color_delay_ms", [-6.0, 4.0])
def test_no_pair_is_lost_when_the_cameras_clock_starts_anew(
    color_delay_ms: float,
) -> None:
    clock_ms = 2**32 / 1000
    times_ms = [clock_ms - 300 + 33.333 * n for n in range(60)]
    depths = [sample(DEPTH, n, ms % clock_ms) for n, ms in enumerate(times_ms)]
    colors = [
        sample(COLOR, n, (ms + color_delay_ms) % clock_ms)
        for n, ms in enumerate(times_ms)
    ]
    # One begins before, the other after it; and both of them before.
    for first in (0, 9):
        mixed = [each for pair in zip(depths, colors, strict=True) for each in pair]
        later = [each for each in mixed if each.number >= first]
        pairs = pairs_of(Pairing(30, has_imu=False), later)
        assert numbers(pairs) == [(n, n) for n in range(first, 60)]
        got_ms = np.array([pair.depth.time_ms for pair in pairs])
        np.testing.assert_allclose(np.diff(got_ms), 33.333, atol=1e-3)


def test_times_rise_when_a_clock_is_set_back() -> None:
    times_ms = (1000.0, 1033.0, 700.0, 733.0)
    images = [
        sample(stream, n, ms)
        for n, ms in enumerate(times_ms)
        for stream in (DEPTH, COLOR)
    ]
    pairs = pairs_of(Pairing(25, has_imu=False), images)
    assert [pair.depth.time_ms for pair in pairs] == [1000, 1033, 1073, 1106]


def test_a_repeated_image_is_left_out() -> None:
    a, b = sample(DEPTH, 1, 0.0), sample(COLOR, 1, 1.0)
    later = [sample(DEPTH, 2, 33.0), sample(COLOR, 2, 34.0)]
    pairs = pairs_of(Pairing(30, has_imu=False), [a, a, b, b, a, *later, b, *later])
    assert numbers(pairs) == [(1, 1), (2, 2)]


def test_half_a_frame_period_is_the_most_that_images_are_apart() -> None:
    for delay_ms, expected in ((16.0, [(1, 1)]), (-16.0, [(1, 1)]), (17.0, [])):
        images = [sample(DEPTH, 1, 100.0), sample(COLOR, 1, 100.0 + delay_ms)]
        assert numbers(pairs_of(Pairing(30, has_imu=False), images)) == expected


def test_of_two_rates_the_slower_one_decides() -> None:
    depths = [sample(DEPTH, n, n * 1000 / 60) for n in range(20)]
    colors = [sample(COLOR, n, n * 1000 / 15 + 3.0) for n in range(5)]
    pairs = pairs_of(Pairing(60, has_imu=False), shuffled([depths, colors], 0))
    assert numbers(pairs) == [(0, 0), (4, 1), (8, 2), (12, 3), (16, 4)]


def test_a_stream_that_pauses_for_long_costs_its_frames_and_no_memory() -> None:
    colors = [sample(COLOR, n, n * 33.3) for n in range(500)]
    depths = [sample(DEPTH, n, n * 33.3) for n in range(500) if not 100 <= n < 400]
    pairing = Pairing(30, has_imu=False)
    pairs = pairs_of(pairing, shuffled([depths, colors], 1))
    assert numbers(pairs) == [(n, n) for n in range(500) if not 100 <= n < 400]
    assert max(map(len, pairing._waiting.values())) <= 16


def test_an_accelerometer_that_falls_silent_does_not_hold_frames_back() -> None:
    pairing = Pairing(30, has_imu=True)
    pairing.add(sample(ACCELERATION, 1, 5.0))
    for n in range(40):
        pairing.add(sample(DEPTH, n, n * 33.3))
        pairing.add(sample(COLOR, n, n * 33.3))
    taken = []
    while (pair := pairing.take()) is not None:
        taken.append(pair)
    assert len(taken) == 40 - 16
