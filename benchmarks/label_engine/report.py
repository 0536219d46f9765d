"""The table's rows, and the CPU time of a call."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Input = TypeVar("Input")


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    asked: str
    """What the issue asks for; empty for peers and for what only explains."""
    reached: str


def print_header() -> None:
    print("| what | asked | reached |\n|---|---|---|", flush=True)


def print_row(row: Row) -> None:
    print(f"| {row.what} | {row.asked} | {row.reached} |", flush=True)


def cpu_ms(
    work: Callable[[Input], object], inputs: Sequence[Input], passes: int
) -> np.ndarray:
    """(passes * inputs,) CPU milliseconds of `work` on each input, forth and back.

    All threads' time counts. The first pass warms up and is not in the result.
    """
    taken = []
    for number in range(passes + 1):
        for value in inputs if number % 2 == 0 else inputs[::-1]:
            began = time.process_time()
            work(value)
            taken.append(1000 * (time.process_time() - began))
    return np.array(taken[len(inputs) :])


def milliseconds(taken: np.ndarray) -> str:
    """How long something takes at best and in the middle."""
    return f"min {taken.min():.2f}, median {np.median(taken):.2f} ms"


def share(part: np.ndarray) -> str:
    """How much of a boolean array is true."""
    return "-" if part.size == 0 else f"{100 * part.mean():.1f} %"


def middle_and_tail(values: np.ndarray, unit: str, digits: int = 2) -> str:
    """Median and 95th percentile."""
    if values.size == 0:
        return "-"
    median, tail = np.quantile(values, (0.5, 0.95))
    return f"{median:.{digits}f} {unit} median, {tail:.{digits}f} p95"
