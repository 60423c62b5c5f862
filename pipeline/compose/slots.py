"""Slots: the places in an edition where something differs per reader.

A slot is written with private-use characters and never as `{{ }}`: a post may hold those
literally. What comes from outside is stripped of the characters first, so nobody can write a
slot but a template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pipeline.errors import TemplateError

SLOT_NAMES = ("name", "email", "unsubscribe_url", "preferences_url")
SLOT = re.compile("\ue000([a-z_]+)\ue001")
_RESERVED = dict.fromkeys(range(0xE000, 0xE010))
_LEFTOVER = re.compile("[\ue000-\ue00f]")


def slot(name: str) -> str:
    """The token that stands for one reader's `name`, one of SLOT_NAMES."""
    if name not in SLOT_NAMES:
        raise ValueError(name)
    return f"\ue000{name}\ue001"


def without_slots(text: str) -> str:
    """`text` from outside, unable to pass for a slot."""
    return text.translate(_RESERVED)


def fill(text: str, values: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
    """Put one reader's values into the slots; `escape` is MarkupSafe's for HTML.

    `values` holds every one of SLOT_NAMES; they are never looked at for slots again.
    """
    return SLOT.sub(lambda match: escape(values[match[1]]), text)


def check_slots(text: str, template: str) -> None:
    """Raise TemplateError when a template has cut or altered a reader's value."""
    for name in SLOT.findall(text):
        if name not in SLOT_NAMES:
            raise _altered(template)
    if _LEFTOVER.search(SLOT.sub("", text)):
        raise _altered(template)


def _altered(template: str) -> TemplateError:
    return TemplateError(
        "alters a reader's value, which is not known yet",
        template=template,
        hint="write {{ reader.name }} as it is, without a filter",
    )


class _ReaderValue:
    """A reader's value inside a template: it can be written, and nothing else."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __str__(self) -> str:
        return slot(self._name)

    def __html__(self) -> str:
        return slot(self._name)

    def _refuse(self, *_: object) -> bool:
        raise TemplateError(
            f"reader.{self._name} cannot be asked or compared: an edition is composed once,"
            " before its readers are known",
            template="template",
            hint=f"write {{{{ reader.{self._name} }}}} alone; for different readers"
            " make two newsletters with a list each",
        )

    __bool__ = __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = _refuse
    __len__ = __iter__ = __getitem__ = _refuse
    __hash__ = None  # type: ignore[assignment]  # nothing may compare it


class Reader:
    """`reader` in templates."""

    def __init__(self) -> None:
        self.name = _ReaderValue("name")
        self.email = _ReaderValue("email")
        self.unsubscribe_url = _ReaderValue("unsubscribe_url")
        self.preferences_url = _ReaderValue("preferences_url")
