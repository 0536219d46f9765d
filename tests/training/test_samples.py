from pathlib import Path

import numpy as np
from training_data import floor_and_wall, write_nyuv2_folder

from core.annotations import save_annotation
from core.bins import HNBins
from core.frame import RgbdFrame
from core.nyuv2 import COLOR_CAMERA, NYU40_NAMES
from core.recording import RecordingWriter
from training.datasets.frame_source import Recipe
from training.datasets.nyuv2_folder import NYUv2Folder
from training.datasets.prepare import PreparedData, prepare
from training.datasets.recordings import RecordingData
from training.datasets.samples import pixels_of_classes, samples

RECIPE = Recipe((60, 80), HNBins())


def test_training_validation_and_test_share_no_frame(nyuv2_folder: Path) -> None:
    data = NYUv2Folder(nyuv2_folder)
    prepared = prepare(data, data.has_depth, RECIPE)
    rows = {
        (target, part): set(samples([prepared], target, part).places[:, 1].tolist())
        for target in ("hn", "semantic")
        for part in ("train", "validation", "test")
    }
    assert rows["semantic", "test"] == rows["hn", "test"] == {10, 11, 12}
    assert rows["semantic", "validation"] == rows["hn", "validation"]
    assert len(rows["semantic", "validation"]) == 1
    together = rows["semantic", "train"] | rows["semantic", "validation"]
    assert together == set(range(10))
    assert not rows["semantic", "train"] & rows["semantic", "validation"]


def test_samples_of_two_datasets_keep_image_and_target_together(
    tmp_path: Path,
) -> None:
    folders = [
        write_nyuv2_folder(tmp_path / name, train=num, test=0)
        for name, num in (("a", 5), ("b", 7))
    ]
    data = [NYUv2Folder(folder) for folder in folders]
    prepared = [prepare(d, d.has_depth, RECIPE) for d in data]
    train = samples(prepared, "semantic", "train")
    assert len(train) == (5 - 1) + (7 - 1)
    for rgb, target in (train[k] for k in range(len(train))):
        # The box, class 28, is the green one.
        assert (rgb[target == 28].argmax(axis=-1) == 1).mean() > 0.8
        assert (rgb[target == 1].argmax(axis=-1) == 2).mean() > 0.8


def annotated_recording(folder: Path) -> PreparedData:
    """One frame whose left quarter is a plant and whose top is not labelled."""
    rgb, depth, _ = floor_and_wall(seed=3)
    with RecordingWriter(folder) as writer:
        camera = COLOR_CAMERA.resized(320, 240)
        writer.write(RgbdFrame.aligned(rgb, depth, camera, 1e-3))
    classes = np.full((240, 320), 0, np.uint8)
    classes[:, :80] = 2
    classes[:40] = 255
    save_annotation(folder, 0, classes, ("Floor_Mat", "cat", "plant"))
    data = RecordingData(folder)
    return prepare(data, data.has_depth, RECIPE)


def test_classes_of_several_lists_are_numbered_by_their_names(tmp_path: Path) -> None:
    data = NYUv2Folder(write_nyuv2_folder(tmp_path / "nyu", train=1, test=0))
    prepared = [
        prepare(data, data.has_depth, RECIPE),
        annotated_recording(tmp_path / "take"),
    ]
    union = (*NYU40_NAMES, "cat", "plant")
    both = samples(prepared, "semantic", "train", union)
    _, nyu = both[0]
    _, take = both[1]
    assert set(np.unique(nyu)) == {0, 1, 28, 255}  # wall, floor, box
    assert (take[:10] == 255).all()
    assert (take[10:, :20] == 41).all()
    assert (take[10:, 20:] == union.index("floor mat")).all()
    # Without a list each is as its own dataset has it; HN classes always are.
    _, own = samples(prepared, "semantic", "train")[1]
    assert (own[10:, :20] == 2).all() and (own[10:, 20:] == 0).all()
    mapped, plain = (samples(prepared, "hn", "train", n)[1] for n in (union, None))
    assert np.array_equal(mapped[1], plain[1])


def test_the_pixels_of_each_class_of_each_sample_are_known(tmp_path: Path) -> None:
    folder = write_nyuv2_folder(tmp_path / "nyu", train=3, test=1)
    data = NYUv2Folder(folder)
    prepared = [
        annotated_recording(tmp_path / "take"),
        prepare(data, data.has_depth, RECIPE),
    ]
    union = ("plant", *NYU40_NAMES, "cat")
    train = samples(prepared, "semantic", "train", union)
    counts = pixels_of_classes(prepared, "semantic", train, union)
    assert counts.shape == (4, 42)
    assert counts[0, 0] == 200 * 80  # the plant
    assert counts[0, union.index("floor mat")] == 200 * 240
    assert counts[0].sum() == 200 * 320
    for row, number in zip(counts[1:], (3, 4, 5), strict=True):
        label40 = floor_and_wall(seed=number)[2]
        expected = [int((label40 == label).sum()) for label in range(1, 41)]
        assert row[1:41].tolist() == expected
    few = train.evenly(2)
    assert np.array_equal(
        pixels_of_classes(prepared, "semantic", few, union), counts[[0, 2]]
    )
