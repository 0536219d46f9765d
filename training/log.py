"""The curves of a run, in metrics.jsonl and for TensorBoard."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.files import write_atomically

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class MetricsLog:
    """The curves of a run, on disk as they grow and in memory.

    metrics.jsonl has one JSON object a line. What TensorBoard shows is in the folder
    "tensorboard" beside it, in one folder a stage, since the steps of each start anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._board: SummaryWriter | None = None
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        # A crash can leave half a line; it is written again.
        self._rows = [
            json.loads(line) for line in text.splitlines(keepends=True) if "\n" in line
        ]

    @property
    def rows(self) -> list[dict[str, float | str | None]]:
        """Every line, oldest first."""
        return list(self._rows)

    @contextmanager
    def stage(self, name: str, step: int, is_written: bool = True) -> Iterator[None]:
        """Forget what the stage logged after `step`, which is about to happen again,
        and take what it logs inside, in memory only unless `is_written`."""
        self._rows = [
            row for row in self._rows if row["stage"] != name or row["step"] <= step
        ]
        if not is_written:
            yield
            return
        from torch.utils.tensorboard import SummaryWriter  # slow to import

        text = "".join(json.dumps(row) + "\n" for row in self._rows)
        write_atomically(self._path, text.encode())
        folder = self._path.with_name("tensorboard") / name
        # TensorBoard drops what older files have from that step on.
        self._board = SummaryWriter(folder, purge_step=step + 1)
        try:
            yield
        finally:
            self._board.close()
            self._board = None

    def write(self, stage: str, step: int, **values: float) -> None:
        """Append a line inside `stage`; numbers that are not finite become null."""
        row: dict[str, float | str | None] = {"stage": stage, "step": step}
        row |= {k: v if math.isfinite(v) else None for k, v in values.items()}
        self._rows.append(row)
        if self._board is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        for name, value in values.items():
            self._board.add_scalar(name, value, step)
        self._board.flush()

    def curve(self, stage: str, name: str) -> list[tuple[float, float]]:
        """(step, value) of one measure."""
        return [
            (float(row["step"]), float(row[name]))
            for row in self._rows
            if row["stage"] == stage and row.get(name) is not None
        ]
