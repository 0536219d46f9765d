"""hn-predict on images, and what it says when it cannot."""

import hashlib
import json
import logging

import cv2
import numpy as np
import pytest
from PIL import Image
from predicting_inputs import (
    BLUE,
    HEIGHT,
    WIDTH,
    blocks,
    files,
    floor_folder,
    floor_recording,
    model,
    photo,
    read,
    save,
)
from small_disk import disk_of

from capture_app.predict_command import PredictConfig, predict
from core.errors import CheckpointError, DatasetError, HNError
from core.overlay import semantic_palette


def run(tmp_path, *inputs, **options):
    """What the command says; its results are in out/."""
    path = tmp_path / "model.onnx"
    if not path.exists():
        model(tmp_path)
    options = {"out": tmp_path / "out", "engine": "onnxruntime", **options}
    return predict(PredictConfig(path, inputs, **options))


def test_every_image_gets_its_classes_and_an_overlay_of_its_name(tmp_path):
    for number, name in enumerate(("b.png", "a.bmp", "10.tif")):
        save(tmp_path / "shots" / name, photo(blocks(number)))
    said = run(tmp_path, tmp_path / "shots")
    out = tmp_path / "out" / "shots"
    assert files(out) == [
        *("classes.json", "classes/10.png", "classes/a.png", "classes/b.png"),
        *("overlays/10.jpg", "overlays/a.jpg", "overlays/b.jpg", "statistics.json"),
    ]
    for number, name in enumerate(("b", "a", "10")):
        np.testing.assert_array_equal(
            read(out / "classes" / f"{name}.png"), blocks(number)
        )
    assert said.startswith("shots: 3 frames predicted (3 classes; ")
    assert said.endswith(f": {out}") and "ONNX Runtime" in said


@pytest.mark.parametrize("opacity", [0.0, 0.25, 1.0])
def test_an_overlay_is_the_photo_under_the_colours_of_the_classes(tmp_path, opacity):
    image = save(tmp_path / "photo.png", photo(np.full((HEIGHT, WIDTH), 2)))
    run(tmp_path, image, opacity=opacity)
    shown = read(tmp_path / "out" / "images" / "overlays" / "photo.jpg")
    color = semantic_palette(3)[2]
    expected = opacity * color + (1 - opacity) * np.array(BLUE)
    np.testing.assert_allclose(shown.mean(axis=(0, 1)), expected, atol=3)


def test_the_results_say_what_they_are_and_what_made_them(tmp_path):
    classes = np.zeros((HEIGHT, WIDTH), np.uint8)
    classes[:, 10:] = 2  # three quarters
    images = [save(tmp_path / f"{k}.png", photo(classes)) for k in range(2)]
    (tmp_path / "broken.png").write_bytes(b"no image")
    run(tmp_path, *images, tmp_path / "broken.png")
    told = json.loads((tmp_path / "out" / "images" / "classes.json").read_text())
    assert told["classes"] == ["red", "green", "blue"]
    assert told["colors"] == semantic_palette(3)[:3].tolist()
    assert told["task"] == "semantic" and told["bins"] is None
    sha256 = hashlib.sha256((tmp_path / "model.onnx").read_bytes()).hexdigest()
    assert told["model"]["sha256"] == sha256
    assert told["model"]["provenance"] == {"data": "kitchen"}
    counted = json.loads((tmp_path / "out" / "images" / "statistics.json").read_text())
    assert counted["frames"] == 2
    assert counted["class_shares"] == {"red": 0.25, "green": 0.0, "blue": 0.75}
    (problem,) = counted["unreadable"]
    assert problem["name"] == "broken.png" and "not an image" in problem["reason"]
    assert counted["frames_per_second"] > 0 and counted["engine"]


def test_images_of_other_kinds_are_seen_in_their_colours(tmp_path):
    rgb = photo(blocks())
    save(tmp_path / "bits.png", rgb.astype(np.uint16) * 257)
    alpha = np.dstack((rgb[..., ::-1], np.full((HEIGHT, WIDTH), 9, np.uint8)))
    cv2.imwrite(str(tmp_path / "alpha.png"), alpha)
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((HEIGHT, WIDTH), 99, np.uint8))
    names = ("bits", "alpha", "grey")
    run(tmp_path, *(tmp_path / f"{name}.png" for name in names))
    found = {
        name: read(tmp_path / "out" / "images" / "classes" / f"{name}.png")
        for name in names
    }
    bits, alpha = (
        read(tmp_path / "out" / "images" / "overlays" / f"{name}.jpg").astype(int)
        for name in ("bits", "alpha")
    )
    assert np.abs(bits - alpha).max() < 4
    np.testing.assert_array_equal(found["bits"], blocks())
    np.testing.assert_array_equal(found["alpha"], blocks())
    assert (found["grey"] == 0).all()  # all channels are equal: the first one


def test_a_photo_is_predicted_upright_as_viewers_show_it(tmp_path):
    upright = blocks(1, (WIDTH, HEIGHT))
    stored = Image.fromarray(np.rot90(photo(upright)))  # turned counter-clockwise
    exif = stored.getexif()
    exif[0x0112] = 6  # "turn it clockwise to see it"
    stored.save(tmp_path / "phone.png", exif=exif)
    run(tmp_path, tmp_path / "phone.png")
    found = read(tmp_path / "out" / "images" / "classes" / "phone.png")
    assert found.shape == (WIDTH, HEIGHT)
    # Between other sizes classes move by a pixel of the network at most.
    assert (found == upright).mean() > 0.85


def test_what_cannot_be_read_is_named_and_left_out(tmp_path, caplog):
    save(tmp_path / "shots" / "good.png", photo(blocks()))
    (tmp_path / "shots" / "bad.jpg").write_bytes(b"\xff\xd8\xff nothing")
    depth = np.full((HEIGHT, WIDTH), 1500, np.uint16)
    depth[3] = 70
    cv2.imwrite(str(tmp_path / "shots" / "depth.png"), depth)
    with caplog.at_level(logging.WARNING):
        said = run(tmp_path, tmp_path / "shots")
    assert "1 frame predicted" in said and "2 more cannot be read" in said
    assert "bad.jpg is not an image or is damaged; it is left out" in caplog.text
    assert "depth.png has one channel of 16 bits, as depth has" in caplog.text
    folder = tmp_path / "out" / "shots" / "classes"
    assert [file.name for file in folder.iterdir()] == ["good.png"]


def test_when_nothing_can_be_read_nothing_is_written(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(DatasetError, match="none of the 2 pictures of images can"):
        run(tmp_path, tmp_path / "a.png", tmp_path / "b.png")
    assert not (tmp_path / "out").exists()


def test_every_nth_image_is_the_nth_by_number(tmp_path):
    for number in range(11):
        save(tmp_path / "shots" / f"{number}.png", photo(blocks(number)))
    run(tmp_path, tmp_path / "shots", every=5)
    found = tmp_path / "out" / "shots" / "classes"
    assert sorted(file.stem for file in found.iterdir()) == ["0", "10", "5"]


def test_a_folder_of_colour_without_depth_is_images(tmp_path, caplog):
    save(tmp_path / "set" / "images" / "7.png", photo(blocks()))
    (tmp_path / "set" / "masks").mkdir()
    with caplog.at_level(logging.WARNING):
        run(tmp_path, tmp_path / "set")
    assert "is read without depth" in caplog.text
    assert (tmp_path / "out" / "set" / "classes" / "7.png").exists()


def test_several_inputs_get_a_folder_each(tmp_path):
    save(tmp_path / "shots" / "1.png", photo(blocks()))
    floor_recording(tmp_path / "recordings" / "kitchen")
    floor_recording(tmp_path / "recordings" / "upstairs" / "bath")
    single = save(tmp_path / "2.png", photo(blocks()))
    said = run(tmp_path, tmp_path / "shots", tmp_path / "recordings", single)
    names = [line.split(":")[0] for line in said.splitlines()]
    assert names == ["shots", "kitchen", "upstairs/bath", "images"]
    for name in names:
        assert (tmp_path / "out" / name / "statistics.json").exists()


def test_no_results_are_overwritten_or_mixed(tmp_path):
    image = save(tmp_path / "shots" / "1.png", photo(blocks()))
    run(tmp_path, tmp_path / "shots")
    before = files(tmp_path / "out")
    with pytest.raises(HNError, match="already holds files"):
        run(tmp_path, tmp_path / "shots")
    assert files(tmp_path / "out") == before
    save(tmp_path / "other" / "shots" / "1.png", photo(blocks()))
    with pytest.raises(DatasetError, match="several inputs are called shots"):
        run(tmp_path, tmp_path / "shots", tmp_path / "other" / "shots", out=tmp_path)
    twin = save(tmp_path / "shots" / "1.bmp", photo(blocks()))
    with pytest.raises(DatasetError, match=r"would share one result 1\.png"):
        run(tmp_path, image, twin, out=tmp_path / "new")


def test_a_disk_that_is_full_leaves_nothing(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    images = [save(tmp_path / f"{k}.png", noise) for k in range(4)]
    model(tmp_path)
    with pytest.raises(OSError), disk_of(20_000):
        run(tmp_path, *images)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"every": 0}, "--every must be at least 1"),
        ({"opacity": 1.5}, r"--opacity must lie in 0\.\.1"),
        ({"threads": 0}, "--threads must be at least 1"),
        ({"seconds": 3.0}, "--seconds is for a camera"),
        ({"sensor": "simulated"}, "give either inputs .* or --sensor"),
        ({"to": ()}, "nothing to write"),
        ({"to": ("recording",)}, "has no depth, and --to recording needs it"),
        ({"points": True}, "has no depth, and --points needs it"),
    ],
)
def test_options_that_do_not_fit_are_told(tmp_path, options, said):
    image = save(tmp_path / "1.png", photo(blocks()))
    with pytest.raises(HNError, match=said):
        run(tmp_path, image, **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothere", "does not exist"),
        ("model.onnx", "is a model, and one is given already"),
        ("weights.pth", "is a model, and one is given already"),
        ("take.bag", "is a file of a camera's SDK.*hn-convert"),
        ("empty", "holds no images"),
        ("scene/capture.mcap", "is the file of a recording; give its folder"),
        ("notes.txt", "is not an image or is damaged; nothing is predicted"),
    ],
)
def test_what_is_no_input_is_told(tmp_path, name, said):
    model(tmp_path)
    for file in ("weights.pth", "take.bag", "notes.txt"):
        (tmp_path / file).write_text("words")
    (tmp_path / "empty").mkdir()
    floor_recording(tmp_path / "scene")
    with pytest.raises(HNError, match=said):
        run(tmp_path, tmp_path / name)
    assert not (tmp_path / "out").exists()


def test_an_image_in_the_models_place_is_told(tmp_path):
    image = save(tmp_path / "1.png", photo(blocks()))
    with pytest.raises(CheckpointError, match=r"1\.png is no ONNX file"):
        predict(PredictConfig(image, (image,), tmp_path / "out"))


def test_damaged_frames_of_a_folder_are_left_out_too(tmp_path):
    floor_folder(tmp_path / "kitchen")
    (tmp_path / "kitchen" / "depth" / "1.png").write_bytes(b"no image")
    assert "1 more cannot be read" in run(tmp_path, tmp_path / "kitchen")
    counted = json.loads((tmp_path / "out" / "kitchen" / "statistics.json").read_text())
    assert [problem["name"] for problem in counted["unreadable"]] == ["000001"]
