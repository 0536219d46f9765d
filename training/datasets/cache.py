"""Folders of the user's cache that appear at once, when they are complete."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import core


def cache_folder() -> Path:
    """Where prepared frames are kept; deleting it costs nothing but time."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "hn-capture" / "training"


def cache_key(*parts: object) -> str:
    """A name that changes with the parts, and with the code that reads and labels."""
    text = json.dumps([_code_version(), *parts])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def cached(key: str, fill: Callable[[Path], None]) -> Path:
    """The folder of this key; where there is none yet, `fill` makes its content."""
    folder = cache_folder() / key
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder.parent))
    try:
        fill(unfinished)
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another run was faster
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


@lru_cache(maxsize=1)
def _code_version() -> str:
    folders = [Path(core.__file__).parent, Path(__file__).parent]
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
