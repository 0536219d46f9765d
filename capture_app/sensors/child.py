"""A process of ours that tells what it finds through its standard output."""

import os
import sys


def take_stdout() -> int:
    """A descriptor of it for us alone; what libraries print goes nowhere."""
    ours = os.dup(sys.stdout.fileno())
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return ours


def command(module: str, *arguments: str) -> list[str]:
    """What to run for the module's `main`, whatever lies in the working folder."""
    return [sys.executable, "-P", "-m", module, *arguments]
