import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise

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


def _chained(*errors, by):
    for error, reason in pairwise(errors):
        setattr(error, by, reason)
    return errors[0]


@pytest.mark.parametrize(
    "error",
    [
        # As onnxruntime's and numpy's native modules, when they are being imported.
        _chained(ImportError("init"), KeyboardInterrupt(), by="__cause__"),
        _chained(
            RecordingError("no"),
            ImportError("init"),
            KeyboardInterrupt(),
            by="__cause__",
        ),
        # As what is closed while a thread still works on it.
        _chained(ValueError("executing"), KeyboardInterrupt(), by="__context__"),
    ],
    ids=str,
)
def test_ctrl_c_that_became_another_error_is_status_130(monkeypatch, capsys, error):
    assert _run(monkeypatch, _raises(error)) == 130
    assert capsys.readouterr().err == "hn-test: interrupted\n"


def test_what_is_lost_while_ctrl_c_ends_a_command_is_told(monkeypatch, capsys):
    error = RecordingError("the take could not be closed")
    error = _chained(error, KeyboardInterrupt(), by="__context__")
    assert _run(monkeypatch, _raises(error)) == 2
    assert "could not be closed" in capsys.readouterr().err


def test_ctrl_c_while_the_arguments_are_parsed_is_status_130(monkeypatch, capsys):
    import tyro

    monkeypatch.setattr(tyro, "cli", lambda *_, **__: _raises(KeyboardInterrupt())(0))
    assert _run(monkeypatch, _raises(AssertionError)) == 130
    assert capsys.readouterr().err == "hn-test: interrupted\n"


def test_a_copy_that_fails_names_one_file_and_why(monkeypatch, capsys):
    files = [("a.png", "b.png", "[Errno 28] No space left on device")] * 3
    assert _run(monkeypatch, _raises(shutil.Error(files))) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "hn-test: a.png cannot be copied: [Errno 28] No space left on device"
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has it")
def test_a_result_that_cannot_be_printed_is_one_sentence():
    program = (
        "import sys; sys.argv = ['hn-test']\n"
        "from dataclasses import make_dataclass\n"
        "from core.command import run_command\n"
        "run_command('hn-test', make_dataclass('Config', []), lambda c: 'done')"
    )
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("hn-test: no space left on device; check the path")


def test_a_name_that_is_no_text_is_printed_all_the_same(monkeypatch, capsys):
    assert _run(monkeypatch, lambda config: "photos/caf\udce9: done") == 0
    assert capsys.readouterr().out == "photos/caf\\udce9: done\n"


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
