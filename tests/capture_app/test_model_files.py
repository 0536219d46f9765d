"""Model files are read on a thread, and once."""

from pathlib import Path

import pytest
from predicting_inputs import BINS, model
from scripted import wait_until

from capture_app.engine import model_files
from capture_app.engine.model_files import ModelFiles, ModelReader, model_info
from core.errors import CheckpointError

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture
def hn(tmp_path: Path) -> Path:
    (tmp_path / "hn").mkdir()
    return model(tmp_path / "hn", BINS)


@pytest.fixture
def semantic(tmp_path: Path) -> Path:
    return model(tmp_path)


def read(*paths: Path) -> ModelFiles:
    reader = ModelReader()
    found: list[ModelFiles] = []
    reader.ask(paths)
    wait_until(lambda: found or found.extend(filter(None, [reader.read.take()])))
    reader.close()
    reader.close()
    return found[0]


def test_files_tell_what_they_are_or_why_they_cannot_be_used(
    hn: Path, semantic: Path, tmp_path: Path
) -> None:
    broken, gone = tmp_path / "broken.onnx", tmp_path / "gone.onnx"
    broken.write_bytes(b"PK\x03\x04 a pickle")
    files = read(hn, broken, semantic, gone)
    assert {path: info.task for path, info in files.infos.items()} == {
        hn: "hn",
        semantic: "semantic",
    }
    assert files.infos[hn].bins == BINS
    assert "is a pickle" in files.problems[broken]
    assert "no such model file" in files.problems[gone]


def test_a_file_takes_the_place_of_the_one_for_the_same_task(
    hn: Path, semantic: Path, tmp_path: Path
) -> None:
    (tmp_path / "new").mkdir()
    new = model(tmp_path / "new")
    assert read(hn, semantic, new).with_only(new) == (hn, new)
    assert read(hn, new).with_only(new) == (hn, new)
    assert read(new).with_only(new) == (new,)


def test_a_file_is_read_again_only_when_it_has_changed(
    hn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real_read = model_files.read_model_info
    monkeypatch.setattr(
        model_files,
        "read_model_info",
        lambda path: asked.append(path) or real_read(path),
    )
    assert model_info(hn) is model_info(hn)
    assert len(asked) == 1
    with hn.open("ab") as file:
        file.write(b"damage")
    with pytest.raises(CheckpointError):
        model_info(hn)
    assert len(asked) == 2


def test_a_fault_is_told_as_a_problem_of_the_files(
    hn: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(path: Path) -> None:
        raise ZeroDivisionError("oops")

    with monkeypatch.context() as patch, caplog.at_level("CRITICAL"):
        patch.setattr(model_files, "model_info", fail)
        files = read(hn)
    assert "ZeroDivisionError: oops" in files.problems[hn]
