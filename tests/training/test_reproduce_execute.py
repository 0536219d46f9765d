"""Runs as processes, with a short program in the place of hn-train."""

import json
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from training.config import TrainConfig
from training.reproduce import execute as module
from training.reproduce.execute import execute
from training.reproduce.spec import Spec

STATES = {"nyu": "n1"}
# Writes what it was called with; --seed 13 fails; --seed 99 runs until it is told to
# stop, and then can be resumed.
STAND_IN = """
import json, pathlib, signal, sys, time
words = sys.argv[1:]
out = pathlib.Path(words[words.index("--out") + 1])
if "--resume" in words:
    assert json.loads((out / "config.json").read_text())
    (out / "results.json").write_text(json.dumps(words))
    sys.exit()
assert not out.exists()
seed = words[words.index("--seed") + 1] if "--seed" in words else "0"
if seed == "13":
    print("hn-train: some line"); print("hn-train: the disk is full"); sys.exit(2)
out.mkdir(parents=True)
(out / "config.json").write_text('{"saved": true}')
if seed == "99":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    (out / "waits").touch()
    time.sleep(60)
(out / "results.json").write_text(json.dumps(words))
"""


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HN_TRAIN", (sys.executable, "-c", STAND_IN))


def spec(name: str, start: Spec | None = None, **options: object) -> Spec:
    config = TrainConfig(data=("nyu",), **options)  # type: ignore[arg-type]
    return Spec(name, config, start)


def words_of(folder: Path) -> list[str]:
    return json.loads((folder / "results.json").read_text())


def test_a_finetuning_begins_after_its_pretraining_and_from_it(tmp_path: Path) -> None:
    start = spec("pre", pretrain_steps=3, finetune_steps=0)
    fine = spec("fine", start, seed=4, finetune_steps=9)
    outcomes = execute([fine], tmp_path, STATES, num_jobs=2)
    assert [one.problem for one in outcomes.values()] == [None, None]
    words = words_of(outcomes[fine].folder)
    assert words[words.index("--init") + 1] == str(outcomes[start].folder)
    assert words[words.index("--finetune-steps") + 1] == "9"
    assert "--init" not in words_of(outcomes[start].folder)


def test_what_is_finished_is_not_run_again(tmp_path: Path) -> None:
    one = spec("one")
    first = execute([one], tmp_path, STATES, num_jobs=1)[one]
    file = first.folder / "results.json"
    file.write_text('["as it was"]')
    assert execute([one], tmp_path, STATES, num_jobs=1)[one] == first
    assert words_of(first.folder) == ["as it was"]
    changed = execute([one], tmp_path, {"nyu": "n2"}, num_jobs=1)[one]
    assert changed.folder != first.folder


def test_a_failed_run_is_named_and_takes_only_its_own_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = spec("bad", seed=13)
    follows, other = spec("follows", bad, seed=1), spec("other", seed=2)
    outcomes = execute([follows, other], tmp_path, STATES, num_jobs=1)
    assert outcomes[bad].problem == "hn-train: the disk is full"
    assert "the disk is full" in (outcomes[follows].problem or "")
    assert outcomes[other].problem is None
    assert "bad: failed: hn-train: the disk is full" in capsys.readouterr().out


def test_a_run_that_ended_before_it_began_is_begun_again(tmp_path: Path) -> None:
    one = spec("one")
    folder = one.folder(tmp_path, STATES)
    folder.mkdir()
    (folder / "config.json").touch()
    assert execute([one], tmp_path, STATES, num_jobs=1)[one].problem is None
    assert "--resume" not in words_of(folder)


def test_ctrl_c_saves_every_run_and_the_next_start_goes_on(tmp_path: Path) -> None:
    slow = [spec("slow", seed=99), spec("slower", seed=99, finetune_steps=2)]
    folders = [one.folder(tmp_path, STATES) for one in slow]

    def interrupt() -> None:
        deadline = time.monotonic() + 20
        while not all((folder / "waits").is_file() for folder in folders):
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        execute(slow, tmp_path, STATES, num_jobs=2)
    thread.join()
    assert time.monotonic() - began < 30  # they would sleep for 60
    assert not any((folder / "results.json").exists() for folder in folders)
    outcomes = execute(slow, tmp_path, STATES, num_jobs=2)
    assert all(one.problem is None for one in outcomes.values())
    assert all("--resume" in words_of(folder) for folder in folders)


def test_no_more_runs_at_once_than_were_asked_for(tmp_path: Path) -> None:
    specs = [spec(f"run{k}", seed=k) for k in range(3)]
    outcomes = execute(specs, tmp_path, STATES, num_jobs=1)
    times = [
        (folder / name).stat().st_mtime_ns
        for folder in (outcomes[one].folder for one in specs)
        for name in ("config.json", "results.json")
    ]
    assert times == sorted(times)


def test_a_run_has_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shows = STAND_IN + "\nimport os; print(os.environ['OMP_NUM_THREADS'])"
    monkeypatch.setattr(module, "HN_TRAIN", (sys.executable, "-c", shows))
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    one = replace(spec("one"), name="threads")
    folder = execute([one], tmp_path, STATES, num_jobs=1)[one].folder
    assert (tmp_path / "logs" / f"{folder.name}.log").read_text() == "1\n"
