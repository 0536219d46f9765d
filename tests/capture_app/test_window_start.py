"""What is asked of PySide6 before there is a window."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from capture_app.ui.native import check_qt, refuse_pyside
from core.errors import HNError

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
VERSIONS = [
    *("6.5.0", "6.8.2", "6.8.2.1", "6.8.3", "6.9.0", "6.10.3", "6.11.0", "6.11.1"),
    *("6.11.2", "6.11.3", "6.12.0", "6.12.0.1", "6.13.1", "7.0.0"),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_are_refused_that_pyproject_excludes(version: str) -> None:
    content = tomllib.loads(PYPROJECT.read_text())
    requirements = map(Requirement, content["project"]["dependencies"])
    (wanted,) = (r for r in requirements if r.name == "PySide6-Essentials")
    try:
        refuse_pyside(version)
        is_refused = False
    except HNError as error:
        is_refused = True
        assert version in str(error)
        (advised,) = (
            Requirement(word) for word in str(error).split("'") if "Essentials" in word
        )
        assert advised == wanted
    assert is_refused != wanted.specifier.contains(version)


def test_the_version_that_is_installed_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check_qt()
    monkeypatch.setattr("PySide6.__version__", "6.12.0")
    with pytest.raises(HNError, match=r"does not work with PySide6 6\.12\.0; install"):
        check_qt()


@pytest.mark.slow
def test_a_refused_version_is_one_sentence_on_the_command_line() -> None:
    script = (
        "import PySide6, sys; PySide6.__version__ = '6.12.0'; "
        "sys.argv = ['hn-capture', '--sensor', 'simulated', '--screenshot', 'x.png']; "
        "from capture_app.capture_command import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("hn-capture: ") and "PySide6 6.12.0" in line
