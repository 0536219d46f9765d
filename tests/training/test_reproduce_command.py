"""The whole command, with the networks as they are."""

import json
import sys
from pathlib import Path

import pytest

from core.command import run_command
from training.reproduce.command import ReproduceConfig, reproduce


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_whole_command_on_a_small_scale(
    nyuv2_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "results"
    words = ["table6", "figure8", "figure3", "--data", str(nyuv2_folder)]
    words += ["--scale", "smoke", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["hn-reproduce", *words])
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            run_command("hn-reproduce", ReproduceConfig, reproduce)
        assert ended.value.code == 0
        text = capsys.readouterr().out
        assert str(out / "table6.md") in text
    assert "[" not in text.partition("table6.md")[0]  # nothing was trained again
    assert (out / "figure8.png").is_file() and (out / "figure3.svg").is_file()
    table = json.loads((out / "table6.json").read_text())
    assert [len(row["runs"]) for row in table["rows"]] == [1, 1]
