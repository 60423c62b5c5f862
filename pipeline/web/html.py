"""The pages made here, from the templates in pages/."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.config import Config
from pipeline.web.words import spoken, words

HTML = "text/html"

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


class Pages:
    """Writes the pages of one site; every method gives a complete document in UTF-8."""

    def __init__(self, config: Config, published: Path, css_version: str) -> None:
        self._config = config
        self._published = published
        self._css_version = css_version
        self.words = words(config.site.language)

    def write(self, template: str, **values: Any) -> bytes:
        """Render one of pages/*.html; `title` is among the values."""
        brand, language = self._config.brand, spoken(self._config.site.language)
        text = _TEMPLATES.get_template(template).render(
            **{"language": language, **values},
            site=self._config.site,
            site_language=language,
            words=self.words,
            css_version=self._css_version,
            logo=self._asset(brand.logo),
            logo_dark=self._asset(brand.logo_dark),
            logo_width=brand.logo_width,
        )
        return text.encode()

    def message(
        self,
        name: str,
        *,
        answer_to: str = "",
        undo: str = "",
        onward: tuple[str, str] | None = None,
        **values: str,
    ) -> bytes:
        """A page that says one thing in the words of this name; `answer_to` is an address.

        `undo` is what a button posts that takes it back; `onward` is a link, as path and words. The
        page leads home once there is a home page.
        """
        has_home = (self._published / "index.html").is_file()
        title, *paragraphs = (text.format(**values) for text in self.words[name])
        return self.write(
            "message.html",
            title=title,
            paragraphs=paragraphs,
            answer_to=answer_to,
            undo=undo,
            onward=onward,
            has_home=has_home,
        )

    def _asset(self, path: str) -> str:
        """Where a published picture of the brand is, or nothing before the first publication."""
        name = PurePosixPath(path).name
        is_there = bool(name) and (self._published / "assets" / name).is_file()
        return f"/assets/{quote(name)}" if is_there else ""
