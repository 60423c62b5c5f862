"""From the bytes of one Markdown file to a post, in two steps: its front matter, then its body.

Between them the addresses of all posts become known, which links in the body need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from pipeline.config import Config
from pipeline.content.conflicts import Claim
from pipeline.content.faults import Faults, UnusableError
from pipeline.content.front_matter import Parts, decode, parse, split
from pipeline.content.head import Head, Picture, read_head
from pipeline.content.markdown import DEEPEST, Rendered, render
from pipeline.content.outputs import Outputs, make_outputs
from pipeline.content.post import Image, Post, Status, Visibility
from pipeline.content.references import References, page_url
from pipeline.content.sanitise import sanitise


@dataclass(frozen=True)
class Draft:
    """A file whose front matter has been read and whose body has not."""

    parts: Parts
    head: Head
    url: str
    faults: Faults

    @property
    def claim(self) -> Claim:
        """The names that this post calls its own."""
        return Claim(self.faults.path, self.head.slug, self.head.aliases, self.head.id)


def open_draft(data: bytes, below: PurePath, config: Config, faults: Faults) -> Draft | None:
    """Read the front matter; None if there is none to be read, which `faults` then tells."""
    text = decode(data, faults)
    parts = split(text, faults) if text is not None else None
    table = parse(parts.header, faults) if parts is not None else None
    if parts is None or table is None:
        return None
    head = read_head(table, below, config.site, faults)
    return Draft(parts, head, head.canonical_url or page_url(config, head.slug), faults)


def finish_post(
    draft: Draft, config: Config, urls: Mapping[str, str]
) -> tuple[Post | None, References]:
    """Render the body; no post comes of a draft with faults, old and new.

    `urls` are the addresses of all posts by their path below the posts folder. An empty body is a
    fault in a post that is published and has no summary either.
    """
    head, faults = draft.head, draft.faults
    references = References(
        config, faults.path, head.slug, urls, private=head.visibility is Visibility.PRIVATE
    )
    image = _image(head.picture, references, faults)
    rendered = render(draft.parts.body, draft.parts.body_line, head.slug)
    outputs = _outputs(rendered, references, faults)
    has_content = outputs.text or references.images or head.summary
    if not (has_content or faults.found or head.status is Status.DRAFT):
        hint = "write some, or set `status: draft` until you do"
        faults.add("the post has no text below its front matter", rendered.body_line, hint)
    if faults.found:
        return None, references
    return _post(draft, outputs, image, references), references


def _image(picture: Picture | None, references: References, faults: Faults) -> Image | None:
    if picture is None:
        return None
    try:
        return references.image(picture.source, picture.alt)
    except UnusableError as error:
        faults.add(str(error), picture.line, error.hint)
        return None


def _outputs(rendered: Rendered, references: References, faults: Faults) -> Outputs:
    if rendered.is_too_deep():
        hint = "close what was left open"
        message = f"tags or emphasis are nested more than {DEEPEST} deep"
        faults.add(message, rendered.body_line, hint)
        return Outputs("", "", "", "", "")
    return make_outputs(sanitise(rendered.html), rendered, references, faults)


def _post(draft: Draft, outputs: Outputs, image: Image | None, references: References) -> Post:
    head = draft.head
    return Post(
        id=head.id,
        slug=head.slug,
        title=head.title,
        date=head.date,
        url=draft.url,
        path=draft.faults.path,
        summary=head.summary or outputs.summary,
        web_html=outputs.web_html,
        feed_html=outputs.feed_html,
        email_html=outputs.email_html,
        text=outputs.text,
        author=head.author,
        tags=head.tags,
        category=head.category,
        image=image,
        images=tuple(references.images.values()),
        updated=head.updated,
        status=head.status,
        visibility=head.visibility,
        language=head.language,
        aliases=tuple(alias for alias in head.aliases if alias != head.slug),
        expires=head.expires,
        review_by=head.review_by,
        word_count=len(outputs.text.split()),
        explicit_id=head.explicit_id,
    )
