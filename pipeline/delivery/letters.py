"""The letters of live campaigns: each edition encoded once, kept while it is being sent."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Engine

from pipeline.audience import Keys, mac, unsubscribe_token
from pipeline.campaigns import Campaign, read_campaign, read_edition
from pipeline.compose import Letter, Reader, Sender, read_signer
from pipeline.config import Config
from pipeline.db import reading
from pipeline.ledger import Recipient, Start


def make_message_id(keys: Keys, local: str, sender: Sender) -> str:
    """What `local` names has one Message-ID for ever; the hash keeps it from being guessed.

    Sent once more, it is one mail to every mailbox that drops doubles.
    """
    octets = mac(keys[-1], b"message-id-1", local.encode())
    return f"{local}.{octets.hex()[:20]}@{sender.email.rpartition('@')[2]}"


class LetterBook:
    """Letters by campaign, and what makes each reader's copy theirs."""

    def __init__(self, engine: Engine, config: Config, keys: Keys) -> None:
        """Read the keys that sign mail, too. Raises ConfigError for one that cannot be used."""
        self._engine = engine
        self._public_url = config.serve.public_url
        self._keys = keys
        self._signer = read_signer(config)
        self._sender_id = hashlib.sha256(config.site.authority.encode()).hexdigest()[:12]
        self._campaigns: dict[int, Campaign] = {}
        self._letters: dict[int, Letter] = {}

    def letter(self, campaign_id: int) -> Letter:
        """The campaign's edition, encoded. Raises ConfigError if our keys cannot sign for it."""
        if campaign_id not in self._letters:
            self._letters[campaign_id] = self._make_letter(self._campaign(campaign_id))
        return self._letters[campaign_id]

    def launched_at(self, campaign_id: int) -> datetime:
        """When trying began; UTC."""
        return self._campaign(campaign_id).launched_at

    def envelope_sender(self, campaign_id: int) -> str:
        """Where non-delivery reports go."""
        return self._campaign(campaign_id).sender.email

    def write(self, wish: Start, recipient: Recipient, sent_at: datetime) -> tuple[bytes, ...]:
        """One person's message, as it goes over the wire, in pieces."""
        return self.letter(wish.campaign_id).pieces(self.reader(wish, recipient), sent_at)

    def reader(self, wish: Start, recipient: Recipient) -> Reader:
        """One person's values: their own unsubscribe link and a Message-ID that never changes."""
        campaign = self._campaign(wish.campaign_id)
        token = unsubscribe_token(self._keys, campaign.list_id, recipient.subscriber_id)
        return Reader(
            email=recipient.email,
            name=recipient.name,
            unsubscribe_url=f"{self._public_url}/unsubscribe/{token}",
            preferences_url=f"{self._public_url}/preferences/{token}",
            message_id=make_message_id(
                self._keys, f"{wish.campaign_id}.{wish.subscriber_id}", campaign.sender
            ),
        )

    def _campaign(self, campaign_id: int) -> Campaign:
        if campaign_id not in self._campaigns:
            with reading(self._engine) as connection:
                self._campaigns[campaign_id] = read_campaign(connection, campaign_id)
        return self._campaigns[campaign_id]

    def _make_letter(self, campaign: Campaign) -> Letter:
        if self._signer is not None:
            self._signer.check_sender(campaign.sender.email)
        with reading(self._engine) as connection:
            edition = read_edition(connection, campaign.edition_id)
        # What Gmail counts complaints by, so it may name nobody. The last part stands for this
        # site, in all its mail alike, and may have 5 to 15 characters.
        feedback_id = f"{campaign.id}:{edition.newsletter}:campaign:{self._sender_id}"
        return Letter(edition, campaign.sender, feedback_id=feedback_id, signer=self._signer)
