"""A user who may write nowhere, for tests that run as root as well."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root becomes a user without rights; anybody else stays who they are."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(0)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that everybody may read and nobody may write, with another in it,
    `closed`, that nobody may even look into."""
    folder = Path(tempfile.mkdtemp())
    (folder / "closed").mkdir(mode=0o000)
    folder.chmod(0o555)
    try:
        yield folder
    finally:
        folder.chmod(0o755)
        (folder / "closed").chmod(0o755)
        shutil.rmtree(folder)
