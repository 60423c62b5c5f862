from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.palette import DARK_PAGE, PAPER, contrast, make_palette


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#abc", "#aabbcc") == 1


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_every_accent_can_be_read_wherever_it_is_used(accent: str) -> None:
    palette = make_palette(accent)
    assert contrast(palette.accent, "#ffffff") >= 4.5
    assert contrast(palette.accent, PAPER) >= 4.5
    assert contrast(palette.on_fill, palette.fill) >= 4.5
    assert contrast(palette.accent_dark, DARK_PAGE) >= 7
    assert contrast(palette.on_accent_dark, palette.accent_dark) >= 4.5


def test_an_accent_that_can_be_read_stays_as_it_is() -> None:
    palette = make_palette("#0F6B6B")
    assert (palette.accent, palette.fill, palette.on_fill) == ("#0f6b6b", "#0f6b6b", "#ffffff")


@pytest.mark.parametrize("accent", ["teal", "#12", "#12345g", "", "0f6b6b", "#0f6b6b;x:y"])
def test_what_is_no_colour_is_refused(accent: str) -> None:
    with pytest.raises(ConfigError, match=r"brand\.accent: .* is no colour"):
        make_palette(accent)
