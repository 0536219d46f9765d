"""The errors a user can cause: what was expected, what was found, what to do."""


class HNError(Exception):
    """Base of every error that ends in one sentence and exit status 2."""


class SensorError(HNError):
    """No camera, a camera that was lost, a stream it does not support."""


class RecordingError(HNError):
    """Not a recording, a recording that was cut off, a frame that is missing."""


class DatasetError(HNError):
    """A data folder lacks what its loader needs."""


class UnreadableFrameError(DatasetError):
    """One frame of a data folder is damaged; the others can be used."""


class CheckpointError(HNError):
    """A model file or weights that are damaged or do not fit the network."""


def first_line(error: Exception) -> str:
    """What a library's error says, as a part of one sentence of ours."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
