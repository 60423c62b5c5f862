"""A site's own templates: what they may do, and what their mistakes are told as."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.compose.slots import slot
from pipeline.config import Config
from pipeline.errors import TemplateError
from tests.compose.examples import Compose, a_post, some_posts

WriteTemplate = Callable[[str, str], None]


LEAVING = '<mj-text><a href="{{ reader.unsubscribe_url }}">Unsubscribe</a></mj-text>'


def an_mjml(body: str) -> str:
    """Make a whole template of what stands in one text; the text is on line 5."""
    return (
        "<mjml>\n<mj-body>\n<mj-section>\n<mj-column>\n"
        f"<mj-text>{body}</mj-text>\n{LEAVING}</mj-column>\n</mj-section>\n</mj-body>\n</mjml>\n"
    )


def test_the_shipped_templates_are_named_and_their_skeleton_is_not(compose: Compose) -> None:
    with pytest.raises(TemplateError) as caught:
        compose([a_post()], template="zebra")
    assert caught.value.hint == "there are: digest, post"


def test_a_sites_own_templates_are_named_beside_them(
    compose: Compose, write_template: WriteTemplate
) -> None:
    write_template("welcome.mjml", an_mjml("Welcome"))
    write_template("welcome.txt", "Welcome")
    write_template("Not a name.mjml", "")
    write_template("parts/card.mjml", "")
    with pytest.raises(TemplateError) as caught:
        compose([a_post()], template="zebra")
    assert caught.value.hint == "there are: digest, post, welcome"


def test_a_sites_template_comes_before_the_shipped_one(
    compose: Compose, write_template: WriteTemplate
) -> None:
    write_template("digest.mjml", an_mjml("Our own: {{ posts[0].title }}"))
    assert "Our own: Back pain" in compose([a_post()]).html


def test_a_template_that_was_just_edited_is_read_anew(
    compose: Compose, write_template: WriteTemplate
) -> None:
    write_template("note.mjml", an_mjml("First"))
    before = compose([a_post()], template="note")
    write_template("note.mjml", an_mjml("Second"))
    after = compose([a_post()], template="note")
    assert "First" in before.html
    assert "Second" in after.html
    assert before.id != after.id


def test_a_template_brings_its_own_text_or_gets_the_digests(
    compose: Compose, write_template: WriteTemplate
) -> None:
    write_template("note.mjml", an_mjml("Hello"))
    assert "Back pain\n=========" in compose([a_post()], template="note").text
    write_template(
        "note.txt",
        "{{ posts[0].title | underlined('~') }}\n\n\n\n'quoted' & <b>\n"
        "{{ reader.unsubscribe_url }}\n",
    )
    text = compose([a_post()], template="note").text
    assert text == f"Back pain\n~~~~~~~~~\n\n'quoted' & <b>\n{slot('unsubscribe_url')}\n"


def test_an_unknown_template_is_answered_with_the_nearest(compose: Compose) -> None:
    with pytest.raises(TemplateError, match="no such template") as caught:
        compose([a_post()], template="digets")
    assert caught.value.hint == "did you mean 'digest'?"


@pytest.mark.parametrize(
    "name", ["../secret.txt", "/etc/passwd", "parts/../../secret.txt", "parts\\..\\secret.txt"]
)
def test_no_template_leads_out_of_its_folder(
    compose: Compose, config: Config, write_template: WriteTemplate, name: str
) -> None:
    (config.root / "secret.txt").write_text("the key", encoding="utf-8")
    written = name.replace("\\", "\\\\")
    write_template("note.mjml", an_mjml(f'{{% include "{written}" %}}'))
    with pytest.raises(TemplateError, match="leads out of the templates folder"):
        compose([a_post()], template="note")


def test_no_link_leads_out_of_the_folder_either(
    compose: Compose, config: Config, write_template: WriteTemplate
) -> None:
    (config.root / "secret.txt").write_text("the key", encoding="utf-8")
    write_template("note.mjml", an_mjml('{% include "parts/link.txt" %}'))
    write_template("parts/x.txt", "")
    (config.templates / "parts" / "link.txt").symlink_to(config.root / "secret.txt")
    with pytest.raises(TemplateError, match="leads out of the templates folder"):
        compose([a_post()], template="note")


@pytest.mark.parametrize(
    ("body", "line", "fault"),
    [
        ("\n{% if %}", 6, "no valid Jinja2"),
        ("\n\n{{ posts[0].titel }}", 7, "no attribute 'titel'"),
        ("{{ nobody }}", 5, "'nobody' is undefined"),
        ("\n{{ 1 // 0 }}", 6, "cannot be rendered"),
        ("\n{{ ''.__class__ }}", 6, "not allowed|does not exist"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", 5, "not allowed|does not exist"),
        ("{{ posts.append(1) }}", 5, "not allowed"),
        ("\n{{ posts[0].html | styled({'a]': 'x'}, 5) }}", 6, r"'a\]' is no CSS selector"),
        ("{{ posts[0].html | styled({'': 'x'}, 5) }}", 5, "'' is no CSS selector"),
        ("{{ posts[0].html | styled({5: 'x'}, 5) }}", 5, "cannot be rendered"),
        ("{{ posts[0].html | styled({'p': 5}, 5) }}", 5, "cannot be rendered"),
        ("{{ posts[0].html | styled('p', 5) }}", 5, "cannot be rendered"),
        ("{{ posts[0].title | wrapped(0) }}", 5, "cannot be rendered"),
        ("{{ 5 | plain }}", 5, "cannot be rendered"),
        ("{% include 'parts/none.mjml' %}", 5, "neither in templates/ nor shipped"),
        ("\n{% if reader.name %}x{% endif %}", 6, "reader.name cannot be asked"),
        ("\n{% if reader.email == 'x' %}x{% endif %}", 6, "reader.email cannot be asked"),
        ("{{ reader.name or 'you' }}", 5, "reader.name cannot be asked"),
        ("{{ reader.phone }}", 5, "no attribute 'phone'"),
    ],
)
def test_a_mistake_is_told_with_its_template_and_line(
    compose: Compose, write_template: WriteTemplate, body: str, line: int, fault: str
) -> None:
    write_template("note.mjml", an_mjml(body))
    with pytest.raises(TemplateError, match=fault) as caught:
        compose([a_post()], template="note")
    assert str(caught.value).startswith(f"note.mjml:{line}: ")


def test_a_mistake_in_an_included_part_is_told_as_the_parts(
    compose: Compose, write_template: WriteTemplate
) -> None:
    write_template("note.mjml", an_mjml('{% include "parts/card.mjml" %}'))
    write_template("parts/card.mjml", "<p>\n{{ posts[9].title }}</p>")
    with pytest.raises(TemplateError, match="does not exist") as caught:
        compose([a_post()], template="note")
    assert str(caught.value).startswith("parts/card.mjml:2: ")


def test_a_template_never_sees_a_file(compose: Compose, write_template: WriteTemplate) -> None:
    for value in ("posts[0].path", "site.zone", "config"):
        write_template("note.mjml", an_mjml(f"{{{{ {value} }}}}"))
        with pytest.raises(TemplateError, match="does not exist"):
            compose([a_post()], template="note")


@pytest.mark.parametrize("written", ["reader.name | upper", "(reader.name | string)[1:]"])
def test_a_readers_value_cannot_be_altered(
    compose: Compose, write_template: WriteTemplate, written: str
) -> None:
    write_template("note.mjml", an_mjml(f"{{{{ {written} }}}}"))
    with pytest.raises(TemplateError, match="alters a reader's value"):
        compose([a_post()], template="note")


def test_a_computed_include_is_refused_as_the_id_could_not_depend_on_it(
    compose: Compose, write_template: WriteTemplate
) -> None:
    write_template("note.mjml", an_mjml("{% include posts[0].title %}"))
    with pytest.raises(TemplateError, match="name is computed"):
        compose([a_post()], template="note")


def test_a_template_that_includes_itself_is_told_so(
    compose: Compose, write_template: WriteTemplate
) -> None:
    write_template("note.mjml", an_mjml('{% include "note.mjml" %}'))
    with pytest.raises(TemplateError, match="includes or extends itself"):
        compose([a_post()], template="note")


def test_a_template_in_another_encoding_is_told_so(
    compose: Compose, config: Config, write_template: WriteTemplate
) -> None:
    write_template("note.mjml", "")
    (config.templates / "note.mjml").write_bytes("für".encode("latin-1"))
    with pytest.raises(TemplateError, match="not UTF-8") as caught:
        compose([a_post()], template="note")
    assert caught.value.hint == "save it as UTF-8"


def test_a_template_that_cannot_be_read_is_told_and_not_replaced_by_the_shipped_one(
    compose: Compose, config: Config
) -> None:
    file = config.templates / "digest.mjml"
    file.parent.mkdir(exist_ok=True)
    file.symlink_to(file)

    with pytest.raises(TemplateError, match=r"digest\.mjml: cannot be read: ") as caught:
        compose([a_post()])
    assert "permissions" in caught.value.hint


def test_a_site_can_extend_the_shipped_page(
    compose: Compose, write_template: WriteTemplate
) -> None:
    write_template(
        "note.mjml",
        '{% extends "base.mjml" %}{% block content %}<mj-section><mj-column><mj-text>'
        "{{ posts | map(attribute='title') | join(' / ') }}</mj-text></mj-column></mj-section>"
        "{% endblock %}",
    )
    html = compose(some_posts(2), template="note").html
    assert "Story 1 / Story 2" in html
    assert "12 Orchard Lane" in html


def test_a_template_that_lets_nobody_leave_is_refused(
    compose: Compose, write_template: WriteTemplate
) -> None:
    write_template("note.mjml", an_mjml("Hello").replace(LEAVING, ""))
    with pytest.raises(TemplateError, match=r"note\.mjml: shows no link to unsubscribe by"):
        compose([a_post()], template="note")


def test_a_text_that_lets_nobody_leave_is_refused(
    compose: Compose, write_template: WriteTemplate
) -> None:
    write_template("note.mjml", an_mjml("Hello"))
    write_template("note.txt", "Hello\n")
    with pytest.raises(TemplateError, match=r"note\.txt: shows no link to unsubscribe by"):
        compose([a_post()], template="note")
