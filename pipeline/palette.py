"""Colours that can be read: what a brand's accent becomes on a light and on a dark page."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import ConfigError

PAGE = "#ffffff"
PAPER = "#fffdf9"  # of the public pages, a little darker
INK = "#1b1d1f"
BLACK = "#000000"
DARK_PAGE = "#15171a"
READABLE = 4.5  # WCAG 2.1, 1.4.3
GLOWING = 7.0  # 1.4.6; at 4.5 an accent looks muddy on a dark page

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """The accent in each of its uses; every pair reaches 4.5:1."""

    fill: str  # surfaces: the button, as the brand gave it
    on_fill: str  # text on them
    accent: str  # text on light pages
    accent_dark: str  # text on the dark page, and surfaces there
    on_accent_dark: str


def make_palette(accent: str) -> Palette:
    """Raises ConfigError when `accent` is no colour like #0f6b6b."""
    given = _parse(accent)
    accent_dark = _toward(given, (255, 255, 255), DARK_PAGE, GLOWING)
    return Palette(
        fill=_hex(given),
        on_fill=_text_on(_hex(given)),
        accent=_toward(given, (0, 0, 0), PAPER, READABLE),
        accent_dark=accent_dark,
        on_accent_dark=_text_on(accent_dark),
    )


def contrast(one: str, other: str) -> float:
    """The WCAG 2.1 contrast ratio of two colours, 1 to 21."""
    high, low = sorted((_luminance(_parse(one)), _luminance(_parse(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _toward(colour: Rgb, goal: Rgb, ground: str, least: float) -> str:
    """`colour`, mixed with `goal` no further than reading it on `ground` needs."""
    for step in range(101):
        mixed = tuple(
            round(part + (aim - part) * step / 100) for part, aim in zip(colour, goal, strict=True)
        )
        if contrast(_hex(mixed), ground) >= least:
            return _hex(mixed)
    raise AssertionError("black and white reach 7:1 on the grounds used here")


def _text_on(ground: str) -> str:
    """White where it can be read, else ink, else black: one of them reaches 4.5:1 on any ground."""
    return next(each for each in (PAGE, INK, BLACK) if contrast(each, ground) >= READABLE)


def _parse(colour: str) -> Rgb:
    match = re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", colour)
    if not match:
        raise ConfigError(
            f"{colour!r} is no colour", key="brand.accent", hint='six digits as in "#0f6b6b"'
        )
    digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _hex(colour: tuple[int, ...]) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


def _luminance(colour: Rgb) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
