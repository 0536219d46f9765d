"""metrics.jsonl: one JSON object a line, appended as the run goes."""

import json
import math
from pathlib import Path

from core.files import write_atomically


class MetricsLog:
    """The curves of a run, on disk and in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        # A crash can leave half a line; it is written again.
        self._rows = [
            json.loads(line) for line in text.splitlines(keepends=True) if "\n" in line
        ]

    @property
    def rows(self) -> list[dict[str, float | str | None]]:
        """Every line, oldest first."""
        return list(self._rows)

    def write(self, stage: str, step: int, **values: float) -> None:
        """Append a line; numbers that are not finite become null."""
        row: dict[str, float | str | None] = {"stage": stage, "step": step}
        row |= {k: v if math.isfinite(v) else None for k, v in values.items()}
        self._rows.append(row)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def rewind(self, stage: str, step: int) -> None:
        """Forget what the stage logged after `step`: it is about to happen again."""
        self._rows = [
            row for row in self._rows if row["stage"] != stage or row["step"] <= step
        ]
        text = "".join(json.dumps(row) + "\n" for row in self._rows)
        write_atomically(self._path, text.encode())

    def curve(self, stage: str, name: str) -> list[tuple[float, float]]:
        """(step, value) of one measure."""
        return [
            (float(row["step"]), float(row[name]))
            for row in self._rows
            if row["stage"] == stage and row.get(name) is not None
        ]
