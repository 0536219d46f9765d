"""Bins as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_app.engine.bins_input import (
    as_even,
    edges_text,
    even_edges,
    typed_bins,
)
from core.bins import HNBins
from core.errors import HNError


@pytest.mark.parametrize(
    ("heights", "angles", "signed", "bins"),
    [
        ("0.1 0.5 1", "45", False, HNBins((0.1, 0.5, 1.0), (45.0,))),
        (" 0.1,0.5;1 ", "30, 60,", False, HNBins((0.1, 0.5, 1.0), (30.0, 60.0))),
        ("", "", False, HNBins((), ())),
        ("2e-1", "45 135", True, HNBins((0.2,), (45.0, 135.0), True)),
    ],
)
def test_numbers_between_spaces_or_commas_are_edges(
    heights: str, angles: str, signed: bool, bins: HNBins
) -> None:
    assert typed_bins(heights, angles, signed) == bins


@pytest.mark.parametrize(
    ("heights", "angles", "signed", "sentence"),
    [
        ("0.5 0.25", "", False, "The height edges rise .*, got 0.25 after 0.5."),
        ("0.5 0.5", "", False, "got 0.5 after 0.5."),
        ("0 1", "", False, "Every height edge is above 0, got 0."),
        ("-1", "", False, "Every height edge is above 0, got -1."),
        ("inf", "", False, "Every height edge is above 0, got inf."),
        ("nan", "", False, "Every height edge is above 0, got nan."),
        ("1 m", "", False, "'m' is no number; write height edges such as 0.25"),
        ("", "x", False, "'x' is no number; write angle edges such as 30 60."),
        ("", "90", False, r"between 0 and 90 degrees \(180 with ceilings .*, got 90."),
        ("", "180", True, "between 0 and 180 degrees, got 180."),
        ("1 2 3", " ".join(map(str, range(1, 64))), False, "make 256 classes; at most"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    heights: str, angles: str, signed: bool, sentence: str
) -> None:
    with pytest.raises(HNError, match=sentence):
        typed_bins(heights, angles, signed)


def test_255_classes_still_fit() -> None:
    angles = " ".join(map(str, range(1, 51)))  # 51 x 5 = 255
    assert typed_bins("1 2 3 4", angles, False).num_classes == 255


@given(st.integers(2, 60), st.integers(1, 200))
def test_even_bins_are_known_again_and_can_be_typed(
    count: int, hundredths: int
) -> None:
    step = hundredths / 100
    edges = even_edges(count, step)
    assert len(edges) == count - 1
    assert edges[-1] == pytest.approx(step * (count - 1), abs=1e-9)
    assert as_even(edges) == (count, step)
    assert typed_bins(edges_text(edges), "", False).height_edges == edges


def test_the_default_is_even_and_others_are_not() -> None:
    assert as_even(HNBins().height_edges) == (10, 0.25)
    assert even_edges(10, 0.25) == HNBins().height_edges
    assert even_edges(1, 0.5) == ()
    for edges in ((), (0.25, 0.75), (-0.5, 0.0, 0.5)):
        assert as_even(edges) is None
