import subprocess
import sys
from dataclasses import dataclass

import pytest

from core.command import run_command
from core.errors import RecordingError


@dataclass(frozen=True)
class Config:
    """What to do."""

    number: int = 3
    """A number."""


def _run(monkeypatch, work, *arguments):
    monkeypatch.setattr(sys, "argv", ["hn-test", *arguments])
    with pytest.raises(SystemExit) as end:
        run_command("hn-test", Config, work)
    return end.value.code


def _raises(error):
    def work(config):
        raise error

    return work


def test_the_result_is_printed_and_the_status_is_0(monkeypatch, capsys):
    done = _run(monkeypatch, lambda config: f"got {config.number}", "--number", "5")
    assert (done, capsys.readouterr().out) == (0, "got 5\n")


def test_unusable_input_is_one_sentence_and_status_2(monkeypatch, capsys):
    assert _run(monkeypatch, _raises(RecordingError("no such take"))) == 2
    assert capsys.readouterr().err == "hn-test: no such take\n"


def test_a_path_that_cannot_be_used_is_named_with_what_to_check(monkeypatch, capsys):
    error = PermissionError(13, "Permission denied", "shelf/take")
    assert _run(monkeypatch, _raises(error)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("hn-test: shelf/take: permission denied; check the path")


def test_wrong_use_is_status_2(monkeypatch, capsys):
    assert _run(monkeypatch, _raises(AssertionError), "--numbre", "5") == 2
    assert "--numbre" in capsys.readouterr().err


def test_a_fault_of_ours_shows_its_traceback_and_is_status_1(monkeypatch, capsys):
    assert _run(monkeypatch, _raises(ZeroDivisionError("oops"))) == 1
    shown = capsys.readouterr().err
    assert "Traceback" in shown and "oops" in shown and "fault of ours" in shown


def test_ctrl_c_is_status_130(monkeypatch, capsys):
    assert _run(monkeypatch, _raises(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "hn-test: interrupted\n"


def test_an_option_that_is_given_twice_is_not_forgotten_in_silence(monkeypatch, capsys):
    assert (
        _run(monkeypatch, _raises(AssertionError), "--number", "5", "--number=6") == 2
    )
    (line,) = capsys.readouterr().err.splitlines()
    assert "--number is given 2 times" in line


def test_who_reads_the_result_may_stop_early():
    program = (
        "import sys; sys.argv = ['hn-test']\n"
        "from dataclasses import make_dataclass\n"
        "from core.command import run_command\n"
        "run_command('hn-test', make_dataclass('Config', []), lambda c: 'x' * 10**6)"
    )
    script = '"$0" -c "$1" | head -c 1; echo " ${PIPESTATUS[0]}"'
    done = subprocess.run(
        ["bash", "-c", script, sys.executable, program], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("x 0\n", "")
