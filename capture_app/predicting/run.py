"""Pictures in, results out: read, predicted and written at the same time, in order."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from capture_app.predicting.network import Network
from capture_app.predicting.pictures import Input, Pictures, Unreadable, Wanted
from capture_app.predicting.recording_out import Sink
from capture_app.predicting.report import PredictionReport
from capture_app.predicting.results import Finished, Finisher, Predicted, Targets
from core.errors import DatasetError
from core.label_source import frame_progress
from core.parallel import num_cores, parallel_map

MOST_WORKERS = 8  # each has frames in memory, and the network is not that fast


def predict_input(
    input: Input,
    wanted: Wanted,
    network: Network,
    targets: Targets,
    folder: Path,
    sinks: Sequence[Sink],
) -> PredictionReport:
    """Predict the pictures of an input and give them to files and sinks.

    The network runs on the thread of the caller, all else on others.
    """
    report = PredictionReport(network)
    finish = Finisher(network, targets, folder)
    finish.make_folders()
    network.seconds = 0.0

    def append(finished: Finished) -> Finished:
        for sink in sinks:
            sink.append(finished)
        return finished

    total = input.num_pictures(wanted)
    with input.pictures(wanted) as pictures, frame_progress() as progress:
        task = progress.add_task(f"predicting {input.name}", total=total)
        started_s = time.perf_counter()
        predicted = _predict(pictures, network, report, wanted.has_others)
        with (
            parallel_map(finish, predicted, _num_workers()) as finished,
            parallel_map(append, finished, num_workers=1) as appended,
        ):
            for done in appended:
                report.add(done)
                progress.advance(task)
        for sink in sinks:
            sink.finish()
        report.seconds = time.perf_counter() - started_s
    return report


def _predict(
    pictures: Pictures, network: Network, report: PredictionReport, needs_all: bool
) -> Iterator[Predicted]:
    """What can be read, with its classes where there is something to predict."""
    for picture in pictures:
        if isinstance(picture, Unreadable):
            if needs_all:  # the numbers of frames and annotations would not fit
                raise DatasetError(
                    f"{picture.reason}; a recording with predictions needs every frame"
                )
            report.unreadable.append(picture)
            continue
        classes = None if picture.rgb is None else network(picture.rgb)
        yield Predicted(picture, classes)


def _num_workers() -> int:
    return min(MOST_WORKERS, num_cores())
