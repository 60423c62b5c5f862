"""A small site in a folder, for tests that want one to read."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SETTINGS = """\
[site]
title = "Larkfield Pain Practice"
url = "https://larkfield.example"
email = "letter@larkfield.example"
timezone = "America/New_York"
postal_address = "12 Orchard Lane, Larkfield, NY 10000, USA"

[[newsletter]]
name = "digest"
list = "readers"
"""


@dataclass(frozen=True)
class SiteFolder:
    """A site: pipeline.toml, posts/, subscribers/, templates/."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> SiteFolder:
        """Make a site with one newsletter, `digest` to the list `readers`, and nothing else."""
        for name in ("posts", "subscribers", "templates"):
            (root / name).mkdir(parents=True)
        made = cls(root)
        made.configure(SETTINGS)
        return made

    def configure(self, settings: str) -> None:
        """Write pipeline.toml anew."""
        (self.root / "pipeline.toml").write_text(settings, encoding="utf-8")

    def configure_more(self, settings: str) -> None:
        """Add to the end of pipeline.toml, as in `[smtp]` and its keys."""
        with (self.root / "pipeline.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n{settings}\n")

    def add_post(
        self,
        slug: str,
        body: str = "One sentence of a post.\n",
        *,
        title: str = "",
        date: str = "2026-03-02",
        **front_matter: Any,
    ) -> Path:
        """Write posts/`slug`.md; a title is made from the slug."""
        head = {"title": title or slug.replace("-", " ").capitalize(), "date": date, **front_matter}
        path = self.root / "posts" / f"{slug}.md"
        path.write_text(
            f"---\n{yaml.safe_dump(head, allow_unicode=True, sort_keys=False)}---\n\n{body}",
            encoding="utf-8",
        )
        return lie_still(path)

    def add_subscribers(
        self, mailing_list: str, rows: Iterable[str | tuple[str, ...]], columns: str = "email,name"
    ) -> Path:
        """Write subscribers/`mailing_list`.csv; a row is an address or one cell a column."""
        path = self.root / "subscribers" / f"{mailing_list}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns.split(","))
            writer.writerows((row, "") if isinstance(row, str) else row for row in rows)
        return lie_still(path)


def lie_still(path: Path) -> Path:
    """Let a file look as if it was written a minute ago: a fresh one is not read at once."""
    written = path.stat().st_mtime_ns
    os.utime(path, ns=(written, written - 60 * 10**9))
    return path
