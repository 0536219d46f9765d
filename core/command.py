"""What every console command shares: parse, do the work, end in one sentence."""

import logging
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from typing import TypeVar

from core.errors import HNError

Config = TypeVar("Config")


def run_command(
    name: str, config_type: type[Config], work: Callable[[Config], str | None]
) -> None:
    """Parse the arguments into a config, do `work` with it, print its result and exit.

    Exit status: 0 done, 1 an error of ours (with its traceback), 2 wrong use or
    unusable input (one sentence on stderr), 130 interrupted.
    """
    try:
        import tyro

        logging.basicConfig(level=logging.WARNING, format=f"{name}: %(message)s")
        _refuse_repeated_options(name)
        config = tyro.cli(config_type, prog=name)
        status = _exit_status(name, config, work)
    except KeyboardInterrupt:
        status = _say_interrupted(name)
    sys.exit(status)


def _refuse_repeated_options(name: str) -> None:
    """Exit where an option is given twice: the parser would forget the first."""
    options = [word.split("=")[0] for word in sys.argv[1:] if word.startswith("--")]
    for option in options:
        if options.count(option) > 1:
            print(
                f"{name}: {option} is given {options.count(option)} times; give all "
                f"of it after one {option}",
                file=sys.stderr,
            )
            sys.exit(2)


def _exit_status(
    name: str, config: Config, work: Callable[[Config], str | None]
) -> int:
    try:
        result = work(config)
        if result:
            _print(result)
    except Exception as error:
        return _say_error(name, error)
    return 0


def _say_error(name: str, error: Exception) -> int:
    """Tell people what went wrong; the exit status."""
    if _is_interrupt(error):
        return _say_interrupted(name)
    if isinstance(error, HNError):
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    if isinstance(error, shutil.Error):  # of many files; one says enough
        (source, _, reason), *_ = error.args[0]
        print(f"{name}: {source} cannot be copied: {reason}", file=sys.stderr)
        return 2
    if isinstance(error, OSError):
        where = "" if error.filename is None else f"{error.filename}: "
        reason = (error.strerror or str(error)).lower()
        print(
            f"{name}: {where}{reason}; check the path, its permissions and the free "
            "space, or name another place",
            file=sys.stderr,
        )
        return 2
    traceback.print_exception(error)
    print(f"{name}: this is a fault of ours; please report it", file=sys.stderr)
    return 1


def _is_interrupt(error: BaseException) -> bool:
    """Whether Ctrl-C is behind an error.

    What it stops in the midst of an import may raise an error of its own, as native
    modules do; what it stops in the midst of ending, too.
    """
    found: BaseException | None = error
    while found is not None and not isinstance(found, KeyboardInterrupt):
        is_ours = isinstance(found, HNError | OSError)  # it has something to tell
        found = found.__cause__ or (None if is_ours else found.__context__)
    return found is not None


def _say_interrupted(name: str) -> int:
    print(f"{name}: interrupted", file=sys.stderr)
    return 130


def _print(result: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    # A file's name may hold bytes that are no text; the work is done all the same.
    shown = result.encode(encoding, "backslashreplace").decode(encoding)
    try:
        print(shown, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise  # else who read it has enough, as `head` has
