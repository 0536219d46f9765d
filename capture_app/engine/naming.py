"""Where a recording goes when the user did not say."""

import re
from pathlib import Path


def next_free(folder: Path, name: str) -> Path:
    """`folder`/name_001, or the first number after it that is not taken.

    A name that already ends in a number goes on from there.
    """
    stem, number = _split(folder_name(name))
    while (path := folder / f"{stem}_{number:03d}").exists():
        number += 1
    return path


def next_segment(first: Path) -> Path:
    """Where a take goes on that began in `first`: kitchen-2 after kitchen, or the first
    number after it that is not taken; `first` itself if nothing is there."""
    path, number = first, 1
    while path.exists():
        number += 1
        path = first.with_name(f"{first.name}-{number}")
    return path


def hard_scene(scene: str) -> str:
    """The name for hard frames of a scene: kitchen-hard for kitchen or kitchen_003."""
    return f"{scene_name(scene)}-hard"


def scene_name(scene: str) -> str:
    """What several takes of one scene share: kitchen of kitchen_003."""
    return _split(folder_name(scene))[0]


def folder_name(name: str) -> str:
    """`name` as one folder, without what file systems dislike."""
    return re.sub(r"[^\w.-]+", "_", name.strip()).strip("._") or "scene"


def _split(name: str) -> tuple[str, int]:
    match = re.fullmatch(r"(.+)_(\d{3,})", name)
    return (match[1], int(match[2])) if match else (name, 1)
