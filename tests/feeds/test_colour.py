"""The accent, and the contrast of the whole stylesheet."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.feeds.colour import DARK_PAPER, LIGHT_PAPER, accents, contrast
from pipeline.feeds.stylesheet import stylesheet


def test_black_on_white_has_the_greatest_contrast_there_is() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_an_accent_that_can_be_read_stays_as_it_is() -> None:
    assert accents("#0f6b6b")[0] == "#0f6b6b"


@given(colour=st.from_regex(r"#(?:[0-9a-fA-F]{3}){1,2}", fullmatch=True))
def test_any_accent_can_be_read_on_either_paper(colour: str) -> None:
    light, dark = accents(colour)
    assert contrast(light, LIGHT_PAPER) >= 4.5
    assert contrast(dark, DARK_PAPER) >= 4.5


@pytest.mark.parametrize("colour", ["teal", "0f6b6b", "#12345", "", "#0f6b6b; } body { x"])
def test_what_is_no_colour_is_refused_with_an_example(colour: str) -> None:
    with pytest.raises(ConfigError, match=r"brand\.accent") as caught:
        accents(colour)
    assert '"#0f6b6b"' in caught.value.hint


def test_the_stylesheet_keeps_its_text_readable_on_every_ground() -> None:
    light, dark = re.split(r"(?<=color-scheme: light dark;\n)", stylesheet("#0f6b6b"), maxsplit=1)
    for paper, sheet in ((LIGHT_PAPER, light), (DARK_PAPER, dark)):
        named = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", sheet))
        for ground in (paper, named["tint"]):
            assert contrast(named["text"], ground) >= 7
            assert contrast(named["quiet"], ground) >= 4.5


def test_the_stylesheet_is_small_and_loads_nothing() -> None:
    sheet = stylesheet("#0f6b6b")
    assert len(sheet) < 14_000
    assert "url(" not in sheet
    assert "@import" not in sheet
