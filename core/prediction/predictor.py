"""A network that turns colour images into classes."""

from pathlib import Path

import numpy as np

from core.errors import CheckpointError
from core.parallel import live_threads
from core.prediction.engines import EngineName, open_engine
from core.prediction.fitting import Size, from_network, place, to_input
from core.prediction.model_file import read_model
from core.prediction.strongest import strongest, strongest_upsampled


class Predictor:
    """The network of a model file, ready to run on this machine.

    Not for several threads at once.
    """

    def __init__(
        self,
        path: str | Path,
        num_threads: int | None = None,
        engine: EngineName = "auto",
        size: Size | None = None,
    ) -> None:
        """CheckpointError if the file cannot be used, or not like this.

        Without `num_threads` it leaves the camera and the window their cores. `size` is
        the (height, width) at which a file for any size is to work, by default that of
        its training.
        """
        model = read_model(Path(path))
        self.info = model.info
        self.size = size or model.size or (model.info.height, model.info.width)
        """(height, width) of the network's input."""
        if model.size is not None and self.size != model.size:
            raise CheckpointError(
                f"{path} is for images of {model.size[0]} x {model.size[1]} pixels "
                f"alone, not {self.size[0]} x {self.size[1]}; export it with hn-export "
                "--size or --dynamic"
            )
        self._engine = open_engine(
            model, engine, self.size, num_threads or live_threads(), num_threads is None
        )
        self.engine_name = self._engine.name
        """What runs the network, for people."""

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 to (H, W) uint8 classes on the same grid."""
        frame = rgb.shape[:2]
        placement = place(frame, self.size, self.info.frame_aspect)
        output = self._engine.run(to_input(rgb, self.size, placement, self.info))
        if self.info.upsampling is None:
            classes = strongest(output[0])
        else:
            classes = strongest_upsampled(output[0], self.info.upsampling, self.size)
        return from_network(classes, frame, placement)
