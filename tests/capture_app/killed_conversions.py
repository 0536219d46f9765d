"""Conversions that are killed at every step, each in a process of its own.

    python killed_conversions.py SOURCE FOLDER

The n-th is killed at its n-th step, gone on with, killed again soon, and gone on with
to its end in FOLDER/n; the last one comes to its end without being killed. A step is
a file that is opened, made, renamed or removed where the conversion is hidden, and
every half of what is appended to the recording. One process imports, and the runs are
its children.
"""

import os
import signal
import sys
from pathlib import Path

from capture_app.convert_command import convert
from core.recording.mcap_writer import ChunkWriter

EVENTS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")
SECOND_KILLS = 9


def run(source: Path, out: Path, last_step: int) -> bool:
    """Convert in a child that is killed at a step of this number; whether it was."""
    child = os.fork()
    if child == 0:
        _kill_at(last_step)
        convert(source, out)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _kill_at(last_step: int) -> None:
    num_steps = 0
    append = ChunkWriter._append

    def step() -> None:
        nonlocal num_steps
        num_steps += 1
        if num_steps == last_step:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if event in EVENTS and ".partial" in str(arguments[0]):
            step()

    def append_halves(writer: ChunkWriter, data: bytes) -> None:
        is_new = writer._file.read(len(data)) != data if writer._is_stepping else True
        writer._file.seek(writer._end)
        if is_new:
            writer._file.write(data[: len(data) // 2])
            step()
            writer._file.truncate(writer._end)
            writer._file.seek(writer._end)
        append(writer, data)

    ChunkWriter._append = append_halves  # type: ignore[method-assign]
    sys.addaudithook(audit)


def main(source: Path, folder: Path) -> None:
    number, is_killed = 0, True
    while is_killed:
        number += 1
        out = folder / str(number)
        is_killed = run(source, out, number)
        if out.exists():
            continue
        run(source, out, 1 + number % SECOND_KILLS)
        if not out.exists():
            run(source, out, -1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
