"""[throttle.NAME]: limits of receiving domains, read and checked."""

from __future__ import annotations

import pytest

from pipeline.config import DomainLimit, Limits
from tests.config.conftest import Read, told, toml

GMAIL = '[throttle.gmail]\ndomains = ["gmail.com", "googlemail.com"]\n'


def test_without_a_table_no_domain_has_a_limit_of_its_own(read: Read) -> None:
    assert read().throttles == ()


def test_each_key_of_a_throttle_is_read(read: Read) -> None:
    table = {
        "domains": ("gmx.example", "web.example"),
        "connections": 5,
        "messages_per_second": 1,
        "messages_per_minute": 2,
        "messages_per_hour": 3,
        "messages_per_day": 4,
    }
    gmail, gmx = read(GMAIL + toml("throttle.gmx", table)).throttles

    assert gmail == DomainLimit("gmail", ("gmail.com", "googlemail.com"))
    assert (gmx.name, gmx.domains, gmx.connections) == ("gmx", ("gmx.example", "web.example"), 5)
    assert gmx.limits == Limits(1, 2, 3, 4)


def test_domains_are_kept_as_mail_writes_them(read: Read) -> None:
    more = '[throttle.a]\ndomains = ["Müller.Example", "GMAIL.com", "gmail.com"]\n'
    (limit,) = read(more).throttles

    assert limit.domains == ("xn--mller-kva.example", "gmail.com")


def test_the_name_of_a_table_stands_for_no_domain(read: Read) -> None:
    (limit,) = read('[throttle.gmail]\ndomains = ["other.example"]\n').throttles

    assert limit.domains == ("other.example",)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("[throttle.gmail]\nconnections = 5\n", "throttle.gmail.domains"),
        ("[throttle.gmail]\ndomains = []\n", "throttle.gmail.domains"),
        ("[throttle.gmail]\ndomains = [' ']\n", "throttle.gmail.domains"),
        ("[throttle.gmail]\ndomains = ['gmail']\n", "throttle.gmail.domains"),
        ("[throttle.gmail]\ndomains = ['a@gmail.com']\n", "throttle.gmail.domains"),
        ("[throttle.gmail]\ndomains = ['*.gmail.com']\n", "throttle.gmail.domains"),
        (f"{GMAIL}connections = -1\n", "throttle.gmail.connections"),
        (f"{GMAIL}messages_per_day = 100000001\n", "throttle.gmail.messages_per_day"),
        (f"{GMAIL}message_per_day = 1\n", "message_per_day"),
        (f"{GMAIL}name = 'x'\n", "name"),
        (f"{GMAIL}[throttle.g]\ndomains = ['GoogleMail.com']\n", "throttle.g.domains"),
        ("[throttle.Gmail]\ndomains = ['gmail.com']\n", "throttle.Gmail"),
        ("[throttle]\ndomains = ['gmail.com']\n", "throttle"),
        ("[[throttle]]\ndomains = ['gmail.com']\n", "throttle"),
    ],
)
def test_a_throttle_that_cannot_work_is_told_with_its_key(read: Read, more: str, key: str) -> None:
    assert told(read, more).key == key


def test_the_environment_sets_no_throttle_and_says_so(read: Read) -> None:
    error = told(read, GMAIL, THROTTLE_GMAIL_CONNECTIONS="5")

    assert "PIPELINE_THROTTLE_GMAIL_CONNECTIONS: is no setting" in str(error)
