"""The messages of notices: from whom, with which link, under which Message-ID."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from pipeline.audience import Keys, confirm_token
from pipeline.campaigns import Newsletter, make_sender, read_newsletters
from pipeline.compose import Sender, make_confirmation, read_signer, write_notice
from pipeline.config import Config
from pipeline.db import reading
from pipeline.delivery.letters import make_message_id
from pipeline.delivery.notice_store import PlannedNotice


class NoticeLetters:
    """Writes notices; for one thread."""

    def __init__(self, engine: Engine, config: Config, keys: Keys) -> None:
        """Read the keys that sign mail. Raises ConfigError for one that cannot be used."""
        self._engine = engine
        self._config = config
        self._keys = keys
        self._signer = read_signer(config)
        self._senders: dict[str, Sender] = {}

    def sender(self, list_name: str) -> Sender:
        """As the list's first newsletter; a list without one writes as the site."""
        if list_name not in self._senders:
            self._senders[list_name] = self._make_sender(list_name)
        return self._senders[list_name]

    def write(self, notice: PlannedNotice, sent_at: datetime) -> bytes:
        """One message. Raises TemplateError, and ConfigError if our keys cannot sign for it."""
        config, zone = self._config, self._config.site.zone
        sender = self.sender(notice.list_name)
        if self._signer is not None:
            self._signer.check_sender(sender.email)
        settings = config.find_list(notice.list_name)
        composed = make_confirmation(
            settings.title if settings else config.site.title,
            f"{config.serve.public_url}/confirm/{confirm_token(self._keys, notice.request_id)}",
            notice.expires_at.astimezone(zone).date(),
            sent_at.astimezone(zone).date(),
            config,
        )
        message_id = make_message_id(self._keys, f"notice.{notice.id}", sender)
        return write_notice(composed, sender, notice.email, message_id, sent_at, self._signer)

    def _make_sender(self, list_name: str) -> Sender:
        config = self._config
        with reading(self._engine) as connection:
            known = read_newsletters(connection)
        declared = [Newsletter(0, settings) for settings in config.newsletters]
        for newsletter in (*known, *declared):
            if newsletter.settings.list == list_name:
                return make_sender(newsletter, config)
        site, list_id = config.site, f"{list_name}.{config.site.authority}"
        return Sender(site.title, site.email, "", list_name, list_id, config.rehearsal)
