from dataclasses import replace
from pathlib import Path

import pytest
import tyro

from core.bins import HNBins
from training.config import TrainConfig
from training.reproduce.arms import HEIGHT_ONLY, Arms
from training.reproduce.data import Data, state_of_data
from training.reproduce.experiments import EXPERIMENTS
from training.reproduce.plan import seconds_of
from training.reproduce.scales import SCALES
from training.reproduce.spec import Spec, arguments, with_starts

STATES = {"nyu": "n1", "kitchen": "k1", "camvid": "c1"}
DATA = Data(("nyu",), ("kitchen",), camvid=Path("camvid"))


def arms(pretrainings: int = 2, finetunings: int = 3) -> Arms:
    return Arms(SCALES["smoke"], DATA, (pretrainings, finetunings), 700, 300)


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(),
        TrainConfig(
            data=("a b", "simulated:3"),
            out=Path("somewhere"),
            init="runs/x",
            image_size=(96, 128),
            crop_size=(84, 112),
            cross_stitch=True,
            learning_rate=0.00123,
            ema=0.1,
        ),
        TrainConfig(pretext="hn-shuffled", bins=HEIGHT_ONLY, freeze=2),
        TrainConfig(bins=HNBins((0.1, 1 / 3, 2.0), (30.0, 60.0)), resume=True),
    ],
)
def test_hn_train_understands_every_option_as_it_was_meant(config: TrainConfig) -> None:
    assert tyro.cli(TrainConfig, args=arguments(config)) == config


def test_a_changed_recipe_data_or_start_is_another_run() -> None:
    start = Spec("pre", TrainConfig(data=("nyu", "kitchen"), pretrain_steps=7))
    spec = Spec("fine", TrainConfig(data=("nyu",), finetune_steps=5), start)
    digest = spec.digest(STATES)
    assert digest == spec.digest(dict(STATES))
    others = [
        (replace(spec, config=replace(spec.config, seed=1)), STATES),
        (replace(spec, config=replace(spec.config, bins=HEIGHT_ONLY)), STATES),
        (replace(spec, start=None), STATES),
        (
            replace(spec, start=replace(start, config=replace(start.config, seed=9))),
            STATES,
        ),
        (spec, {**STATES, "nyu": "n2"}),
        (spec, {**STATES, "kitchen": "k2"}),  # of the start alone
    ]
    digests = [other.digest(states) for other, states in others]
    assert len({digest, *digests}) == 1 + len(others)


def test_data_in_another_place_is_the_same_data(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "rgb").mkdir(parents=True)
        (tmp_path / name / "rgb" / "1.png").write_bytes(b"x" * 200_000)
    a, b = (str(tmp_path / name) for name in ("a", "b"))
    assert state_of_data(a) == state_of_data(b)
    (tmp_path / "b" / "rgb" / "1.png").write_bytes(b"x" * 199_999 + b"y")
    assert state_of_data(a) != state_of_data(b)
    (tmp_path / "b" / "rgb" / "1.png").rename(tmp_path / "b" / "rgb" / "2.png")
    renamed = state_of_data(b)
    (tmp_path / "b" / "rgb" / "2.png").write_bytes(b"x" * 200_000)
    assert len({state_of_data(a), state_of_data(b), renamed}) == 3


def test_runs_come_once_and_after_what_they_start_from() -> None:
    start, other = (Spec(name, TrainConfig(seed=k)) for k, name in enumerate("ab"))
    first, second = (
        Spec(name, TrainConfig(seed=5 + k), start) for k, name in enumerate("cd")
    )
    ordered = with_starts([second, other, first, second])
    assert len(ordered) == 4 and set(ordered) == {start, other, first, second}
    assert ordered.index(start) < min(ordered.index(first), ordered.index(second))


def test_arms_with_pretraining_share_it_and_others_share_nothing() -> None:
    hn, scratch = arms().pretrained("segnet"), arms().scratch("segnet")
    assert [len(unit) for unit in hn] == [3, 3]
    assert [len(unit) for unit in scratch] == [1] * 6
    assert [len({spec.start for spec in unit}) for unit in hn] == [1, 1]
    assert hn[0][0].start != hn[1][0].start
    seeds = [spec.config.seed for unit in hn for spec in unit]
    assert len(set(seeds)) == 6
    assert seeds == [spec.config.seed for unit in scratch for spec in unit]


def test_scratch_has_the_steps_of_both_trainings_where_it_says_so() -> None:
    hn = arms().pretrained("segnet")[0][0]
    both = arms().scratch_all_steps("segnet")[0][0]
    assert hn.start is not None
    assert both.steps == hn.steps + hn.start.steps
    step_s = {"segnet-tiny": 0.5}
    more = seconds_of(both, step_s) - seconds_of(hn, step_s)
    assert more == pytest.approx(0.5 * hn.start.steps)


def test_tables_share_runs_and_no_two_runs_share_a_folder() -> None:
    made = [make(arms()) for make in EXPERIMENTS.values()]
    specs = with_starts([spec for experiment in made for spec in experiment.specs])
    names = [spec.folder(Path("out"), STATES) for spec in specs]
    assert len(set(names)) == len(names) == len(specs)
    assert len({spec.name for spec in specs}) == len(specs)  # readable, too
    alone = sum(len(with_starts(experiment.specs)) for experiment in made)
    assert len(specs) < alone
    # The first pretraining is one for all tables that have it.
    starts = {e.name: {s.start for s in e.specs if s.start} for e in made}
    common = arms().pretraining("segnet", 0)
    for name in ("table2", "table3", "table4", "table5", "table6", "figure7"):
        assert common in starts[name], name


def test_no_test_data_is_pretrained_or_finetuned_on_beside_the_labelled() -> None:
    for make in EXPERIMENTS.values():
        for spec in with_starts(make(arms()).specs):
            pretrains = spec.pretrains
            expected = ("nyu", "kitchen") if pretrains else ("nyu",)
            if "camvid" in spec.name:
                expected = ("camvid",)
            assert spec.config.data == expected, spec.name


def test_comparisons_are_between_rows_of_the_table() -> None:
    for make in EXPERIMENTS.values():
        experiment = make(arms())
        titles = {row.title for row in experiment.rows}
        assert len(titles) == len(experiment.rows)
        for each in experiment.comparisons:
            assert {each.better, each.worse} <= titles


def test_what_cannot_be_run_says_what_it_needs() -> None:
    without = Arms(SCALES["smoke"], Data(("nyu",)), (1, 1), 700)
    table4 = EXPERIMENTS["table4"](without)
    assert not table4.specs
    assert all("--camvid" in (row.missing or "") for row in table4.rows)
    table3 = EXPERIMENTS["table3"](without)
    missing = [row.missing for row in table3.rows if "CIFAR-100" in row.title]
    assert missing and all("--cifar100" in (text or "") for text in missing)
