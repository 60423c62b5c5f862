from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image as Picture

from tests.support.shelf import Shelf

PLACE = "posts/2026-03-01-back.md"
PAGE = "https://larkfield.example/posts/back/"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://a.example/x?a=1&b=2", "https://a.example/x?a=1&amp;b=2"),
        ("//a.example/x", "https://a.example/x"),
        ("/contact", "https://larkfield.example/contact"),
        ("../", "https://larkfield.example/posts/"),
        ("../../x", "https://larkfield.example/x"),
        ("x.pdf", f"{PAGE}x.pdf"),
        ("?a=1", f"{PAGE}?a=1"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("tel:+123", "tel:+123"),
        ("/\\evil.example", "https://larkfield.example/%5Cevil.example"),
    ],
)
def test_links_are_absolute_everywhere(shelf: Shelf, written: str, address: str) -> None:
    post = shelf.render(f"[x](<{written}>)")
    for html in (post.web_html, post.feed_html, post.email_html):
        assert f'<a href="{address}">x</a>' in html


def test_an_anchor_stays_on_the_page_and_leads_to_it_from_elsewhere(shelf: Shelf) -> None:
    post = shelf.render("[x](#part)")
    assert 'href="#part"' in post.web_html
    assert f'href="{PAGE}#part"' in post.feed_html
    assert f'href="{PAGE}#part"' in post.email_html


@pytest.mark.parametrize(
    "written",
    ["deep/2026-01-01-other.md", "./deep/2026-01-01-other.md", "/posts/deep/2026-01-01-other.md"],
)
def test_a_link_to_another_posts_file_leads_to_its_page(shelf: Shelf, written: str) -> None:
    shelf.add(name="deep/2026-01-01-other.md")
    shelf.add(f"[x]({written}#part)")
    post = next(post for post in shelf.read() if post.slug == "back")
    assert 'href="https://larkfield.example/posts/other/#part"' in post.web_html


def test_a_link_to_a_post_published_elsewhere_leads_there(shelf: Shelf) -> None:
    shelf.add("Text", "canonical_url: https://a.example/it", name="other.md")
    shelf.add("[x](other.md)")
    assert any('href="https://a.example/it"' in post.web_html for post in shelf.read())


def test_a_link_to_no_post_is_a_fault_at_its_line(shelf: Shelf) -> None:
    shelf.add("`gone.md`\n\nText\nand [x](gone.md)\n\n    gone.md")
    assert shelf.faults() == [f"{PLACE}:8: there is no post 'gone.md'"]


def test_an_image_that_is_no_address_is_a_fault(shelf: Shelf) -> None:
    shelf.add("Text", "image: {src: 'http://[x', alt: X}")
    assert shelf.faults() == [f"{PLACE}:4: 'http://[x' is no address"]


def test_a_picture_beside_the_post_is_measured_and_gets_an_address(shelf: Shelf) -> None:
    file = shelf.picture("my pic.png", (1200, 800))
    post = shelf.render("![A spine](<my pic.png>)")
    (image,) = post.images
    assert image.url == f"{PAGE}my%20pic.png"
    assert (image.alt, image.width, image.height) == ("A spine", 1200, 800)
    assert (image.media_type, image.size) == ("image/png", file.stat().st_size)
    assert (image.source, image.target) == (file, "posts/back/my pic.png")
    assert (
        f'<img src="{PAGE}my%20pic.png" alt="A spine" width="1200" height="800">' in post.web_html
    )


def test_pictures_of_mail_have_a_width_that_fits_and_no_height(shelf: Shelf) -> None:
    shelf.picture("wide.png", (1200, 800))
    shelf.picture("small.png", (88, 31))
    post = shelf.render(
        "![w](wide.png) ![s](small.png) ![r](https://a.example/r.png)"
        ' <img src="small.png" alt="h" width="44" height="99">'
    )
    assert re.findall(r'alt="(\w)"[^>]*width="(\d+)"', post.email_html) == [
        ("w", "552"),
        ("s", "88"),
        ("r", "552"),
        ("h", "44"),
    ]
    assert "height" not in post.email_html


@pytest.mark.parametrize(
    "lines",
    [
        ("image: spine.png", "image_alt: A spine"),
        ("image: {src: spine.png, alt: A spine}",),
        ("image:", "  src: spine.png", "  alt: A spine"),
        ("image: {src: spine.png}", "image_alt: A spine"),
    ],
)
def test_the_front_matters_image_comes_first_and_once(shelf: Shelf, lines: tuple[str, ...]) -> None:
    shelf.picture("spine.png")
    shelf.picture("other.png")
    post = shelf.render("![o](other.png) ![again](spine.png)", *lines)
    assert post.image is not None
    assert (post.image.alt, post.image.target) == ("A spine", "posts/back/spine.png")
    assert [image.alt for image in post.images] == ["A spine", "o"]


def test_the_front_matters_image_needs_words_for_those_who_cannot_see_it(shelf: Shelf) -> None:
    shelf.picture("spine.png")
    shelf.add("Text", "image: spine.png")
    assert shelf.faults() == [f"{PLACE}:4: the image has no alt text"]


def test_an_image_of_the_web_stays_where_it_is(shelf: Shelf) -> None:
    post = shelf.render("Text", "image: {src: 'https://a.example/x.jpg', alt: X}")
    assert post.image is not None
    assert (post.image.url, post.image.source) == ("https://a.example/x.jpg", None)


def test_a_picture_may_be_named_from_the_sites_folder(shelf: Shelf) -> None:
    shelf.picture("../images/spine.png")
    assert shelf.render("![x](/images/spine.png)").images[0].target == "posts/back/spine.png"


def test_two_pictures_of_one_name_do_not_overwrite_each_other(shelf: Shelf) -> None:
    shelf.picture("a/x.png")
    shelf.picture("b/X.png")
    post = shelf.render("![a](a/x.png) ![b](b/X.png) ![a](a/x.png)")
    targets = [image.target.lower() for image in post.images]
    assert len(set(targets)) == 2
    assert all(image.url in post.feed_html for image in post.images)


def test_a_linked_picture_of_the_site_is_published_too(shelf: Shelf) -> None:
    shelf.picture("large.png")
    post = shelf.render("[see it large](large.png)")
    assert [image.target for image in post.images] == ["posts/back/large.png"]
    assert f'href="{PAGE}large.png"' in post.email_html


@pytest.mark.parametrize(
    "body",
    [
        "![x](gone.png)",
        '<img src="gone.png">',
        "| a |\n|---|\n| ![x](gone.png) |",
        "![x][r]\n\n[r]: gone.png",
    ],
)
def test_a_missing_picture_is_a_fault_near_its_line(shelf: Shelf, body: str) -> None:
    shelf.add(f"Text\n\n{body}")
    (fault,) = shelf.faults()
    match = re.fullmatch(rf"{PLACE}:(\d+): there is no image 'gone.png'", fault)
    assert match
    assert int(match.group(1)) in (7, 9)


def test_a_missing_image_of_the_front_matter_is_a_fault_there(shelf: Shelf) -> None:
    shelf.add("Text", "tags: a", "image: {src: gone.png, alt: A}")
    assert shelf.faults() == [f"{PLACE}:5: there is no image 'gone.png'"]


@pytest.mark.parametrize(
    "written", ["../../secret.png", "/../secret.png", "%2e%2e/%2e%2e/secret.png"]
)
def test_a_picture_outside_the_site_is_refused(shelf: Shelf, written: str) -> None:
    shelf.picture("../../secret.png")
    shelf.add(f"![x]({written})")
    assert "lies outside the site's folder" in shelf.faults()[0]


def test_a_link_that_leaves_the_site_is_refused(shelf: Shelf) -> None:
    outside = shelf.picture("../../secret.png")
    (shelf.posts / "inside.png").symlink_to(outside)
    shelf.add("![x](inside.png)")
    assert "lies outside the site's folder" in shelf.faults()[0]


@pytest.mark.parametrize("name", ["%00.png", "x" * 300 + ".png", "."])
def test_impossible_names_are_missing_pictures(shelf: Shelf, name: str) -> None:
    shelf.add(f"![x]({name})")
    assert "there is no image" in shelf.faults()[0]


@pytest.mark.parametrize(("kind", "said"), [("WEBP", "is a WebP picture"), ("BMP", "is no PNG")])
def test_formats_that_mail_cannot_show_are_refused(shelf: Shelf, kind: str, said: str) -> None:
    shelf.picture("x.png", kind=kind)
    shelf.add("![x](x.png)")
    assert said in shelf.faults()[0]
    assert shelf.hints() == ["export it as PNG or JPEG"]


@pytest.mark.parametrize("content", ["<svg/>", '<?xml version="1.0"?><svg/>'])
def test_svg_is_refused(shelf: Shelf, content: str) -> None:
    shelf.write("x.svg", content)
    shelf.add("![x](x.svg)")
    assert "is an SVG picture" in shelf.faults()[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\nrubbish", "is broken"),
        (b"\xff\xd8\xff", "is broken"),
        (b"GIF89a", "is broken"),
    ],
)
def test_broken_pictures_are_refused(shelf: Shelf, content: bytes, said: str) -> None:
    shelf.write("x.png", content)
    shelf.add("![x](x.png)")
    assert said in shelf.faults()[0]


def png_header(width: int, height: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT"
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + struct.pack(">I", 0)
        + data
        + struct.pack(">I", zlib.crc32(data))
    )


def test_a_decompression_bomb_is_refused_by_its_header(shelf: Shelf) -> None:
    shelf.write("x.png", png_header(60_000, 60_000))
    shelf.add("![x](x.png)")
    assert "has 60000 x 60000 pixels" in shelf.faults()[0]


def test_jpeg_and_gif_are_known_by_content(shelf: Shelf) -> None:
    shelf.picture("a.png", kind="JPEG")
    shelf.picture("b.png", kind="GIF")
    post = shelf.render("![a](a.png) ![b](b.png)")
    assert [image.media_type for image in post.images] == ["image/jpeg", "image/gif"]


def test_a_photograph_taken_upright_has_its_size_as_shown(shelf: Shelf) -> None:
    exif = Picture.Exif()
    exif[0x0112] = 6
    Picture.new("RGB", (40, 20)).save(shelf.posts / "x.jpg", exif=exif)
    image = shelf.render("![a](x.jpg)").images[0]
    assert (image.width, image.height) == (20, 40)


@pytest.mark.parametrize(
    "body", ["![x](data:image/png;base64,AAAA)", '<img src="javascript:alert(1)" alt="x">', "<img>"]
)
def test_a_picture_without_a_usable_address_is_a_fault(shelf: Shelf, body: str) -> None:
    shelf.add(body)
    assert shelf.faults() == [f"{PLACE}:5: an image has no address that may be used"]


def test_an_image_of_another_scheme_is_a_fault(shelf: Shelf) -> None:
    shelf.add("Text", "image: {src: 'ftp://a.example/x.png', alt: X}")
    assert "is no image that mail can show" in shelf.faults()[0]


def test_a_picture_beside_a_post_in_a_subfolder_is_found(shelf: Shelf) -> None:
    file: Path = shelf.picture("back/spine.png")
    shelf.add("![x](spine.png)", name="back/index.md")
    post = shelf.one()
    assert (post.slug, post.images[0].source) == ("back", file)
