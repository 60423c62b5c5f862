"""Composing: posts and a template become one frozen edition, the same bytes for the same inputs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from pipeline import __version__
from pipeline.compose.jinja_engine import environment_for, render, render_line
from pipeline.compose.mjml_engine import RENDERER, render_mjml
from pipeline.compose.slots import SLOT, check_slots, fill, slot
from pipeline.compose.template_files import TemplateFiles
from pipeline.compose.values import make_preheader, make_values, without_reserved
from pipeline.config import FILE_NAME, Config, NewsletterSettings
from pipeline.content import Post, Visibility
from pipeline.errors import CampaignError, ConfigError, TemplateError
from pipeline.language import direction

_COMPOSER = f"pipeline {__version__}, {RENDERER}, jinja2 {version('jinja2')}"
_DEFAULT_TEXT = "digest.txt"  # for a template that has no .txt beside it
_LONGEST_SUBJECT = 200  # characters
# fmt: off
_SHOWN = (
    "id", "title", "date", "url", "summary", "email_html", "author", "tags", "category",
    "visibility", "language", "word_count",
)
# fmt: on
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PRIVATE = re.compile(r"<!--private-->.*?<!--/private-->", re.DOTALL)
_MARKER = re.compile(r"<!--/?private-->")
# What the public copy says where a reader's value stood outside the cut parts.
_NOBODY = {"name": "…", "email": "…"}


@dataclass(frozen=True)
class Edition:
    """One composed newsletter, addressed to nobody: what differs per reader stays as slots."""

    id: str  # SHA-256 of all its inputs, in hexadecimal
    newsletter: str  # the newsletter's name
    subject: str
    preheader: str
    html: str
    text: str
    language: str
    post_ids: tuple[str, ...]
    private: bool  # holds a private post
    view_url: str  # of the public copy; "" when private
    issued_on: date


def make_edition(
    posts: Sequence[Post], newsletter: NewsletterSettings, config: Config, *, issued_on: date
) -> Edition:
    """Compose one edition of these posts, in this order. Reads template files and nothing else.

    Raises TemplateError, ConfigError (no postal address) and CampaignError (no posts).
    """
    _refuse_incomplete(posts, newsletter, config)
    posts = tuple(without_reserved(post) for post in posts)
    newsletter, config = without_reserved(newsletter), without_reserved(config)
    sources, text_name = _sources(TemplateFiles(config.templates), newsletter.template)
    environment = environment_for(config.templates)
    edition_id = _hash_inputs(posts, newsletter, config, sources, issued_on)
    private = any(post.visibility is Visibility.PRIVATE for post in posts)
    view_url = "" if private else f"{config.serve.public_url}/editions/{edition_id[:16]}/"
    language = newsletter.language or posts[0].language or config.site.language
    values = make_values(posts, newsletter, config, language=language, issued_on=issued_on)
    subject = _render_subject(environment, newsletter, values)
    preheader = make_preheader(values["posts"], subject, _fallback(values))
    values["edition"] = _edition_values(
        values, id=edition_id, subject=subject, preheader=preheader, language=language,
        view_url=view_url,
    )  # fmt: skip
    html = _render_html(environment, newsletter.template, values, sources)
    text = _render_text(environment, text_name, values)
    _refuse_no_way_out(html, f"{newsletter.template}.mjml")
    _refuse_no_way_out(text, text_name)
    return Edition(
        id=edition_id,
        newsletter=newsletter.name,
        subject=subject,
        preheader=preheader,
        html=html,
        text=text,
        language=language,
        post_ids=tuple(post.id for post in posts),
        private=private,
        view_url=view_url,
        issued_on=issued_on,
    )


def web_page(edition: Edition) -> str:
    """The public copy of an edition: the mail without what belongs to one reader.

    Cut are the parts that the template marks with `<!--private-->…<!--/private-->`; a slot
    elsewhere gets a neutral value. Raises CampaignError for one that holds a private post.
    """
    if edition.private:
        raise CampaignError(
            "this edition holds a private post, so it has no public copy",
            hint="make the post public, or leave it out",
        )
    values = {**_NOBODY, "unsubscribe_url": edition.view_url, "preferences_url": edition.view_url}
    return fill(_PRIVATE.sub("", edition.html), values)


def _refuse_incomplete(
    posts: Sequence[Post], newsletter: NewsletterSettings, config: Config
) -> None:
    if not posts:
        raise CampaignError(
            f"the newsletter {newsletter.name!r} has no posts to compose",
            hint="publish a post, or widen its tags, categories or max_age_days",
        )
    if not config.site.postal_address:
        raise ConfigError(
            "is missing, and every newsletter has to show it",  # 15 USC 7704 (a)(5)(A)(iii)
            file=str(config.root / FILE_NAME),
            key="site.postal_address",
            hint="set the sender's postal address in [site]",
        )


def _refuse_no_way_out(rendered: str, template: str) -> None:
    """Every reader can leave by a link in the body, too (15 USC 7704 (a)(3), RFC 8058 2)."""
    if slot("unsubscribe_url") not in rendered:
        raise TemplateError(
            "shows no link to unsubscribe by",
            template=template,
            hint="put {{ reader.unsubscribe_url }} into its footer, as the shipped ones do",
        )


def _sources(files: TemplateFiles, template: str) -> tuple[dict[str, str], str]:
    """All template sources of an edition by name, and the name of its text template."""
    name = f"{template}.mjml"
    if not files.exists(name):
        raise files.missing(template)
    own_text = f"{template}.txt"
    text_name = own_text if files.exists(own_text) else _DEFAULT_TEXT
    return {**files.load_family(name), **files.load_family(text_name)}, text_name


def _hash_inputs(
    posts: Sequence[Post],
    newsletter: NewsletterSettings,
    config: Config,
    sources: Mapping[str, str],
    issued_on: date,
) -> str:
    inputs = {
        "composer": _COMPOSER,
        "posts": [_visible(post) for post in posts],
        "newsletter": [newsletter.name, newsletter.title, newsletter.subject, newsletter.language],
        "site": asdict(config.site),
        "brand": asdict(config.brand),
        "public_url": config.serve.public_url,
        "templates": dict(sources),
        "issued_on": issued_on.isoformat(),
    }
    written = json.dumps(inputs, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(written.encode()).hexdigest()


def _visible(post: Post) -> dict[str, Any]:
    """What of a post can show in an edition. The place of its file cannot."""
    image = post.image
    return {
        "image": [image.url, image.alt, image.width, image.height] if image else None,
        **{name: getattr(post, name) for name in _SHOWN},
    }


def _edition_values(values: Mapping[str, Any], **own: str) -> SimpleNamespace:
    way = direction(own["language"])
    return SimpleNamespace(
        **own,
        issued_on=values["issued_on"],
        direction=way,
        start="right" if way == "rtl" else "left",
        end="left" if way == "rtl" else "right",
    )


def _fallback(values: Mapping[str, Any]) -> str:
    return values["site"].description or f"{values['newsletter'].title}, {values['issued_on']}"


def _render_subject(
    environment: ImmutableSandboxedEnvironment,
    newsletter: NewsletterSettings,
    values: Mapping[str, Any],
) -> str:
    place = f"subject of the newsletter {newsletter.name!r}"
    plain = environment.overlay(autoescape=False)
    rendered = render_line(plain, newsletter.subject, values, place)
    if SLOT.search(rendered):
        raise TemplateError("holds a reader's value", template=place, hint="take it out")
    subject = " ".join(_CONTROL.sub(" ", rendered).split())
    if not subject:
        raise TemplateError("is empty", template=place, hint="write what the mail is about")
    if len(subject) > _LONGEST_SUBJECT:
        raise TemplateError(
            f"has {len(subject)} characters; {_LONGEST_SUBJECT} are the most",
            template=place,
            hint="phones show about 40 of them",
        )
    return subject


def _render_html(
    environment: ImmutableSandboxedEnvironment,
    template: str,
    values: Mapping[str, Any],
    sources: Mapping[str, str],
) -> str:
    name = f"{template}.mjml"
    mjml = render(environment, name, values)
    page = render_mjml(mjml, name, sources)
    check_slots(page, name)
    if _MARKER.search(_PRIVATE.sub("", page)):
        raise TemplateError(
            "opens and closes <!--private--> in the wrong order",
            template=name,
            hint="write <!--private--> before the part and <!--/private--> behind it",
        )
    return page


def _render_text(
    environment: ImmutableSandboxedEnvironment, name: str, values: Mapping[str, Any]
) -> str:
    text = render(environment, name, values)
    check_slots(text, name)
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"
