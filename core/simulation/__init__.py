"""Furnished rooms with known truth: the built-in camera, and training data."""

from core.simulation.camera import FrameTruth, SimulatedCamera
from core.simulation.loop_cache import CachedLoop, cached_loop
from core.simulation.views import RoomViews, room_views

__all__ = [
    "CachedLoop",
    "FrameTruth",
    "RoomViews",
    "SimulatedCamera",
    "cached_loop",
    "room_views",
]
