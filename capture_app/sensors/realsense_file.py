"""Recordings that the RealSense SDK made (.db3, .bag), frame for frame."""

import logging
from collections import Counter
from pathlib import Path

from capture_app.sensors.pace import Pace
from capture_app.sensors.realsense_contents import (
    Contents,
    DamagedError,
    is_bag,
    read_contents,
)
from capture_app.sensors.realsense_db3 import Db3Reader
from capture_app.sensors.realsense_frames import COLOR, DEPTH
from capture_app.sensors.realsense_pairing import Pair, Pairing
from capture_app.sensors.realsense_playback import Playback
from capture_app.sensors.sensor import Progress, Sensor
from capture_app.sensors.up import UpFilter
from core.errors import SensorError
from core.frame import RgbdFrame
from core.images import EncodedImage

logger = logging.getLogger(__name__)

_DEFAULT_FPS = 30.0


class RealSenseFileSensor(Sensor):
    """Every depth image of `path` with the colour image of its instant, once, in order.

    The same frames each time, at the pace they were recorded in or as fast as they are
    read. A gap in the numbers is a frame that was lost when it was recorded. Of a
    damaged file there is what can be read of it, and one warning.
    """

    opening_text = "Opening the file"

    def __init__(self, path: Path, at_pace: bool = True) -> None:
        self.name = path.name
        self.fps = _DEFAULT_FPS
        self.num_frames = 0
        """How many frames there are at most, known once it is open."""
        self.encoded_color: EncodedImage | None = None
        """None: the SDK stores colour as pixels."""
        self._path = path
        self._at_pace = at_pace
        self._source: Playback | Db3Reader | None = None
        self._is_at_end = False

    def open(self, progress: Progress | None = None) -> None:
        """Open the file; SensorError says why it cannot be read."""
        self.close()
        self._contents: Contents | None = None
        try:
            self._contents = read_contents(self._path)
            source = self._open_sound()
            self.num_frames = self._contents.num_frames
        except DamagedError as error:
            source = self._open_damaged(error)
        self.name = f"{self._path.name} ({source.name})"
        self.fps = min(source.fps)
        self._has_frames = False
        self._pace = Pace()
        self._begin(source)

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next frame, at its time if that is asked for; None after the last."""
        if self._source is None:
            raise SensorError(f"{self._path} is closed; open it to read")
        while (pair := self._pairing.take()) is None and not self._is_at_end:
            sample = self._source.next(timeout_s)
            if sample is None:
                self._is_at_end = not self._goes_on_with_sdk()
                if self._is_at_end:
                    self._pairing.end()
                    self._warn_of_damage()
            elif self._calibration.fits(sample):
                self._num_read[sample.stream] += 1
                self._pairing.add(sample)
        if pair is not None:
            return self._frame(pair)
        if not self._has_frames:
            raise SensorError(
                f"{self._path} gives no frame: no two of the {self._num_read[DEPTH]} "
                f"depth and {self._num_read[COLOR]} colour images that could be read "
                "are of one instant; record again with both at one frame rate"
            )
        return None

    def close(self) -> None:
        """Close the file; safe to call twice."""
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def _begin(self, source: Playback | Db3Reader) -> None:
        self._source = source
        self._calibration = source.calibration
        self._up = UpFilter(source.calibration.R_color_accelerometer)
        self._pairing = Pairing(max(source.fps), source.has_imu)
        depth_fps, color_fps = source.fps
        self._counts_colors = color_fps < depth_fps
        self._num_read = Counter[str]()
        self._is_at_end = False

    def _frame(self, pair: Pair) -> RgbdFrame:
        if pair.acceleration is not None:
            self._up.update(pair.acceleration)
        # Of two rates the numbers of the slower one have no gaps.
        number = pair.color.number if self._counts_colors else pair.depth.number
        frame = self._calibration.frame(pair.depth, pair.color, number, self._up.up)
        if self._at_pace:
            self._pace.follow(frame.timestamp_ns)
        self._has_frames = True
        return frame

    def _open_sound(self) -> Playback | Db3Reader:
        if is_bag(self._path):
            return Playback(self._path)
        try:
            return Db3Reader(self._path)
        except DamagedError as error:
            logger.info("%s is left to the SDK (%s)", self._path, error)
            return Playback(self._path)

    def _open_damaged(self, error: DamagedError) -> Db3Reader:
        nothing = SensorError(
            f"{self._path} is damaged ({error}); nothing of it can be read: copy it "
            "again from where it was recorded"
        )
        if is_bag(self._path):
            raise nothing from error
        try:
            reader = Db3Reader(self._path)
        except DamagedError:
            raise nothing from error
        self.num_frames = reader.count_frames()
        if self.num_frames == 0:
            reader.close()
            raise nothing from error
        logger.warning(
            "%s is damaged (%s); up to %d frames of it can still be read",
            self._path,
            error,
            self.num_frames,
        )
        return reader

    def _goes_on_with_sdk(self) -> bool:
        """Whether the SDK plays a .db3 whose images could not be decoded.

        They may be as another version of it writes them.
        """
        if self._contents is None or not isinstance(self._source, Db3Reader):
            return False
        if self._source.decoded >= {DEPTH, COLOR}:
            return False
        try:
            playback = Playback(self._path)
        except DamagedError:
            return False
        self.close()
        self._begin(playback)
        return True

    def _warn_of_damage(self) -> None:
        """The SDK stops at damage as if that were the end of the file."""
        if self._contents is None:
            return  # it was said when the file was opened
        read = Contents(self._num_read[DEPTH], self._num_read[COLOR])
        if read.num_frames < self._contents.num_frames:
            logger.warning(
                "%s is damaged; %d of its %d frames could be read",
                self._path,
                read.num_frames,
                self._contents.num_frames,
            )
