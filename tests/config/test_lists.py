"""[lists.NAME] and [joining]: who may join what by a form."""

from __future__ import annotations

import pytest

from pipeline.config import Joining, ListSettings
from tests.config.conftest import Read, told

SMTP = '[smtp]\nhost = "smtp.example.com"\nlists = ["readers"]\n'


def test_without_a_table_nobody_can_join_anything(read: Read) -> None:
    assert read().lists == ()
    assert read().find_list("readers") is None
    assert read().joining == Joining()


def test_a_table_alone_opens_a_list_that_asks_for_confirmation(read: Read) -> None:
    made = read("[lists.readers]\n")

    assert made.lists == (ListSettings("readers", title=made.site.title),)
    assert made.find_list("readers") == made.lists[0]
    assert made.lists[0].join == "double"


def test_a_list_is_called_like_its_newsletter(read: Read) -> None:
    letter = '[[newsletter]]\nname = "digest"\nlist = "readers"\ntitle = "The Letter"\n'
    readers, friends, named = read(
        f'{letter}[lists.readers]\n[lists.friends]\n[lists.named]\ntitle = "Notes"\n'
    ).lists

    assert (readers.title, friends.title, named.title) == (
        "The Letter",
        read().site.title,
        "Notes",
    )


def test_a_closed_list_cannot_be_joined(read: Read) -> None:
    assert read('[lists.readers]\njoin = "closed"\n').find_list("readers") is None


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('[lists.readers]\njoin = "open"\n', "lists.readers.join"),
        ('[lists.readers]\njoined = "double"\n', "joined"),
        ('[lists.readers]\ntitle = "a\\nb"\n', "lists.readers.title"),
        ("[lists.Readers]\n", "lists.Readers"),
        ("[lists]\nreaders = 3\n", "lists"),
        ('[joining]\nnetwork = "some"\n', "joining.network"),
        ("[joining]\nunconfirmed_days = 7\n", "joining.unconfirmed_days"),
        (f"{SMTP}[lists.readers]\n[lists.friends]\n", "smtp.lists"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(read: Read, more: str, key: str) -> None:
    assert told(read, more).key == key
