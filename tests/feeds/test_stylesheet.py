"""The contrast of the whole stylesheet, and its size."""

from __future__ import annotations

import re

from pipeline.feeds.stylesheet import stylesheet
from pipeline.palette import DARK_PAGE, PAPER, contrast


def test_the_stylesheet_keeps_its_text_readable_on_every_ground() -> None:
    light, dark = re.split(r"(?<=color-scheme: light dark;\n)", stylesheet("#0f6b6b"), maxsplit=1)
    for paper, sheet in ((PAPER, light), (DARK_PAGE, dark)):
        named = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", sheet))
        for ground in (paper, named["tint"]):
            assert contrast(named["text"], ground) >= 7
            assert contrast(named["quiet"], ground) >= 4.5


def test_the_stylesheet_is_small_and_loads_nothing() -> None:
    sheet = stylesheet("#0f6b6b")
    assert len(sheet) < 14_000
    assert "url(" not in sheet
    assert "@import" not in sheet
