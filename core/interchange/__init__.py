"""Frames from anywhere: a recording of ours, or folders of images that others wrote.

`open_frames` looks at a path and says what it is. Each layout is a module that reads
it, writes it if anybody wants that, and ends in its `Layout`; `layouts` lists them.
"""

from core.interchange.image_folder import FrameSource, ImageFolder
from core.interchange.image_pair import open_image_pair
from core.interchange.layouts import open_frames

__all__ = ["FrameSource", "ImageFolder", "open_frames", "open_image_pair"]
