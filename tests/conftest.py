"""What every test shares: no window on the screen, no network, where real data lies."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Before anything imports onnxruntime, whose wheels otherwise send usage data.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real test data; the test is skipped where there is none."""
    folder = Path(os.environ.get("HN_TEST_DATA") or SHARED_DATA)
    if not folder.is_dir():
        pytest.skip("no real data: set HN_TEST_DATA to its folder")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    """--update-goldens."""
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="keep the window's pages as they look now; look at them afterwards",
    )
