from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.compose import Edition, fill, web_page
from pipeline.compose.slots import SLOT, SLOT_NAMES
from pipeline.config import Config, Serve
from pipeline.content import Visibility
from pipeline.errors import CampaignError, ConfigError, TemplateError
from tests.compose.examples import BODY, URL, Compose, a_picture, a_post, attributes, some_posts


def test_the_same_inputs_give_the_same_bytes(compose: Compose) -> None:
    assert compose(some_posts(3)) == compose(some_posts(3))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Another title"),
        ("summary", "Another summary"),
        ("html", "<p>Another body.</p>"),
        ("author", "The night desk"),
        ("category", "Sleep"),
        ("url", f"{URL}/elsewhere/"),
        ("image", a_picture(alt="Something else")),
        ("visibility", Visibility.PRIVATE),
        ("language", "de"),
    ],
)
def test_whatever_shows_of_a_post_changes_the_id(compose: Compose, field: str, value: Any) -> None:
    assert compose([a_post()]).id != compose([a_post(**{field: value})]).id


def test_the_place_of_a_posts_file_does_not_change_the_id(compose: Compose) -> None:
    moved = a_post(path=Path("posts/2026/back-pain.md"))
    assert compose([a_post()]).id == compose([moved]).id


def test_the_order_of_posts_the_day_and_the_subject_change_the_id(compose: Compose) -> None:
    first, second = some_posts(2)
    ids = {
        compose([first, second]).id,
        compose([second, first]).id,
        compose([first, second], issued_on=date(2026, 10, 14)).id,
        compose([first, second], subject="Hello").id,
        compose([first, second], template="post").id,
    }
    assert len(ids) == 5


LEAVING = (
    "<mj-section><mj-column><mj-text>"
    '<a href="{{ reader.unsubscribe_url }}">Unsubscribe</a>'
    "</mj-text></mj-column></mj-section>"
)


def test_a_change_in_an_included_template_changes_the_id(
    compose: Compose, write_template: Callable[[str, str], None]
) -> None:
    before = compose([a_post()])
    write_template("parts/footer.mjml", LEAVING)
    after = compose([a_post()])
    assert after.id != before.id
    assert "12 Orchard Lane" not in after.html


def test_a_change_of_brand_or_address_changes_the_id(compose: Compose, config: Config) -> None:
    rebranded = replace(config, brand=replace(config.brand, accent="#aa3333"))
    served = replace(config, serve=Serve(public_url="https://other.example"))
    ids = {compose([a_post()], config=each).id for each in (config, rebranded, served)}
    assert len(ids) == 3


def test_an_edition_is_frozen_and_names_its_posts(compose: Compose) -> None:
    edition = compose(some_posts(2))
    assert edition.post_ids == tuple(post.id for post in some_posts(2))
    assert (edition.newsletter, edition.issued_on) == ("digest", date(2026, 10, 13))
    with pytest.raises(FrozenInstanceError):
        edition.subject = "x"  # type: ignore[misc]  # that it cannot be set is the test


def test_the_public_copy_has_an_address_made_from_the_id(compose: Compose) -> None:
    edition = compose([a_post()])
    assert edition.view_url == f"https://letter.larkfield.example/editions/{edition.id[:16]}/"
    assert f'href="{edition.view_url}"' in edition.html
    assert edition.view_url in edition.text


def test_no_posts_make_no_edition(compose: Compose) -> None:
    with pytest.raises(CampaignError, match="no posts to compose") as caught:
        compose([])
    assert caught.value.hint


def test_a_missing_postal_address_stops_composing(compose: Compose, config: Config) -> None:
    without = replace(config, site=replace(config.site, postal_address=""))
    with pytest.raises(ConfigError, match=r"pipeline\.toml: site\.postal_address: is missing"):
        compose([a_post()], config=without)


def test_the_subject_is_the_first_title_unless_the_newsletter_says_otherwise(
    compose: Compose,
) -> None:
    posts = [a_post(title='Heat & "cold"'), a_post("sleep")]
    assert compose(posts).subject == 'Heat & "cold"'
    own = "{{ newsletter.title }}: {{ posts | length }} stories"
    assert compose(posts, subject=own).subject == "The Larkfield Letter: 2 stories"


def test_a_subject_is_one_line_without_control_characters(compose: Compose) -> None:
    title = "Back pain\r\nBcc: victim@example.org\x00\u2028end"
    assert compose([a_post(title=title)]).subject == "Back pain Bcc: victim@example.org end"


@pytest.mark.parametrize(
    ("subject", "fault"),
    [
        ("{{ '' }} ", "is empty"),
        ("x" * 201, "201 characters"),
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ posts[0]", "no valid Jinja2"),
        ("For {{ reader.name }}", "reader's value"),
    ],
)
def test_a_subject_that_cannot_be_is_refused_by_the_newsletters_name(
    compose: Compose, subject: str, fault: str
) -> None:
    with pytest.raises(TemplateError, match=fault) as caught:
        compose([a_post()], subject=subject)
    assert "'digest'" in str(caught.value)


def test_the_preheader_is_the_summary_cut_after_a_word(compose: Compose) -> None:
    edition = compose([a_post(summary="Walking helps. " * 20)])
    assert edition.preheader.startswith("Walking helps. Walking")
    assert edition.preheader.endswith("helps…")
    assert len(edition.preheader) <= 141
    assert edition.preheader in edition.html


def test_the_preheader_never_repeats_the_subject(compose: Compose) -> None:
    same = a_post(title="Heat or cold?", summary="Heat or cold?")
    assert compose([same, a_post("sleep")]).preheader == "Sleep"
    assert compose([same]).preheader == "Plain words about pain."


def test_an_edition_speaks_the_newsletters_language_else_its_first_posts(
    compose: Compose,
) -> None:
    german = a_post(language="de", title="Rücken in Bewegung")
    edition = compose([german])
    assert edition.language == "de"
    assert '<html lang="de" dir="ltr"' in edition.html
    assert "13. Oktober 2026" in edition.html
    assert "Abbestellen" in edition.html
    assert "Abbestellen" in edition.text
    assert compose([german], language="en").language == "en"


def test_a_reader_is_a_slot_in_html_and_text(compose: Compose) -> None:
    edition = compose([a_post()])
    for part in (edition.html, edition.text):
        assert set(SLOT.findall(part)) == {"unsubscribe_url", "preferences_url"}


def test_filling_escapes_values_and_never_reads_them_again(compose: Compose) -> None:
    values = dict.fromkeys(SLOT_NAMES, "\ue000email\ue001<b>")
    filled = fill(compose([a_post()]).text, values, lambda value: value.replace("<", "&lt;"))
    assert "Unsubscribe: \ue000email\ue001&lt;b>" in filled


class TestPrivatePosts:
    def private(self, compose: Compose) -> Edition:
        note = a_post("refills", visibility=Visibility.PRIVATE)
        return compose([a_post(), note], subject="Hello")

    def test_an_edition_that_holds_one_is_private_and_has_no_public_copy(
        self, compose: Compose
    ) -> None:
        edition = self.private(compose)
        assert edition.private
        assert edition.view_url == ""
        assert "/editions/" not in edition.html + edition.text
        with pytest.raises(CampaignError, match="private post"):
            web_page(edition)

    def test_it_is_told_in_full_as_it_has_no_page_to_link_to(self, compose: Compose) -> None:
        edition = self.private(compose)
        assert "/posts/refills/" not in edition.html + edition.text
        assert "Walk for ten minutes" in edition.html
        assert "Walk for ten minutes" in edition.text

    def test_it_keeps_a_link_to_a_page_elsewhere(self, compose: Compose) -> None:
        elsewhere = a_post(visibility=Visibility.PRIVATE, url="https://members.example/refills")
        assert "https://members.example/refills" in compose([elsewhere]).html

    def test_it_is_never_cut_down_to_a_title(self, compose: Compose) -> None:
        last = a_post("refills", visibility=Visibility.PRIVATE)
        assert compose([*some_posts(8), last]).html.count("Walk for ten minutes") == 1


class TestThePublicCopy:
    def test_it_is_the_mail_without_what_belongs_to_one_reader(self, compose: Compose) -> None:
        edition = compose(some_posts(3))
        page = web_page(edition)
        assert not SLOT.search(page)
        for personal in ("Unsubscribe", "View in browser", "You asked us for this letter"):
            assert personal in edition.html
            assert personal not in page
        assert "12 Orchard Lane" in page
        assert (
            re.sub(r"<!--private-->.*?<!--/private-->", "", edition.html, flags=re.DOTALL) == page
        )

    def test_a_readers_value_elsewhere_becomes_neutral(
        self, compose: Compose, write_template: Callable[[str, str], None]
    ) -> None:
        write_template(
            "note.mjml",
            "<mjml><mj-body><mj-section><mj-column><mj-text>Dear {{ reader.name }}, "
            '<a href="{{ reader.unsubscribe_url }}">leave</a> {{ reader.email }} '
            "{{ reader.preferences_url }}</mj-text>"
            "</mj-column></mj-section></mj-body></mjml>",
        )
        edition = compose([a_post()], template="note")
        assert set(SLOT.findall(edition.html)) == set(SLOT_NAMES)
        page = web_page(edition)
        assert "Dear …," in page
        assert f'href="{edition.view_url}"' in page

    def test_marks_in_the_wrong_order_are_refused(
        self, compose: Compose, write_template: Callable[[str, str], None]
    ) -> None:
        write_template(
            "note.mjml",
            "<mjml><mj-body><mj-section><mj-column><mj-text>a<!--/private-->b<!--private-->"
            "</mj-text></mj-column></mj-section></mj-body></mjml>",
        )
        with pytest.raises(TemplateError, match="wrong order"):
            compose([a_post()], template="note")


class TestWhatComesFromOutside:
    def test_template_code_in_a_post_stays_literal(self, compose: Compose) -> None:
        post = a_post(title="{{ 7*7 }} and {% if x %}", html="<p>{{ 7*7 }}</p>")
        for template in ("digest", "post"):
            edition = compose([post], template=template)
            assert "{{ 7*7 }} and {% if x %}" in edition.html
            assert "{{ 7*7 }}" in edition.text
            assert edition.subject == "{{ 7*7 }} and {% if x %}"

    def test_a_post_cannot_write_a_slot(self, compose: Compose) -> None:
        token = "\ue000email\ue001"
        post = a_post(
            title=f"a{token}", summary=token, html=f"<p>{token}</p>", image=a_picture(alt=token)
        )
        edition = compose([post], template="post")
        assert set(SLOT.findall(edition.html + edition.text)) == {
            "unsubscribe_url",
            "preferences_url",
        }
        assert edition.subject == "aemail"

    def test_quotes_and_tags_in_titles_and_alts_stay_text(self, compose: Compose) -> None:
        hostile = 'x" onload="alert(1)" y=\'<script>alert(2)</script>&amp;'
        post = a_post(title=hostile, image=a_picture(alt=hostile), category=hostile)
        for template in ("digest", "post"):
            edition = compose([post], template=template)
            assert "<script" not in edition.html
            page = LexborHTMLParser(edition.html)
            assert not page.css("[onload], script")
            assert [image.attributes["alt"] for image in page.css("img.picture")] == [hostile]
            assert attributes(edition.html, "div[role=article]")["aria-label"] == hostile
            assert "&lt;script&gt;alert(2)" in edition.html
            assert "&amp;amp;" in edition.html
            assert hostile in edition.text

    def test_a_post_about_fonts_loads_none(self, compose: Compose) -> None:
        post = a_post(html='<pre><code>p = "font-family: Lato, Roboto, Ubuntu"</code></pre>')
        html = compose([post], template="post").html
        assert "font-family: Lato" in html
        assert "fonts.googleapis.com" not in html


def test_code_keeps_its_spaces(compose: Compose) -> None:
    html = compose([a_post(html=BODY)], template="post").html
    assert "walk  = 10\n  rest = 5" in html
