"""The next edition of a newsletter as files: HTML, text and a whole message."""

from __future__ import annotations

from pathlib import Path

import markupsafe

from pipeline import campaigns, clock
from pipeline.clock import Site
from pipeline.compose import Edition, Letter, fill, reader_values, sample_reader
from pipeline.db import reading
from pipeline.errors import PipelineError


def write_preview(site: Site, name: str, out: Path) -> tuple[Edition, tuple[Path, ...]]:
    """Compose and write; the files. Raises CampaignError for a newsletter that does not exist."""
    newsletter = clock.find_newsletter(site, name)
    posts = clock.read_content(site).posts
    with reading(site.engine) as connection:
        edition = campaigns.compose_next(connection, newsletter, posts, site.config, site.now())
    reader = sample_reader(site.config)
    values = reader_values(reader)
    letter = Letter(edition, campaigns.make_sender(newsletter, site.config))
    return edition, _write(
        out,
        {
            "edition.html": fill(edition.html, values, markupsafe.escape).encode(),
            "edition.txt": fill(edition.text, values).encode(),
            "edition.eml": letter.write(reader, site.now()),
        },
    )


def _write(out: Path, contents: dict[str, bytes]) -> tuple[Path, ...]:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, octets in contents.items():
            (out / name).write_bytes(octets)
    except OSError as error:
        raise PipelineError(
            f"{error.filename or out}: cannot be written: {error.strerror}",
            hint="name a folder that you may write to",
        ) from error
    return tuple(out / name for name in contents)
