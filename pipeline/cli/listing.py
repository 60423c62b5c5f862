"""Rows and details behind the nouns: plain dictionaries, printed as tables or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from rich.table import Table

from pipeline import audience, campaigns, clock
from pipeline.campaigns import Difference, Newsletter
from pipeline.cli.console import console
from pipeline.cli.report import local_time
from pipeline.clock import Site
from pipeline.config import make_newsletter_settings
from pipeline.content import Post
from pipeline.db import reading, writing
from pipeline.errors import AudienceError, CampaignError, ContentError

Rows = list[dict[str, Any]]


def print_table(rows: Rows, columns: Sequence[str]) -> None:
    """The named columns of the rows; numbers to the right."""
    if not rows:
        console().print("Nothing here yet.")
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if isinstance(rows[0][column], int) else "left")
    for row in rows:
        table.add_row(*(str(row[column]) for column in columns))
    console().print(table)


def print_details(details: Mapping[str, Any]) -> None:
    """A name and a value a line."""
    width = max(map(len, details)) + 2
    for name, value in details.items():
        console().print(f"{name:<{width}}{_shown(value)}")


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {part}" for name, part in value.items() if part)
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)


# --- posts --------------------------------------------------------------------------------------


def post_rows(posts: Sequence[Post], now: datetime) -> Rows:
    """All posts, as a list shows them; dates in UTC."""
    return [
        {
            "id": post.id,
            "date": f"{post.date:%Y-%m-%dT%H:%MZ}",
            "status": _post_status(post, now),
            "slug": post.slug,
            "title": post.title,
            "url": post.url,
            "path": str(post.path),
        }
        for post in posts
    ]


def _post_status(post: Post, now: datetime) -> str:
    if post.status == "draft":
        return "draft"
    if post.published(now):
        return "published" if post.visibility == "public" else "private"
    return "to come" if post.date > now else "expired"


def post_details(posts: Sequence[Post], slug: str) -> dict[str, Any]:
    """One post by slug, former slug or id. Raises ContentError when there is none."""
    for post in posts:
        if slug in (post.slug, post.id, *post.aliases):
            kept = ("id", "title", "date", "url", "path", "summary", "author", "category", "tags")
            return {name: getattr(post, name) for name in kept} | {
                "status": str(post.status),
                "audience": str(post.visibility),
                "language": post.language,
                "words": post.word_count,
                "text": post.text,
            }
    raise ContentError(
        f"there is no post {slug!r}", path="posts", hint="`pipeline posts` lists them"
    )


# --- subscribers --------------------------------------------------------------------------------


def list_rows(site: Site) -> Rows:
    """All lists with their people counted."""
    with reading(site.engine) as connection:
        return [asdict(one) for one in audience.read_lists(connection)]


def people_rows(site: Site, name: str) -> Rows:
    """Everybody on a list. Raises AudienceError for a list that does not exist."""
    with reading(site.engine) as connection:
        mailing_list = audience.find_list(connection, name)
        return [asdict(person) for person in _people(connection, mailing_list.id)]


def _people(connection: Any, list_id: int) -> Iterator[audience.Person]:
    last = 0
    while page := audience.list_people(connection, list_id, after_id=last):
        yield from page
        last = page[-1].id


def unsubscribe(site: Site, address: str, name: str, by: str) -> str:
    """Take a person off a list, as somebody on the staff; what happened, as a sentence."""
    with writing(site.engine) as connection:
        mailing_list = audience.find_list(connection, name)
        found = audience.find_person(connection, audience.read_address(address))
        for subscription in found:
            if subscription.list_id == mailing_list.id:
                gone = audience.unsubscribe(
                    connection,
                    mailing_list.id,
                    subscription.subscriber_id,
                    site.now(),
                    f"staff: {by}",
                )
                return f"{address} {'is off' if gone else 'had left'} the list {name}."
    raise AudienceError(
        f"{address} is not on the list {name}", hint=f"see `pipeline subscribers show {name}`"
    )


# --- newsletters --------------------------------------------------------------------------------


def newsletter_rows(site: Site) -> Rows:
    """All newsletters with their next time and the keys on which the file differs."""
    ruling = clock.declare_newsletters(site)
    disagreed = campaigns.differences(site.config.newsletters, ruling)
    with reading(site.engine) as connection:
        return [
            {
                **asdict(one.settings),
                "next": _next(connection, site, one),
                "differences": [
                    {"key": found.key, "in_file": found.in_file, "in_database": found.in_database}
                    for found in disagreed
                    if found.newsletter == one.name
                ],
            }
            for one in ruling
        ]


def _next(connection: Any, site: Site, newsletter: Newsletter) -> str:
    at = campaigns.read_next_at(connection, newsletter.id, rehearsal=site.config.rehearsal)
    return "at once" if at is None else local_time(at, newsletter.settings.timezone)


def newsletter_details(site: Site, name: str) -> dict[str, Any]:
    """One newsletter. Raises CampaignError when there is none."""
    return asdict(clock.find_newsletter(site, name).settings)


def differing(site: Site) -> tuple[Difference, ...]:
    """The keys on which the file and the database disagree."""
    return campaigns.differences(site.config.newsletters, clock.read_newsletters(site))


def print_differences(found: Iterable[Difference]) -> None:
    """Where pipeline.toml says something else than what holds."""
    for one in found:
        console().print(f"{one.sentence}; {one.hint}")


def make_newsletter(site: Site, given: Mapping[str, str]) -> None:
    """Add a newsletter. Raises ConfigError or CampaignError."""
    settings = make_newsletter_settings(
        {key: value for key, value in given.items() if value}, site.config.site, "newsletters add"
    )
    with writing(site.engine) as connection:
        campaigns.add_newsletter(connection, settings, site.now())


def change_newsletter(site: Site, name: str, key: str, value: str) -> None:
    """Set one key. Raises ConfigError for a key or value that cannot be."""
    newsletter = _find(site, name)
    if key == "name":
        raise CampaignError("a newsletter's name never changes", hint="add another one")
    given: dict[str, Any] = {**asdict(newsletter.settings), key: value}
    changed = make_newsletter_settings(
        {one: list(part) if isinstance(part, tuple) else part for one, part in given.items()},
        site.config.site,
        "newsletters set",
    )
    _save(site, newsletter, replace(newsletter, settings=changed))


def adopt(site: Site, name: str) -> str:
    """Take the file's settings; what changed, in words."""
    newsletter = _find(site, name)
    declared = [one for one in site.config.newsletters if one.name == name]
    if not declared:
        raise CampaignError(f"pipeline.toml has no newsletter {name!r}", hint="add it there first")
    changes = campaigns.differences(site.config.newsletters, (newsletter,))
    _save(site, newsletter, replace(newsletter, settings=declared[0]))
    return ", ".join(f"{one.key} {one.in_file!r}" for one in changes) or "nothing differed"


def _find(site: Site, name: str) -> Newsletter:
    """A newsletter that is in the database, to be changed there."""
    clock.declare_newsletters(site)
    return clock.find_newsletter(site, name)


def _save(site: Site, old: Newsletter, new: Newsletter) -> None:
    with writing(site.engine) as connection:
        campaigns.update_newsletter(connection, old, new.settings, site.now())
