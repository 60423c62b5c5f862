"""What a reader sees, or their mail client does with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.compose import Edition, web_page
from pipeline.config import Brand, Config
from pipeline.palette import contrast
from tests.compose.examples import Compose, a_picture, a_post, attributes, some_posts, text_of
from tests.support.golden import Golden

GOLDEN = Path(__file__).parent / "golden"
OUTLOOK_ONLY = re.compile(r"<!--\[if (?:mso|lte mso).*?<!\[endif\]-->", re.DOTALL)

Shape = Callable[[Compose], Edition]
SHAPES: dict[str, Shape] = {
    "one post": lambda compose: compose(some_posts(1)),
    "three posts": lambda compose: compose(some_posts(3)),
    "ten posts": lambda compose: compose(some_posts(10)),
    "twenty-five posts": lambda compose: compose(some_posts(25)),
    "no pictures": lambda compose: compose([a_post(str(n), image=None) for n in range(4)]),
    "nothing optional": lambda compose: compose([a_post(image=None, category="", author="")]),
    "long title": lambda compose: compose([a_post(title="Slowly and together " * 9)]),
    "one word": lambda compose: compose([a_post(title="Schmerz" * 15)]),
    "emoji": lambda compose: compose([a_post(title="Sleep 😴 and 👩🏽‍⚕️ pain")]),
    "right to left": lambda compose: compose([a_post(language="ar", title="آلام الظهر")] * 2),
    "in full": lambda compose: compose(some_posts(2), template="post"),
    "in full, right to left": lambda compose: compose(
        [a_post(language="he", title="כאבי גב")], template="post"
    ),
}


@pytest.fixture(params=SHAPES)
def edition(request: pytest.FixtureRequest, compose: Compose) -> Edition:
    return SHAPES[request.param](compose)


@pytest.fixture
def page(edition: Edition) -> LexborHTMLParser:
    return LexborHTMLParser(OUTLOOK_ONLY.sub("", edition.html))


def test_the_page_names_its_language_direction_and_title(edition: Edition) -> None:
    root = attributes(edition.html, "html")
    way = "rtl" if edition.language in ("ar", "he") else "ltr"
    assert (root["lang"], root["dir"]) == (edition.language, way)
    assert text_of(edition.html, "title") == edition.subject


def test_every_picture_has_alt_text_and_a_width_outlook_obeys(page: LexborHTMLParser) -> None:
    for image in page.css("img"):
        assert image.attributes["alt"]
        assert 0 < int(image.attributes["width"] or 0) <= 536


def test_every_layout_table_says_that_it_is_none(edition: Edition) -> None:
    every = re.findall(r"<table[^>]*>", edition.html)
    data = re.findall(r'<table style="width:100%;margin[^>]*>', edition.html)
    layout = [tag for tag in every if tag not in data]
    assert layout
    assert all('role="presentation"' in tag for tag in layout)


def test_every_address_is_absolute(page: LexborHTMLParser) -> None:
    for node in page.css("[href]"):
        assert re.match(
            r"https?://|\ue000(unsubscribe|preferences)_url\ue001$", node.attributes["href"] or ""
        )
    for node in page.css("[src]"):
        assert (node.attributes["src"] or "").startswith("https://")


def test_nothing_is_loaded_but_pictures(edition: Edition) -> None:
    for loaded in (
        "<link",
        "@import",
        "@font-face",
        "<script",
        "<form",
        "<iframe",
        "background:url",
    ):
        assert loaded not in edition.html


def test_headings_come_in_order(page: LexborHTMLParser) -> None:
    ranks = [int(str(node.tag)[1]) for node in page.css("h1, h2, h3, h4, h5, h6")]
    assert ranks[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(ranks))


def test_every_colour_of_text_can_be_read_on_its_ground(page: LexborHTMLParser) -> None:
    checked = 0
    for node in page.css("[style*='color:']"):
        declared = (node.attributes["style"] or "").split(";")
        style = dict(part.split(":", 1) for part in declared if ":" in part)
        if "color" not in style or style.get("display") == "none":
            continue
        ground = style.get("background-color") or style.get("background") or "#ffffff"
        assert contrast(style["color"], ground) >= 4.5, node.html
        checked += 1
    assert checked > 5


def test_the_styles_are_small_enough_for_gmail(edition: Edition) -> None:
    styles = re.findall(r"<style.*?</style>", edition.html, re.DOTALL)
    assert sum(len(style.encode()) for style in styles) < 16_000


def test_dark_mode_is_announced_and_drawn(edition: Edition) -> None:
    for name in ("color-scheme", "supported-color-schemes"):
        assert attributes(edition.html, f"meta[name={name}]")["content"] == "light dark"
    assert "@media (prefers-color-scheme: dark)" in edition.html


def test_outlooks_conditions_are_balanced_in_mail_and_public_copy(edition: Edition) -> None:
    for html in (edition.html, web_page(edition)):
        assert html.count("<!--[if ") == html.count("<![endif]-->")
        outlook = re.sub(r"<!--\[if mso \| IE\]>|<!--\[if mso\]>", "", html)
        assert outlook.count("<table") == outlook.count("</table>")
        assert outlook.count("<td") == outlook.count("</td>")


def test_ten_posts_stay_far_below_where_gmail_cuts(compose: Compose) -> None:
    assert len(compose(some_posts(10)).html.encode()) < 60_000


def test_after_five_stories_only_titles_follow(compose: Compose) -> None:
    edition = compose(some_posts(8))
    page = LexborHTMLParser(edition.html)
    assert len(page.css("img.picture")) == 5
    for number in range(1, 9):
        assert f"Story {number}<" in edition.html
    assert "More to read" in edition.html
    assert "More to read" not in compose(some_posts(5)).html


def test_the_button_says_where_it_goes(compose: Compose) -> None:
    def label(title: str) -> str:
        return text_of(compose([a_post(title=title)]).html, "td.button a")

    assert label("Heat or cold?") == "Read “Heat or cold?”"
    long = "Moving well with back pain: what the first two weeks look like"
    assert label(long) == "Read “Moving well with back pain”"
    endless = "What nobody ever tells you about the second week of pain"
    assert label(endless) == "Read “What nobody ever tells you about the second…”"


def test_a_tall_picture_is_not_shown_higher_than_wide(compose: Compose) -> None:
    html = compose([a_post(image=a_picture(width=600, height=1200))]).html
    picture = attributes(html, "img.picture")
    assert (picture["width"], picture["height"]) == ("268", "536")


def test_a_picture_of_unknown_size_has_no_height(compose: Compose) -> None:
    html = compose([a_post(image=a_picture(width=None, height=None))]).html
    picture = attributes(html, "img.picture")
    assert picture["width"] == "536"
    assert "height" not in picture


def test_a_picture_in_the_text_is_scaled_to_the_column(compose: Compose) -> None:
    body = '<p><img src="https://x.example/a.png" alt="A chart" width="1072" height="600"></p>'
    html = compose([a_post(html=body, image=None)], template="post").html
    picture = attributes(html, ".body img")
    assert (picture["width"], picture["height"]) == ("536", "300")


def test_a_picture_that_opens_the_text_is_not_shown_twice(compose: Compose) -> None:
    picture = a_picture()
    body = f'<p><img src="{picture.url}" alt="A path" width="536"></p>'
    html = compose([a_post(html=body, image=picture)], template="post").html
    assert html.count(picture.url) == 1


def test_the_styles_of_a_post_stand_on_its_elements(compose: Compose) -> None:
    html = compose([a_post()], template="post").html
    for tag in ("p", "h2", "li", "blockquote", "td", "th", "pre", "a"):
        assert attributes(html, f".body {tag}")["style"]
    number = attributes(html, ".body td + td")["style"] or ""
    assert number.endswith("text-align:right")


def test_a_wide_table_carries_its_heads_into_each_cell_for_phones(compose: Compose) -> None:
    table = (
        "<table><thead><tr><th>Medicine</th><th>Dose</th><th>Days</th></tr></thead>"
        "<tbody><tr><td>Ibuprofen</td><td>1,200 mg</td><td>10</td></tr></tbody></table>"
    )
    page = LexborHTMLParser(compose([a_post(html=table)], template="post").html)
    cells = [cell.text() for cell in page.css("table.stack td")]
    assert cells == ["Ibuprofen", "Dose: 1,200 mg", "Days: 10"]


def test_a_logo_has_a_dark_twin_and_without_one_a_light_ground(
    compose: Compose, config: Config
) -> None:
    html = compose([a_post()]).html
    assert 'src="https://larkfield.example/assets/larkfield.png"' in html
    assert 'src="https://larkfield.example/assets/larkfield-dark.png"' in html
    single = replace(config, brand=Brand(logo="images/larkfield.png"))
    assert 'class="logo-plate"' in compose([a_post()], config=single).html


def test_without_a_logo_the_name_is_the_masthead(compose: Compose, config: Config) -> None:
    html = compose([a_post()], config=replace(config, brand=Brand())).html
    assert ">Larkfield Pain Practice</a>" in html
    assert "/assets/" not in html


@pytest.mark.parametrize("accent", ["#ffe100", "#0f6b6b", "#000", "#ffffff", "#c2185b"])
def test_any_accent_can_be_read(compose: Compose, config: Config, accent: str) -> None:
    edition = compose([a_post()], config=replace(config, brand=Brand(accent=accent)))
    test_every_colour_of_text_can_be_read_on_its_ground(LexborHTMLParser(edition.html))


@pytest.mark.parametrize("template", ["digest", "post"])
def test_the_shipped_templates_look_as_agreed(
    compose: Compose, golden: Golden, template: str
) -> None:
    edition = compose(some_posts(7), template=template)
    # One element a line and no id of the run: a change of version is no change of looks.
    html = edition.html.replace("><", ">\n<").replace(edition.id[:16], "ID")
    golden(GOLDEN / f"{template}.html", html.encode())
    golden(GOLDEN / f"{template}.txt", edition.text.replace(edition.id[:16], "ID").encode())


def test_a_right_to_left_letter_is_mirrored(compose: Compose) -> None:
    posts = [a_post(language="ar", title="آلام الظهر"), a_post("second", language="ar")]
    html = compose(posts).html
    assert "direction:ltr" not in html
    assert "direction:rtl" in html
    full = compose(posts, template="post").html
    assert "border-right:3px solid" in (attributes(full, "blockquote")["style"] or "")
