"""Folders that are written whole or not at all, and files that are looked for."""

import shutil
from pathlib import Path

import pytest

from core.errors import HNError
from core.files import check_is_new, find_files, whole_folder
from core.lock import try_lock


def write(out: Path) -> None:
    with whole_folder(out) as folder:
        (folder / "frame.txt").write_text("new")


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_what_fails_leaves_none_of_the_folders_it_made(tmp_path):
    (tmp_path / "mine").mkdir()
    out = tmp_path / "mine" / "nope" / "a" / "b"
    with pytest.raises(RuntimeError), whole_folder(out) as folder:
        (folder / "frame.txt").write_text("half")
        raise RuntimeError
    assert names(tmp_path / "mine") == []
    write(out)
    assert names(out) == ["frame.txt"]
    assert names(out.parent) == ["b"]


def test_a_folder_that_cannot_be_made_is_named_as_the_user_named_it(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    below = tmp_path / "notes.txt" / "out"
    with pytest.raises(HNError, match=r"notes\.txt is a file"):
        check_is_new(below)
    with pytest.raises(HNError, match=r"cannot make the folder .*out: Not a dir"):
        write(below)
    with pytest.raises(HNError, match=r"notes\.txt is a file"):
        check_is_new(below.parent)
    with pytest.raises(HNError, match=r"cannot make the folder .*x{300}: .*; choose"):
        check_is_new(tmp_path / ("x" * 300))
    for length in (300, 250):  # the hidden name is longer than the second, which fits
        with pytest.raises(HNError, match=r"cannot make the folder .*x{250}: .*choose"):
            write(tmp_path / "deep" / ("x" * length))
    assert names(tmp_path) == ["notes.txt"]


def test_only_a_new_or_empty_folder_is_new(tmp_path):
    check_is_new(tmp_path)
    check_is_new(tmp_path / "a" / "b")
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(HNError, match=r"already holds files, such as one\.txt;"):
        check_is_new(tmp_path)


@pytest.mark.parametrize("is_there", [False, True])
def test_nothing_is_lost_when_others_take_the_name_meanwhile(tmp_path, is_there):
    out = tmp_path / "out"
    if is_there:
        out.mkdir()
    kept = (out if is_there else tmp_path) / "out-3"
    with (
        pytest.raises(HNError, match=f"it is kept as {kept}$") as caught,
        whole_folder(out) as folder,
    ):
        (folder / "frame.txt").write_text("new")
        out.mkdir(exist_ok=True)
        (out / "frame.txt").write_text("of others")
        kept.with_name("out-2").mkdir()
    assert "cannot take what was written" in str(caught.value)
    assert (kept / "frame.txt").read_text() == "new"
    assert (out / "frame.txt").read_text() == "of others"
    assert not list(tmp_path.rglob("*.partial"))


def test_only_what_has_a_note_and_is_worth_it_is_kept(tmp_path):
    out = tmp_path / "out"

    def fail(note, text, **worth):
        with pytest.raises(RuntimeError), whole_folder(out, note, **worth) as folder:
            with (folder / "frames.txt").open("a") as file:
                file.write(text)
            raise RuntimeError

    fail(None, "a")
    fail("of a", "a", is_worth_keeping=lambda folder: False)
    assert names(tmp_path) == []
    fail("of a", "a")
    fail("of a", "b")
    for note in (None, "of b"):
        with pytest.raises(HNError, match=r"keeps what was written.*delete that"):
            fail(note, "c")
    with whole_folder(out, "of a") as folder:
        assert (folder / "frames.txt").read_text() == "ab"
    assert names(out) == ["frames.txt"]
    assert names(tmp_path) == ["out"]


def test_of_two_who_write_a_folder_one_is_refused_and_takes_nothing_away(tmp_path):
    out = tmp_path / "out"
    for note in (None, "of a"):
        with whole_folder(out, note) as folder:
            (folder / "frame.txt").write_text("new")
            for other in (None, "of a"):
                with (
                    pytest.raises(HNError, match="another program writes"),
                    whole_folder(out, other),
                ):
                    pass
        assert names(out) == ["frame.txt"]
        assert names(tmp_path) == ["out"]
        (out / "frame.txt").unlink()


def test_who_had_to_wait_for_the_lock_sees_what_the_other_has_written(
    tmp_path, monkeypatch
):
    def meanwhile(file):
        monkeypatch.setattr("core.files.try_lock", try_lock)
        shutil.rmtree(tmp_path / ".out.partial")  # as the other does at its end
        write(tmp_path / "out")
        return try_lock(file)

    monkeypatch.setattr("core.files.try_lock", meanwhile)
    with pytest.raises(HNError, match="another program writes"):
        write(tmp_path / "out")
    with pytest.raises(HNError, match=r"already holds files, such as frame\.txt"):
        write(tmp_path / "out")
    assert names(tmp_path) == ["out"]


def test_hidden_folders_are_passed_over_but_not_the_one_that_is_named(tmp_path):
    top = tmp_path / ".data"
    for folder in ("b", "a/c", ".b.partial/b", "a/.trash"):
        (top / folder).mkdir(parents=True)
        (top / folder / "capture.mcap").write_bytes(b"")
    found = find_files(top, "capture.mcap")
    assert [str(f.relative_to(top)) for f in found] == [
        "a/c/capture.mcap",
        "b/capture.mcap",
    ]
