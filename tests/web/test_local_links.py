"""Links to the public site lead to this server instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.web.local_links import LocalLinks

LINKS = LocalLinks(["https://larkfield.example", "https://larkfield.example/news"])


@pytest.mark.parametrize(
    ("link", "led"),
    [
        ("https://larkfield.example/posts/x/?a=1#b", "/posts/x/?a=1#b"),
        ("https://larkfield.example/", "/"),
        ("https://larkfield.example", "/"),
        ("https://larkfield.example?x", "/?x"),
        ("https://larkfield.example/news/unsubscribe/t", "/unsubscribe/t"),
        ("https://larkfield.example//evil.example/", "/evil.example/"),
        ("https://larkfield.example/\\evil.example/", "/evil.example/"),
    ],
)
def test_a_link_to_the_site_leads_here(link: str, led: str) -> None:
    assert LINKS.lead(link) == led


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/https://larkfield.example/",
        "https://larkfield.example.evil.example/",
        "https://larkfield.examples/",
        "https://larkfield.example:8443/",
        "https://larkfield.example@evil.example/",
        "mailto:letter@larkfield.example",
        "/posts/x/",
        "",
    ],
)
def test_any_other_link_stays(link: str) -> None:
    assert LINKS.lead(link) == link


def test_links_and_pictures_in_html_lead_here_and_open_in_a_tab_of_their_own() -> None:
    page = (
        '<html><head><style>p { background: url("https://larkfield.example/a.png") }</style></head>'
        '<a href="https://larkfield.example/unsubscribe/t?a&amp;b">x</a>'
        "<img src='https://larkfield.example/assets/logo.png' alt=''>"
        '<a href="https://elsewhere.example/">y</a>'
    )

    assert LINKS.in_letter(page) == (
        '<html><head><base target="_blank"><style>p { background: url("/a.png") }</style></head>'
        '<a href="/unsubscribe/t?a&amp;b">x</a>'
        "<img src='/assets/logo.png' alt=''>"
        '<a href="https://elsewhere.example/">y</a>'
    )


def test_an_address_that_the_reader_sees_stays_as_it_was_sent() -> None:
    page = "<p>Visit https://larkfield.example/posts/ soon.</p>"

    assert page in LINKS.in_letter(page)


def test_html_without_a_head_opens_its_links_in_tabs_too() -> None:
    assert LINKS.in_letter("<p>x</p>") == '<base target="_blank"><p>x</p>'


def test_links_in_text_lead_here_and_show_as_they_were_sent() -> None:
    shown = str(
        LINKS.in_text("[1] https://larkfield.example/posts/x/ and\nhttps://a.example/?b&c.")
    )

    assert (
        '<a href="/posts/x/" target="_blank" rel="noopener">https://larkfield.example/posts/x/</a>'
        in shown
    )
    assert (
        '<a href="https://a.example/?b&amp;c" target="_blank" rel="noopener">https://a.example/?b&amp;c</a>.'
        in shown
    )


@given(st.text(st.sampled_from("<>\"'&htps:/.a \n"), max_size=60))
def test_text_never_becomes_markup(text: str) -> None:
    shown = str(LINKS.in_text(text))

    without_links = shown.replace("</a>", "").split("<")
    assert all(piece.startswith("a href=") for piece in without_links[1:])
