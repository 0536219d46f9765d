"""Labels and prediction of one frame, brought together."""

import numpy as np
import pytest
from scripted import label_all, make_frame, predict_hn

from capture_app.engine.pairing import Pairing
from capture_app.engine.picture import Layers


def arrived(number: int) -> Layers:
    return Layers(make_frame(number), float(number))


def labelled(layers: Layers) -> Layers:
    labels = label_all(layers.frame)
    return Layers(layers.frame, layers.arrived_s, labels, {}, None, labels.floor, True)


def predicted(layers: Layers) -> Layers:
    classes = predict_hn(layers.frame.rgb)
    return Layers(layers.frame, layers.arrived_s, predicted={"hn": classes})


@pytest.mark.parametrize("labels_first", [True, False])
def test_whichever_comes_last_completes_the_pair(labels_first: bool) -> None:
    pairing, layers = Pairing(), arrived(3)
    pairing.begin_prediction(layers.frame)
    if labels_first:
        assert pairing.add_labels(labelled(layers)) is None
        pair = pairing.add_prediction(predicted(layers))
    else:
        assert pairing.add_prediction(predicted(layers)) is None
        pair = pairing.add_labels(labelled(layers))
    assert pair is not None and pair.frame is layers.frame and pair.arrived_s == 3.0
    assert pair.labels is not None and pair.floor is pair.labels.floor
    assert pair.is_floor_known
    np.testing.assert_array_equal(pair.predicted["hn"], predict_hn(layers.frame.rgb))


def test_frames_with_the_same_number_are_not_taken_for_each_other() -> None:
    pairing = Pairing()
    assert pairing.add_labels(labelled(arrived(3))) is None
    assert pairing.add_prediction(predicted(arrived(3))) is None
    assert pairing.add_labels(labelled(arrived(3))) is None


def test_labels_wait_for_a_slow_network_and_the_others_are_forgotten() -> None:
    pairing, frames = Pairing(), [arrived(n) for n in range(100)]
    pairing.begin_prediction(frames[10].frame)
    for layers in frames:
        assert pairing.add_labels(labelled(layers)) is None
        assert len(pairing._labelled) <= 8
    assert pairing.add_prediction(predicted(frames[90])) is None
    pair = pairing.add_prediction(predicted(frames[10]))
    assert pair is not None and pair.frame is frames[10].frame


def test_a_frame_without_a_floor_is_a_pair_without_labels() -> None:
    pairing, layers = Pairing(), arrived(0)
    pairing.add_labels(Layers(layers.frame, 0.0, is_floor_known=True))
    pair = pairing.add_prediction(predicted(layers))
    assert pair is not None and pair.labels is None and pair.is_floor_known


def test_predictions_wait_for_slow_labels_and_the_others_are_forgotten() -> None:
    pairing, frames = Pairing(), [arrived(n) for n in range(100)]
    pairing.begin_labels(frames[10].frame)
    for layers in frames:
        assert pairing.add_prediction(predicted(layers)) is None
        assert len(pairing._predicted) <= 8
    pair = pairing.add_labels(labelled(frames[10]))
    assert pair is not None and pair.frame is frames[10].frame
    assert pairing.add_labels(labelled(frames[50])) is None
    assert pairing.add_labels(labelled(frames[97])) is not None
