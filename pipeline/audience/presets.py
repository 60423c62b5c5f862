"""What other tools' exports look like, one table each, and what their words mean here. Pure.

Columns and words are compared in small letters, with "_" for spaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from pipeline.errors import AudienceError


class Standing(IntEnum):
    """What a file says of a person, the least restrictive first: the highest of all rows counts."""

    SUBSCRIBED = 0
    UNCONFIRMED = 1  # asked, and never confirmed: nobody is added
    LEFT = 2  # unsubscribed from that list
    BLOCKED = 3  # suppressed: staff there decided so
    BOUNCED = 4  # suppressed: there is no such address
    COMPLAINED = 5  # suppressed: marked a mail as spam


class Field(StrEnum):
    """What a column is; one that is none of these is an attribute of its own name."""

    EMAIL = "email"
    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    STATE = "state"  # a word for the person's standing
    LEFT = "left_at"  # says that, or when, they unsubscribed; else empty, no, 0 or false
    BOUNCED = "bounced_at"  # the same of a bounce
    RECEIVES = "receives"  # no, 0 or false for who unsubscribed
    WHY = "left_because"  # tells complaints from other reasons to leave
    TAGS = "tags"  # several, between commas
    JSON = "json"  # attributes as a JSON object, with their types
    ASKED_AT = "asked_at"  # when, from which IP address and where they signed up
    ASKED_FROM = "asked_from"
    CONFIRMED_AT = "confirmed_at"
    CONFIRMED_FROM = "confirmed_from"
    ASKED_VIA = "asked_via"
    NOTHING = "-"  # is left out


PROOF = (
    Field.ASKED_AT,
    Field.ASKED_FROM,
    Field.CONFIRMED_AT,
    Field.CONFIRMED_FROM,
    Field.ASKED_VIA,
)
REFUSED_BECAUSE = "refused because"  # the column that a file of refused rows has more

# What any file's columns and words mean, whoever wrote it.
COLUMNS: Mapping[str, Field] = {
    **dict.fromkeys(("email", "e-mail", "mail", "email_address", "e-mail_address"), Field.EMAIL),
    **dict.fromkeys(("name", "full_name"), Field.NAME),
    **dict.fromkeys(
        ("status", "state", "subscription", "subscription_status", "email_status"), Field.STATE
    ),
    **dict.fromkeys(
        (
            *("unsubscribed", "unsubscribed_at", "unsub_time", "unsubscribe_time"),
            *("opt_out_time", "opted_out_at", "opted_out"),
        ),
        Field.LEFT,
    ),
    **dict.fromkeys(("clean_time", "cleaned_at", "bounced_at"), Field.BOUNCED),
    REFUSED_BECAUSE.replace(" ", "_"): Field.NOTHING,
}
WORDS: Mapping[str, Standing] = {
    **dict.fromkeys(
        ("unconfirmed", "pending", "non-subscribed", "nonsubscribed", "unactivated"),
        Standing.UNCONFIRMED,
    ),
    **dict.fromkeys(
        (
            *("unsubscribed", "opted-out", "opt-out", "opted_out", "opt_out", "left"),
            *("disabled", "inactive", "removed"),
        ),
        Standing.LEFT,
    ),
    **dict.fromkeys(("blocked", "blocklisted", "blacklisted", "suppressed"), Standing.BLOCKED),
    **dict.fromkeys(
        ("cleaned", "bounced", "hard_bounced", "hard_bounce", "undeliverable", "invalid"),
        Standing.BOUNCED,
    ),
    **dict.fromkeys(
        ("complained", "complaint", "complaints", "spam", "spam_complaint", "abuse"),
        Standing.COMPLAINED,
    ),
}
COMPLAINTS = ("spam", "abuse", "complaint", "marked_as_spam")
NO = ("", "0", "no", "n", "false", "f", "null", "none")


@dataclass(frozen=True)
class Preset:
    """One tool's export: the columns it is known by, and what is its own.

    `standing` holds for everybody in the file, and a row can only say worse. `known_by` has
    alternatives; with none it is never recognised, only asked for. A word of the state's column
    that is not in `words`, and not in WORDS, refuses its row: it may mean that somebody left.
    """

    name: str
    title: str
    known_by: Sequence[frozenset[str]] = ()
    columns: Mapping[str, Field] = field(default_factory=dict)
    words: Mapping[str, Standing] = field(default_factory=dict)
    standing: Standing = Standing.SUBSCRIBED


def _subscribed(*words: str) -> dict[str, Standing]:
    return dict.fromkeys(words, Standing.SUBSCRIBED)


_NAMES = {"first_name": Field.FIRST_NAME, "last_name": Field.LAST_NAME}
_MAILCHIMP: Mapping[str, Field] = {
    **_NAMES,
    "tags": Field.TAGS,
    "optin_time": Field.ASKED_AT,
    "optin_ip": Field.ASKED_FROM,
    "confirm_time": Field.CONFIRMED_AT,
    "confirm_ip": Field.CONFIRMED_FROM,
    "source": Field.ASKED_VIA,
    "unsub_reason": Field.WHY,
    **dict.fromkeys(
        ("leid", "euid", "last_changed", "gmtoff", "dstoff", "member_rating"), Field.NOTHING
    ),
}
_MAILCHIMP_WORDS = _subscribed("subscribed", "active")

# In the order in which they are tried.
PRESETS: tuple[Preset, ...] = (
    Preset(
        "mailchimp-cleaned",
        "Mailchimp, cleaned contacts",
        (frozenset({"leid", "euid", "clean_time"}),),
        _MAILCHIMP,
        _MAILCHIMP_WORDS,
        Standing.BOUNCED,
    ),
    Preset(
        "mailchimp-unsubscribed",
        "Mailchimp, unsubscribed contacts",
        (frozenset({"leid", "euid", "unsub_time"}),),
        _MAILCHIMP,
        _MAILCHIMP_WORDS,
        Standing.LEFT,
    ),
    Preset(
        "mailchimp",
        "Mailchimp, subscribed contacts",
        (frozenset({"leid", "euid"}), frozenset({"optin_time", "confirm_time"})),
        _MAILCHIMP,
        _MAILCHIMP_WORDS,
    ),
    Preset(
        "substack",
        "Substack",
        (frozenset({"email", "active_subscription", "email_disabled"}),),
        {"email_disabled": Field.LEFT, "created_at": Field.ASKED_AT},
    ),
    Preset(
        "ghost",
        "Ghost",
        (frozenset({"email", "subscribed_to_emails", "complimentary_plan"}),),
        {
            "subscribed_to_emails": Field.RECEIVES,
            "deleted_at": Field.LEFT,
            "created_at": Field.ASKED_AT,
            "labels": Field.TAGS,
            "id": Field.NOTHING,
            "error": Field.NOTHING,
        },
    ),
    Preset(
        "listmonk",
        "listmonk",
        (frozenset({"uuid", "email", "attributes", "status"}),),
        {
            "attributes": Field.JSON,
            "created_at": Field.ASKED_AT,
            "uuid": Field.NOTHING,
            "updated_at": Field.NOTHING,
        },
        _subscribed("enabled", "confirmed"),
    ),
    Preset(
        "buttondown",
        "Buttondown",
        (
            frozenset({"creation_date", "metadata", "subscriber_type"}),
            frozenset({"creation_date", "metadata", "type"}),
        ),
        {
            "subscriber_type": Field.STATE,
            "type": Field.STATE,
            "metadata": Field.JSON,
            "tags": Field.TAGS,
            "creation_date": Field.ASKED_AT,
            "ip_address": Field.ASKED_FROM,
            "source": Field.ASKED_VIA,
            "unsubscription_date": Field.LEFT,
            "undeliverability_date": Field.BOUNCED,
            "unsubscription_reason": Field.WHY,
            "id": Field.NOTHING,
            "secondary_id": Field.NOTHING,
        },
        {
            **_subscribed("regular", "premium", "trialed", "gifted", "churning", "churned"),
            **_subscribed("paused", "past_due"),
            "unpaid": Standing.UNCONFIRMED,
            "spammy": Standing.BLOCKED,
        },
    ),
    Preset(
        "beehiiv",
        "beehiiv",
        (
            frozenset({"email", "status", "subscription_tier"}),
            frozenset({"email", "status", "subscription_premium_tiers"}),
            frozenset({"email", "status", "utm_channel"}),
        ),
        {
            **_NAMES,
            "tags": Field.TAGS,
            "created": Field.ASKED_AT,
            "created_at": Field.ASKED_AT,
            "acquisition_source": Field.ASKED_VIA,
            "id": Field.NOTHING,
        },
        {
            **_subscribed("active"),
            "validating": Standing.UNCONFIRMED,
            "needs_attention": Standing.UNCONFIRMED,
        },
    ),
    Preset(
        "keila",
        "Keila",
        (frozenset({"email", "first_name", "last_name", "data"}),),
        {**_NAMES, "data": Field.JSON, "external_id": Field.NOTHING},
        {**_subscribed("active"), "unreachable": Standing.BOUNCED},
    ),
    # Any tool's file of people of one kind alone.
    Preset("unsubscribed", "a file of people who left", standing=Standing.LEFT),
    Preset("bounced", "a file of dead addresses", standing=Standing.BOUNCED),
    Preset("complained", "a file of complaints", standing=Standing.COMPLAINED),
)
_BY_NAME = {preset.name: preset for preset in PRESETS}


def plain(header: str) -> str:
    """A column's name, or a word, as it is compared."""
    return "_".join(header.casefold().split())


def recognise(columns: Sequence[str]) -> Preset | None:
    """The tool that wrote a file with these columns; None for a plain list."""
    present = {plain(column) for column in columns}
    if "email_address" in present:
        present.add("email")
    for preset in PRESETS:
        if any(known <= present for known in preset.known_by):
            return preset
    return None


def find_preset(name: str) -> Preset:
    """The preset called `name`. Raises AudienceError when there is none."""
    if name not in _BY_NAME:
        raise AudienceError(
            f"there is no preset called {name!r}", hint=f"there are: {', '.join(_BY_NAME)}"
        )
    return _BY_NAME[name]
