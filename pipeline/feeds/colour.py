"""The accent colour, moved until it can be read on light and on dark paper."""

from __future__ import annotations

import re

from pipeline.errors import ConfigError

LIGHT_PAPER = "#fffdf9"
DARK_PAPER = "#15171a"
READABLE = 4.5  # WCAG 2.1, 1.4.3
READABLE_DARK = 7.0  # thin coloured letters look dimmer on dark paper than their contrast says
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)

Rgb = tuple[int, int, int]


def accents(colour: str) -> tuple[str, str]:
    """Give the accent for light and for dark paper, with a contrast of 4.5:1 and 7:1 or more.

    Raises ConfigError when `colour` is not written as #rrggbb or #rgb.
    """
    given = _parse(colour)
    return (
        _hex(_readable(given, _parse(LIGHT_PAPER), READABLE, towards=_BLACK)),
        _hex(_readable(given, _parse(DARK_PAPER), READABLE_DARK, towards=_WHITE)),
    )


def contrast(one: str, other: str) -> float:
    """Measure the contrast of two colours, from 1 to 21 (WCAG 2.1)."""
    return _contrast(_parse(one), _parse(other))


def _readable(colour: Rgb, paper: Rgb, wanted: float, *, towards: Rgb) -> Rgb:
    for percent in range(101):
        mixed = _mix(colour, towards, percent)
        if _contrast(mixed, paper) >= wanted:
            return mixed
    return towards


def _mix(colour: Rgb, other: Rgb, percent: int) -> Rgb:
    red, green, blue = (
        round(a + (b - a) * percent / 100) for a, b in zip(colour, other, strict=True)
    )
    return red, green, blue


def _contrast(one: Rgb, other: Rgb) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _parse(colour: str) -> Rgb:
    match = re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", colour)
    if not match:
        raise ConfigError(
            f"{colour!r} is no colour",
            key="brand.accent",
            hint='write it with six digits, as in "#0f6b6b"',
        )
    digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
