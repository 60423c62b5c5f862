"""Joining a list by a form: one answer for all, one request kept, and no more than limits allow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, event, func, select

from pipeline import schema
from pipeline.audience import suppress_identities
from pipeline.clock import Site, settle_requests
from pipeline.db import reading, writing
from pipeline.schema import RequestState, SuppressionReason
from pipeline.web.networks import kept_of, network_of
from tests.support.forms import Time, fill_in, open_site, stamp_in, with_settings
from tests.support.site import SETTINGS, SiteFolder
from tests.web.server import Server

Start = Callable[[Site], Server]
MULTIPART = (
    '--x\r\nContent-Disposition: form-data; name="email"\r\n\r\nada@example.com\r\n'
    '--x\r\nContent-Disposition: form-data; name="shown"\r\n\r\n{}\r\n--x--\r\n'
)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def joinable(site: SiteFolder, engine: Engine, time: Time) -> Site:
    return open_site(site, engine, time)


@pytest.fixture
def server(joinable: Site, start: Start) -> Server:
    return start(joinable)


def asked(engine: Engine) -> list[Any]:
    """All requests that are kept, oldest first."""
    with reading(engine) as connection:
        return list(connection.execute(select(schema.requests).order_by(schema.requests.c.id)))


def addresses(engine: Engine) -> list[str]:
    return [row.email for row in asked(engine)]


# --- the form -----------------------------------------------------------------------------------


def test_the_form_has_one_field_and_one_button_and_says_what_one_agrees_to(server: Server) -> None:
    page = server.get("/subscribe/readers")

    assert page.status == 200
    assert "<h1>Get Larkfield Pain Practice by mail</h1>" in page.text
    assert "Plain words about pain." in page.text
    assert len(re.findall(r'<input (?!type="hidden")(?!id="website")', page.text)) == 1
    assert page.text.count("<button") == 1
    assert "I can unsubscribe at any time" in page.text


def test_looking_keeps_nothing(server: Server, engine: Engine) -> None:
    server.get("/subscribe/readers")
    server.ask("HEAD", "/subscribe/readers")
    server.get("/subscribe/readers?email=ada@example.com")

    assert asked(engine) == []


def test_there_is_no_form_for_a_closed_an_unnamed_or_an_unknown_list(
    joinable: Site, site: SiteFolder, start: Start
) -> None:
    server = start(with_settings(joinable, site, '[lists.friends]\njoin = "closed"\n'))

    for name in ("friends", "others", "..", "%00", "readers%00"):
        for reply in (server.get(f"/subscribe/{name}"), server.post(f"/subscribe/{name}", b"")):
            assert reply.status == 404, name


def test_a_german_site_asks_in_german(site: SiteFolder, engine: Engine, start: Start) -> None:
    site.configure(SETTINGS.replace("[site]", '[site]\nlanguage = "de"'))
    page = start(open_site(site, engine, Time())).get("/subscribe/readers")

    assert "Ihre Mailadresse" in page.text
    assert '<html lang="de"' in page.text


def test_the_words_of_the_site_take_the_place_of_ours(
    joinable: Site, site: SiteFolder, start: Start, time: Time, engine: Engine
) -> None:
    made = with_settings(
        joinable, site, '[lists.members]\ntitle = "Notes & <more>"\nwording = "I agree to {all}."\n'
    )
    server = start(made)

    assert "Get Notes &amp; &lt;more&gt; by mail" in server.get("/subscribe/members").text
    fill_in(server, time, "ada@example.com", "members")

    with reading(engine) as connection:
        (text,) = connection.execute(select(schema.wordings.c.text)).scalars()
    assert text == "I agree to {all}."


# --- what is kept -------------------------------------------------------------------------------


def test_a_request_is_kept_with_its_words_form_and_time(
    server: Server, engine: Engine, time: Time
) -> None:
    answer = fill_in(server, time, " Ada@Example.COM ")

    (row,) = asked(engine)
    assert answer.status == 200
    assert "<h1>Please look into your mailbox</h1>" in answer.text
    assert (row.email, row.identity) == ("Ada@example.com", "ada@example.com")
    assert row.list_name == "readers"
    assert row.url == "https://larkfield.example/subscribe/readers"
    assert row.network.startswith("not known")
    assert (row.state, row.created_at) == (RequestState.OPEN, time())
    with reading(engine) as connection:
        words = connection.execute(select(schema.wordings.c.text)).scalar_one()
    assert "I ask for Larkfield Pain Practice" in words


def test_a_multipart_form_is_the_same(server: Server, engine: Engine, time: Time) -> None:
    shown = stamp_in(server.get("/subscribe/readers").text)
    time.pass_by(seconds=5)
    body = MULTIPART.format(shown).encode()
    server.post("/subscribe/readers", body, "multipart/form-data; boundary=x")

    assert addresses(engine) == ["ada@example.com"]


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "ada",
        "ada@",
        "@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada\r\nx@example.com",
        "ada\0@example.com",
        "ada@exa\0mple.com",
        "ada@example.com, eve@example.com",
        '"><script>alert(1)</script>@example.com',
        "a" * 400 + "@example.com",
    ],
)
def test_what_is_no_address_is_said_and_stays_in_the_field(
    server: Server, engine: Engine, time: Time, typed: str
) -> None:
    answer = fill_in(server, time, typed)

    assert answer.status == 400
    assert "does not look like a mail address" in answer.text
    assert "<script" not in answer.text
    if typed == "ada@":
        assert 'value="ada@"' in answer.text
    assert asked(engine) == []


@pytest.mark.parametrize("bad", ["\r\nX: y", "\0", "\u2028", "\ud800"])
def test_no_field_can_carry_a_line_of_its_own(
    server: Server, engine: Engine, time: Time, bad: str
) -> None:
    shown = stamp_in(server.get("/subscribe/readers").text)
    time.pass_by(seconds=5)
    fields = {"email": "ada@example.com", "shown": shown, "website": ""}
    for name, value in fields.items():
        body = urlencode({**fields, name: value + bad}, errors="surrogatepass").encode()
        assert server.post("/subscribe/readers", body).status in (200, 400)

    assert all(address == "ada@example.com" for address in addresses(engine))


# --- programs -----------------------------------------------------------------------------------


def test_who_fills_in_the_hidden_field_is_answered_alike_and_not_kept(
    server: Server, engine: Engine, time: Time
) -> None:
    person = fill_in(server, time, "ada@example.com")
    program = fill_in(server, time, "ada@example.com", website="https://spam.example")

    assert program.body == person.body
    assert len(asked(engine)) == 1


def test_a_form_sent_at_once_or_a_day_late_needs_one_more_click(
    server: Server, engine: Engine, time: Time
) -> None:
    shown = stamp_in(server.get("/subscribe/readers").text)
    body = urlencode({"email": "ada@example.com", "shown": shown}).encode()
    quick = server.post("/subscribe/readers", body)
    time.pass_by(hours=25)
    late = server.post("/subscribe/readers", body)

    for page in (quick, late):
        assert page.status == 200
        assert "<h1>One more click</h1>" in page.text
    assert asked(engine) == []


@pytest.mark.parametrize("shown", ["", "1", "1772546400-aaaaaaaaaaaaaaaaaaaaaa", "0-", "-5-x"])
def test_a_form_from_elsewhere_leads_to_a_page_with_one_button(
    server: Server, engine: Engine, time: Time, shown: str
) -> None:
    first = server.post(
        "/subscribe/readers", urlencode({"email": "ada@example.com", "shown": shown}).encode()
    )
    assert "Shall we send Larkfield Pain Practice to ada@example.com?" in first.text
    assert asked(engine) == []
    time.pass_by(seconds=3)
    email = re.search(r'name="email" value="([^"]+)"', first.text)
    assert email is not None

    fields = {"email": email[1], "shown": stamp_in(first.text)}
    server.post("/subscribe/readers", urlencode(fields).encode())

    assert addresses(engine) == ["ada@example.com"]


def test_a_stamp_for_other_words_or_another_list_does_not_count(
    joinable: Site, site: SiteFolder, start: Start, engine: Engine, time: Time
) -> None:
    server = start(with_settings(joinable, site, "[lists.friends]\n"))
    shown = stamp_in(server.get("/subscribe/friends").text)
    time.pass_by(seconds=5)
    body = urlencode({"email": "ada@example.com", "shown": shown}).encode()

    assert "One more click" in server.post("/subscribe/readers", body).text
    assert asked(engine) == []


def test_the_form_for_other_pages_can_be_copied(server: Server) -> None:
    page = server.get("/subscribe/readers/embed").text

    assert "&lt;form action=&#34;https://larkfield.example/subscribe/readers&#34; method" in page
    assert "&lt;button&gt;Subscribe&lt;/button&gt;" in page
    assert "<form" not in page


# --- one answer for all -------------------------------------------------------------------------


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    said: list[str] = []

    def note(*arguments: Any) -> None:
        said.append(str(arguments[2]))

    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


def test_known_unknown_and_suppressed_people_get_one_answer_by_the_same_statements(
    server: Server, engine: Engine, time: Time
) -> None:
    with writing(engine) as connection:
        reasons = {f"{reason.value}@example.com": reason for reason in SuppressionReason}
        suppress_identities(connection, reasons, time())
    fill_in(server, time, "first@example.com")  # the wording is kept once
    answers, statements = set(), set()
    for address in ("known@example.com", "new@example.com", *reasons):
        with counted(engine) as said:
            answer = fill_in(server, time, address)
        answers.add((answer.status, answer.text.replace(address, "…")))
        statements.add(tuple(said))

    assert len(answers) == 1
    assert len(statements) == 1


# --- limits -------------------------------------------------------------------------------------


def test_ten_thousand_requests_for_one_address_give_one_mail_and_few_rows(
    joinable: Site, server: Server, engine: Engine, time: Time
) -> None:
    shown = stamp_in(server.get("/subscribe/readers").text)
    time.pass_by(seconds=5)
    body = urlencode({"email": "victim@example.com", "shown": shown}).encode()
    for number in range(10_000 if engine.dialect.name == "sqlite" else 300):
        assert server.post("/subscribe/readers", body).status == 200
        if number % 500 == 0:
            settle_requests(joinable)
            time.pass_by(minutes=30)
    settle_requests(joinable)

    with reading(engine) as connection:
        mails = connection.execute(select(func.count()).select_from(schema.notices)).scalar_one()
    assert mails == 1
    assert len(asked(engine)) <= 100


def test_a_list_takes_only_so_many_an_hour(
    joinable: Site, site: SiteFolder, start: Start, engine: Engine, time: Time
) -> None:
    made = with_settings(joinable, site, "[joining]\nrequests_per_list = 3\n")
    server = start(made)
    for number in range(3):
        assert fill_in(server, time, f"reader{number}@example.com").status == 200
    refused = fill_in(server, time, "late@example.com")

    assert refused.status == 429
    assert refused.headers["Retry-After"] == "3600"
    assert 'value="late@example.com"' in refused.text
    assert "late@example.com" not in addresses(engine)
    time.pass_by(hours=1)
    assert fill_in(server, time, "late@example.com").status == 200


def test_a_network_takes_only_so_many_an_hour(
    joinable: Site,
    site: SiteFolder,
    start: Start,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.web.joining.network_of", lambda _: "198.51.100.0/24")
    made = with_settings(joinable, site, "[joining]\nrequests_per_network = 2\n")
    first, second = start(made), start(made)  # two processes with one database
    assert fill_in(first, time, "a@example.com").status == 200
    assert fill_in(second, time, "b@example.com").status == 200

    assert fill_in(first, time, "c@example.com").status == 429


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("198.51.100.77", "198.51.100.0/24"),
        ("::ffff:198.51.100.77", "198.51.100.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("192.168.1.9", ""),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_networks_are_cut_and_proxies_stand_for_nobody(peer: str, network: str) -> None:
    assert network_of(peer) == network


def test_what_is_kept_of_a_network_is_as_set() -> None:
    assert kept_of("198.51.100.77", "truncated") == "198.51.100.0/24"
    assert kept_of("198.51.100.77", "full") == "198.51.100.77"
    assert kept_of("198.51.100.77", "none") == "not kept, as [joining] network says"
    assert kept_of("127.0.0.1", "full").startswith("not known")
