"""What every console command shares: parse, do the work, end in one sentence."""

import logging
import os
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
    import tyro

    logging.basicConfig(level=logging.WARNING, format=f"{name}: %(message)s")
    _refuse_repeated_options(name)
    config = tyro.cli(config_type, prog=name)
    sys.exit(_exit_status(name, config, work))


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
    except HNError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        reason = (error.strerror or str(error)).lower()
        print(
            f"{name}: {where}{reason}; check the path, its permissions and the free "
            "space, or name another place",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
    except Exception:
        traceback.print_exc()
        print(f"{name}: this is a fault of ours; please report it", file=sys.stderr)
        return 1
    if result:
        try:
            print(result, flush=True)
        except BrokenPipeError:  # who read it has enough, as `head` has
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
