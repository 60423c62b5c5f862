"""The local mailbox's pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from pipeline.clock import Site
from pipeline.config import Provider
from pipeline.delivery.mailbox import make_maildir
from pipeline.web import mailbox
from tests.web.server import Server

Capture = Callable[..., str]
PAGE = '<html><head></head><a href="https://larkfield.example/posts/x/">Read</a></html>'


def test_an_empty_mailbox_says_what_fills_it(open_site: Site, server: Server) -> None:
    before = server.get("/mailbox/")
    make_maildir(open_site.mailbox)

    for page in (before, server.get("/mailbox/")):
        assert page.status == 200
        assert "No mail yet. <code>pipeline run</code> sends the next edition here." in page.text


def test_the_list_shows_subject_recipient_time_size_and_that_it_is_a_rehearsal(
    server: Server, capture: Capture
) -> None:
    path = capture("Knees & hips", text="x" * 3000, to="Zoë <zoe@example.com>")

    page = server.get("/mailbox").text

    assert f'<a href="{path}/"><bdi>Knees &amp; hips</bdi></a>' in page
    assert '<bdi>Zoë</bdi> <bdi class="address">zoe@example.com</bdi>' in page
    assert re.search(r">\d{1,2} \w{3} 20\d\d, \d\d:\d\d:\d\d E[SD]T<", page)
    assert "3 kB" in page
    assert "Rehearsal" in page
    assert "1 letter," in page


def test_the_newest_letters_come_first_and_the_others_are_counted(
    server: Server, capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "SHOWN", 2)
    for subject in ("Oldest", "Middle", "Newest"):
        capture(subject, text="x")

    page = server.get("/mailbox/").text

    assert "The newest 2 of 3 letters" in page
    assert page.index("Newest") < page.index("Middle")
    assert "Oldest" not in page


def test_a_letter_is_shown_in_a_frame_that_may_do_nothing(server: Server, capture: Capture) -> None:
    path = capture(html=PAGE)

    page = server.get(f"{path}/").text

    frame = re.search(r"<iframe[^>]*>", page)
    assert frame is not None
    assert f'src="{path}/html"' in frame[0]
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame[0]


def test_what_is_in_the_frame_runs_nothing_and_can_be_framed_only_here(
    server: Server, capture: Capture
) -> None:
    reply = server.get(f"{capture(html=PAGE)}/html")

    policy = reply.headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert not [part for part in policy if part.startswith(("script-src", "frame-src"))]
    assert reply.headers["Referrer-Policy"] == "no-referrer"


def test_links_of_a_letter_lead_to_this_server_and_the_page_says_so(
    server: Server, capture: Capture
) -> None:
    path = capture(html=PAGE, text="See https://larkfield.example/posts/x/")

    assert '<a href="/posts/x/">' in server.get(f"{path}/html").text
    assert '<a href="/posts/x/"' in server.get(f"{path}/text").text
    for view in ("/", "/text"):
        assert "Links to larkfield.example lead to this server" in server.get(path + view).text


def test_a_letter_can_be_looked_at_in_the_width_of_a_phone(
    server: Server, capture: Capture
) -> None:
    path = capture(html=PAGE)

    assert '<iframe class="letter phone"' in server.get(f"{path}/?width=375").text
    assert '<iframe class="letter"' in server.get(f"{path}/").text
    assert f'href="{path}/?width=375"' in server.get(f"{path}/").text


def test_the_text_is_shown_as_text(server: Server, capture: Capture) -> None:
    page = server.get(f"{capture(text='a < b <script>')}/text").text

    assert "a &lt; b &lt;script&gt;" in page


def test_the_source_is_what_stood_on_the_wire(server: Server, capture: Capture) -> None:
    page = server.get(f"{capture('Knees', html=PAGE)}/source").text

    assert "Subject: Knees\n" in page
    assert "&lt;html&gt;" in page


def test_a_long_source_is_cut_and_the_file_offered(
    server: Server, capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "SOURCE_SHOWN", 20)
    path = capture("A subject longer than that", text="x")

    page = server.get(f"{path}/source").text

    assert f'The rest is in the <a href="{path}.eml">file</a>' in page


def test_the_file_can_be_taken_as_it_is(server: Server, capture: Capture) -> None:
    path = capture("Knees", text="hello")

    reply = server.get(f"{path}.eml")

    assert reply.headers["Content-Type"] == "message/rfc822"
    assert reply.headers["Content-Disposition"] == (
        f'attachment; filename="{path.removeprefix("/mailbox/")}.eml"'
    )
    assert message_from_bytes(reply.body, policy=policy.default)["Subject"] == "Knees"


def test_a_letter_without_one_of_its_parts_points_to_the_other(
    server: Server, capture: Capture
) -> None:
    plain, rich = capture(text="x"), capture(html=PAGE)

    assert f'<a href="{plain}/text">Read its text.</a>' in server.get(f"{plain}/").text
    assert f'<a href="{rich}/">Look at its HTML.</a>' in server.get(f"{rich}/text").text
    assert server.get(f"{plain}/html").status == 404


def test_a_letter_that_is_not_there_is_not_found(server: Server, capture: Capture) -> None:
    path = capture(text="x")
    strange = ["nothing", "..", "%2e%2e", "*", "a" * 300, "%00", ".eml", "..%2fnew", "-"]

    for key in strange:
        for view in ("/", "/text", "/source", "/html", ".eml"):
            assert server.get(f"/mailbox/{key}{view}").status == 404, key + view
    assert server.get(f"{path}/other").status == 404


def test_every_page_is_kept_by_nobody_and_framed_by_nobody(
    server: Server, capture: Capture
) -> None:
    path = capture(text="x")

    for view in ("/mailbox/", f"{path}/", f"{path}/text", f"{path}/source", f"{path}.eml"):
        headers = server.get(view).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_for_all_but_a_browser_on_this_machine_there_is_no_mailbox(
    server: Server, capture: Capture
) -> None:
    path = capture("Knees", text="x")
    strangers = [
        [("Host", "larkfield.example")],
        [("Host", "rebound.example:8321")],
        [("X-Forwarded-For", "127.0.0.1")],
        [("Forwarded", "for=127.0.0.1")],
    ]

    for headers in strangers:
        for view in ("/mailbox/", f"{path}/", f"{path}/text", f"{path}/source", f"{path}/html"):
            reply = server.ask("GET", view, headers)
            assert (reply.status, "Knees" in reply.text) == (404, False), (headers, view)
        assert server.ask("GET", f"{path}.eml", headers).status == 404


def test_a_proxy_that_speaks_the_old_http_does_not_reach_the_mailbox(server: Server) -> None:
    request = b"GET /mailbox/ HTTP/1.0\r\nHost: 127.0.0.1:%d\r\n\r\n" % server.port

    assert b" 404 " in server.exchange(request).partition(b"\r\n")[0]


def test_a_stranger_cannot_tell_the_mailbox_from_a_page_that_is_not_there(server: Server) -> None:
    stranger = [("Host", "larkfield.example")]

    assert server.ask("GET", "/mailbox/", stranger).body == server.get("/no-such-page").body


def test_with_a_provider_there_is_no_mailbox_at_all(
    open_site: Site, start: Callable[[Site], Server], capture: Capture
) -> None:
    path = capture(text="x")
    config = replace(open_site.config, providers=(Provider(host="smtp.example.com", port=587),))
    server = start(replace(open_site, config=config))

    assert server.get("/mailbox/").status == 404
    assert server.get(f"{path}/").status == 404


@pytest.mark.parametrize(
    ("octets", "words"),
    [(0, "1 kB"), (1499, "1 kB"), (48_660, "49 kB"), (1_000_000, "1.0 MB"), (2_340_000, "2.3 MB")],
)
def test_sizes_are_said_in_words(octets: int, words: str) -> None:
    assert mailbox.in_words(octets) == words
