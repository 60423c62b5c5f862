"""Leaving a list over HTTP: by a person, and by a mail program (RFC 8058)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, select, update

from pipeline import schema
from pipeline.audience import (
    consent_of,
    find_list,
    find_subscription,
    import_lists,
    read_address,
    unsubscribe_token,
)
from pipeline.clock import Site, declare_newsletters
from pipeline.config import read_config
from pipeline.db import reading, writing
from pipeline.schema import SubscriptionState
from pipeline.web.readers import mask
from tests.support.site import SETTINGS, SiteFolder
from tests.web.conftest import KEYS, NOW
from tests.web.server import Reply, Server

ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = (
    b"--0123\r\n"
    b'Content-Disposition: form-data; name="List-Unsubscribe"\r\n'
    b"\r\n"
    b"One-Click\r\n"
    b"--0123--\r\n"
)
Standing = Callable[[], SubscriptionState | None]
CONFIRMED, UNSUBSCRIBED = SubscriptionState.CONFIRMED, SubscriptionState.UNSUBSCRIBED


def test_the_page_says_what_would_happen_and_has_one_button(server: Server, link: str) -> None:
    page = server.get(link)

    assert page.status == 200
    assert "<h1>Unsubscribe from Larkfield Pain Practice?</h1>" in page.text
    assert "r•••@example.com" in page.text
    assert page.text.count("<button") == 1


def test_the_page_shows_no_address(server: Server, link: str) -> None:
    assert "reader@example.com" not in server.get(link).text


def test_looking_changes_nothing(server: Server, link: str, standing: Standing) -> None:
    server.get(link)
    server.ask("HEAD", link)
    server.get(f"{link}?List-Unsubscribe=One-Click&confirm=yes")
    server.ask("OPTIONS", link)

    assert standing() is CONFIRMED


def test_head_has_the_headers_of_the_page(server: Server, link: str) -> None:
    head, page = server.ask("HEAD", link), server.get(link)

    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == page.headers["Content-Length"]


def request(link: str, kind: bytes, body: bytes) -> bytes:
    """What a mail program sends, byte for byte: no cookie, no Referer, no token of ours."""
    return (
        b"POST %b HTTP/1.1\r\nHost: larkfield.example\r\nContent-Type: %b\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n%b"
        % (link.encode(), kind, len(body), body)
    )


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"application/x-www-form-urlencoded", ONE_CLICK),
        (b"multipart/form-data; boundary=0123", MULTIPART),
        (b'multipart/form-data; boundary="0123"', MULTIPART),
    ],
)
def test_one_click_unsubscribes_at_once_in_both_encodings(
    server: Server, link: str, standing: Standing, kind: bytes, body: bytes
) -> None:
    answer = server.exchange(request(link, kind, body))

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nlocation:" not in answer.lower()
    assert b"\r\nset-cookie:" not in answer.lower()
    assert answer.endswith(b"You are unsubscribed.")
    assert standing() is UNSUBSCRIBED


def test_one_click_sent_in_chunks_is_the_same(
    server: Server, link: str, standing: Standing
) -> None:
    head = request(link, b"application/x-www-form-urlencoded", b"").replace(
        b"Content-Length: 0", b"Transfer-Encoding: chunked"
    )

    answer = server.exchange(head + b"1a\r\n" + ONE_CLICK + b"\r\n0\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert standing() is UNSUBSCRIBED


def test_one_click_is_recorded_with_its_time(open_site: Site, server: Server, link: str) -> None:
    server.post(link, ONE_CLICK)

    assert _left_at(open_site.engine) == NOW


def test_a_repeated_post_is_answered_alike_and_changes_nothing(
    open_site: Site, start: Callable[[Site], Server], link: str
) -> None:
    first = start(open_site).post(link, ONE_CLICK)
    again = start(replace(open_site, now=lambda: NOW.replace(year=2027))).post(link, ONE_CLICK)

    assert (first.status, first.body) == (again.status, again.body)
    assert _left_at(open_site.engine) == NOW


def test_the_button_unsubscribes_and_the_page_says_how_to_come_back(
    server: Server, link: str, standing: Standing
) -> None:
    page = server.post(link, b"confirm=yes")

    assert page.status == 200
    assert "<h1>You are unsubscribed</h1>" in page.text
    assert "no longer send Larkfield Pain Practice to r•••@example.com" in page.text
    assert '<button class="plain" name="back"' in page.text
    assert standing() is UNSUBSCRIBED


def test_pressing_the_button_again_is_answered_alike(server: Server, link: str) -> None:
    assert server.post(link, b"confirm=yes").body == server.post(link, b"confirm=yes").body


def test_the_form_posts_what_the_button_says_to_the_same_address(server: Server, link: str) -> None:
    form = re.search(r"<form[^>]*>", server.get(link).text)

    assert form is not None
    assert 'method="post"' in form[0]
    assert "action" not in form[0]
    assert '<button name="confirm" value="yes">' in server.get(link).text


@pytest.mark.parametrize(
    "body", [b"", b"x=1", b"List-Unsubscribe=maybe", b"confirm=", b"confirm=no", b"\xff\x00"]
)
def test_a_post_that_asks_for_nothing_changes_nothing_and_shows_the_button(
    server: Server, link: str, standing: Standing, body: bytes
) -> None:
    page = server.post(link, body)

    assert page.status == 400
    assert "Nothing has changed yet" in page.text
    assert "<button" in page.text
    assert standing() is CONFIRMED


def undo_of(page: Reply) -> bytes:
    """What the button posts that takes a departure back."""
    match = re.search(r'name="back" value="([^"]+)"', page.text)
    assert match is not None
    return urlencode({"back": match[1]}).encode()


def test_who_has_left_can_take_it_back_by_one_button(
    server: Server, link: str, standing: Standing, open_site: Site
) -> None:
    server.post(link, ONE_CLICK)
    page = server.post(link, undo_of(server.get(link)))

    assert page.status == 200
    assert "<h1>You are subscribed again</h1>" in page.text
    assert "Larkfield Pain Practice goes to r•••@example.com as before" in page.text
    assert standing() is CONFIRMED
    with reading(open_site.engine) as connection:
        found = consent_of(connection, read_address("reader@example.com"))
    assert [proof.event.value for proof in found] == ["left", "returned"]


def test_taking_back_one_departure_takes_back_no_later_one(
    open_site: Site, start: Callable[[Site], Server], link: str, standing: Standing
) -> None:
    server = start(open_site)
    undo = undo_of(server.post(link, b"confirm=yes"))
    server.post(link, undo)
    later = start(replace(open_site, now=lambda: NOW + timedelta(hours=1)))
    later.post(link, b"confirm=yes")
    page = later.post(link, undo)

    assert page.status == 200
    assert "You are unsubscribed" in page.text
    assert standing() is UNSUBSCRIBED


def test_a_departure_of_days_ago_is_not_taken_back_by_a_button(
    open_site: Site, start: Callable[[Site], Server], link: str, standing: Standing
) -> None:
    undo = undo_of(start(open_site).post(link, b"confirm=yes"))
    later = start(replace(open_site, now=lambda: NOW + timedelta(days=2)))

    for page in (later.get(link), later.post(link, undo)):
        assert page.status == 200
        assert "<button" not in page.text
        assert 'href="mailto:letter@larkfield.example"' in page.text
    assert standing() is UNSUBSCRIBED


@pytest.mark.parametrize("body", [b"back=", b"back=yes", b"back=2026-01-01", b"back=%00%0d%0a"])
def test_a_made_up_undo_changes_nothing(
    server: Server, link: str, standing: Standing, body: bytes
) -> None:
    server.post(link, ONE_CLICK)

    assert server.post(link, body).status == 200
    assert standing() is UNSUBSCRIBED


def test_an_erased_person_is_answered_as_one_who_left(
    open_site: Site, server: Server, link: str
) -> None:
    with writing(open_site.engine) as connection:
        connection.execute(update(schema.subscribers).values(email=None, identity=None))

    for reply in (server.get(link), server.post(link, b"confirm=yes")):
        assert reply.status == 200
        assert "You are unsubscribed" in reply.text
        assert "•••" not in reply.text


def _forged(link: str) -> list[str]:
    other_key = unsubscribe_token((b"x" * 32,), 1, 1)
    return [
        link[:-1],
        f"{link}x",
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        link.replace("/1-1-", "/1-2-"),
        link.replace("/1-1-", "/2-1-"),
        f"/unsubscribe/{other_key}",
        "/unsubscribe/1-1-",
        "/unsubscribe/1",
        "/unsubscribe/99999999999999999999999-1-aaaaaaaaaaaaaaaaaaaaaa",
        "/unsubscribe/%00",
        "/unsubscribe/..",
    ]


def test_a_forged_or_altered_link_changes_nothing_and_helps(
    server: Server, link: str, standing: Standing
) -> None:
    for forged in _forged(link):
        replies = [server.get(forged), server.post(forged, ONE_CLICK)]
        assert [reply.status for reply in replies] == [404, 404], forged
        assert all("copy the whole of it" in reply.text for reply in replies), forged
    assert standing() is CONFIRMED


def test_a_link_signed_with_a_former_key_still_works(
    open_site: Site, start: Callable[[Site], Server], link: str, standing: Standing
) -> None:
    server = start(replace(open_site, keys=(b"n" * 32, *KEYS)))

    assert server.post(link, ONE_CLICK).status == 200
    assert standing() is UNSUBSCRIBED


def test_the_sample_link_of_previews_explains_itself(server: Server, standing: Standing) -> None:
    for reply in (server.get("/unsubscribe/sample"), server.post("/unsubscribe/sample", ONE_CLICK)):
        assert reply.status == 200
        assert "sample link" in reply.text
    assert standing() is CONFIRMED


def test_a_large_body_is_refused(server: Server, link: str, standing: Standing) -> None:
    reply = server.post(link, ONE_CLICK + b"&x=" + b"x" * 20_000)

    assert reply.status == 413
    assert standing() is CONFIRMED


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused_with_those_that_work(
    server: Server, link: str, standing: Standing, method: str
) -> None:
    reply = server.ask(method, link)

    assert reply.status == 405
    assert set(reply.headers["Allow"].split(", ")) >= {"GET", "HEAD", "POST"}
    assert standing() is CONFIRMED


def test_the_token_does_not_travel_on(server: Server, link: str) -> None:
    replies: list[Reply] = [
        server.get(link),
        server.post(link, b"confirm=yes"),
        server.post(link, ONE_CLICK),
        server.get(link[:-1]),
    ]

    for reply in replies:
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["X-Robots-Tag"] == "noindex"


def test_every_newsletter_of_the_list_is_named(
    site: SiteFolder, open_site: Site, start: Callable[[Site], Server], link: str
) -> None:
    site.configure(
        SETTINGS + 'title = "The Letter"\n\n[[newsletter]]\nname = "other"\nlist = "others"\n'
        '\n[[newsletter]]\nname = "monthly"\nlist = "readers"\ntitle = "The <Monthly>"\n'
    )
    changed = replace(open_site, config=read_config(site.root, {}))
    declare_newsletters(changed)

    page = start(changed).get(link).text

    assert "Unsubscribe from Larkfield Pain Practice and The &lt;Monthly&gt;?" in page


def test_a_list_without_a_newsletter_is_called_by_its_name(
    site: SiteFolder, open_site: Site, server: Server
) -> None:
    site.add_subscribers("friends", ["reader@example.com"])
    import_lists(open_site.engine, open_site.config.subscribers, NOW)

    with reading(open_site.engine) as connection:
        list_id = find_list(connection, "friends").id

    page = server.get(f"/unsubscribe/{unsubscribe_token(KEYS, list_id, 1)}").text

    assert "Unsubscribe from friends?" in page


def test_a_german_site_asks_in_german(
    site: SiteFolder, open_site: Site, start: Callable[[Site], Server], link: str
) -> None:
    site.configure(SETTINGS.replace("[site]", '[site]\nlanguage = "de-CH"'))
    server = start(replace(open_site, config=read_config(site.root, {})))

    assert '<html lang="de"' in server.get(link).text
    assert "Abbestellen</button>" in server.get(link).text
    assert "Sie sind abgemeldet" in server.post(link, b"confirm=yes").text


def test_one_click_holds_in_every_database(
    site: SiteFolder, engine: Engine, start: Callable[[Site], Server], link: str
) -> None:
    site.add_subscribers("readers", ["reader@example.com"])
    made = Site(read_config(site.root, {}), engine, KEYS, lambda: NOW)
    import_lists(engine, made.config.subscribers, NOW)

    assert start(made).post(link, ONE_CLICK).status == 200

    with reading(engine) as connection:
        found = find_subscription(connection, 1, 1)
    assert found is not None
    assert found.state is UNSUBSCRIBED


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("reader@example.com", "r•••@example.com"),
        ("r@example.com", "r•••@example.com"),
        ('"a@b"@example.com', '"•••@example.com'),
        ("käthe@bücher.example", "k•••@bücher.example"),
    ],
)
def test_a_masked_address_keeps_its_first_letter_and_its_host(address: str, masked: str) -> None:
    assert mask(address) == masked


def _left_at(engine: Engine) -> datetime | None:
    with reading(engine) as connection:
        left_at: datetime | None = connection.execute(
            select(schema.subscriptions.c.unsubscribed_at)
        ).scalar_one()
    return left_at
