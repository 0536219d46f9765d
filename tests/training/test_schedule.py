from dataclasses import replace

import pytest
from loop_stand_in import STAGE

from training.schedule import learning_rate
from training.stage import Schedule, Stage

LONG = replace(STAGE, steps=200)


def rates(stage: Stage) -> list[float]:
    return [learning_rate(stage, step) for step in range(stage.steps)]


@pytest.mark.parametrize("schedule", ["cosine", "poly"])
def test_the_learning_rate_warms_up_and_falls_to_zero(schedule: Schedule) -> None:
    found = rates(replace(LONG, schedule=schedule))
    assert found[0] == pytest.approx(LONG.learning_rate / 20)
    assert max(found) == found[20] == LONG.learning_rate
    assert found[:21] == sorted(found[:21])
    assert found[20:] == sorted(found[20:], reverse=True)
    assert 0 < found[-1] < 0.01 * LONG.learning_rate


def test_half_way_down_the_schedules_are_where_their_formulas_say() -> None:
    half = 20 + 90
    assert learning_rate(LONG, half) == pytest.approx(0.5 * LONG.learning_rate)
    poly = learning_rate(replace(LONG, schedule="poly"), half)
    assert poly == pytest.approx(0.535887 * LONG.learning_rate)  # 0.5 ** 0.9


def test_without_warm_up_the_first_rate_is_the_largest() -> None:
    found = rates(replace(LONG, warm_up=0.0))
    assert found[0] == max(found) == LONG.learning_rate


def test_a_single_step_has_the_whole_rate() -> None:
    assert rates(replace(STAGE, steps=1)) == [STAGE.learning_rate]
