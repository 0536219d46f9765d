"""What a session is made of: a camera, how it measures, the labels, the networks."""

from dataclasses import dataclass, replace
from pathlib import Path

from capture_app.engine.live import LabelFunction, LiveView
from capture_app.engine.networks import find_networks
from capture_app.engine.session import CaptureSession
from capture_app.sensors.realsense_options import RealSenseSettings
from capture_app.sensors.registry import open_sensor
from core.bins import HNBins
from core.frame import RgbdFrame
from core.hn_labels import HNLabels, Labeler


@dataclass(frozen=True)
class SessionSetup:
    """Everything that has to be known before a camera is opened."""

    sensor: str = "simulated"
    """As `open_sensor` takes it: a name of the list or a path."""
    realsense: RealSenseSettings = RealSenseSettings()  # noqa: RUF009 - frozen
    """How a RealSense is to measure; left out for any other camera."""
    bins: HNBins = HNBins()  # noqa: RUF009 - frozen
    """Of the labels, unless there is an HN network, which has bins of its own."""
    uses_imu: bool = True
    """Whether up may come from the camera's IMU."""
    models: tuple[Path, ...] = ()
    """Model files: an HN network, a semantic one, or one of each."""

    @property
    def is_realsense(self) -> bool:
        """Whether the camera is one that `realsense` is for."""
        return self.sensor.partition(":")[0] == "realsense"


def make_session(setup: SessionSetup) -> CaptureSession:
    """A session with a live view; HNError says what of the setup cannot be."""
    sensor = open_sensor(setup.sensor, _measuring(setup))
    return CaptureSession(sensor, make_live(setup))


def make_live(setup: SessionSetup) -> LiveView:
    """The live view of a session; HNError says what of the setup cannot be."""
    networks = find_networks(setup.models)
    bins = setup.bins
    if "hn" in networks:
        bins = networks["hn"].info.bins or bins
    label: LabelFunction = Labeler(bins)
    if not setup.uses_imu:
        label = _without_hint(label)
    return LiveView(label, bins, networks)


def needs_reopening(old: SessionSetup, new: SessionSetup) -> bool:
    """Whether the camera has to be opened anew; else a new live view does."""
    return (old.sensor, _measuring(old)) != (new.sensor, _measuring(new))


def _measuring(setup: SessionSetup) -> RealSenseSettings:
    return setup.realsense if setup.is_realsense else RealSenseSettings()


def _without_hint(label: LabelFunction) -> LabelFunction:
    def label_frame(frame: RgbdFrame) -> HNLabels | None:
        return label(replace(frame, up_hint=None))

    return label_frame
