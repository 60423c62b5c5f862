"""Exports of other tools, as these tools write them, are known by their columns and their words."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipeline.audience.csv_file import CellReader, Row, examine, read_rows
from pipeline.audience.presets import PRESETS, Standing, find_preset, recognise
from pipeline.audience.rows import make_reading
from pipeline.errors import AudienceError, RowError
from tests.audience.conftest import WriteFile

ADA = "ada@larkfield.example"
MAILCHIMP = (
    "Email Address,First Name,Last Name,ZIP,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,"
    "CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,{}LAST_CHANGED,LEID,EUID,"
    "NOTES,TAGS"
)
MAILCHIMP_ROW = (
    f'{ADA},Ada,Löwe,01067,2,"2024-01-05 10:00:00",192.0.2.7,"2024-01-05 10:02:00",192.0.2.8,'
    ',,,,,DE,SN,{}"2024-02-01 00:00:00",4711,abc,,"""vip"",""early, bird"""'
)
UNSUBSCRIBED = "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,"
CLEANED = "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,"
GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,"
    "deleted_at,labels,tiers\n64,"
)
SUBSTACK = (
    "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
    f"{ADA},false,,other,"
)
LISTMONK = f"uuid,email,name,attributes,status,created_at,updated_at\nu,{ADA},Ada,"
BUTTONDOWN = f"id,email_address,notes,metadata,tags,creation_date,type,source\nx,{ADA},,"
BEEHIIV = f"email,status,created_at,subscription_tier,utm_source\n{ADA},"
KEILA = f"Email,First name,Last name,Data,Status\n{ADA},Ada,Löwe,"
OPEN = Standing.SUBSCRIBED

FILES: Mapping[str, tuple[str, str, Standing]] = {
    "subscribed": (
        f"{MAILCHIMP.format('')}\n{MAILCHIMP_ROW.format('')}",
        *("mailchimp", OPEN),
    ),
    "unsubscribed": (
        f"{MAILCHIMP.format(UNSUBSCRIBED)}\n{MAILCHIMP_ROW.format(',,,,,')}",
        *("mailchimp-unsubscribed", Standing.LEFT),
    ),
    "unsubscribed for spam": (
        f"{MAILCHIMP.format(UNSUBSCRIBED)}\n{MAILCHIMP_ROW.format('2024-02-01,May,7,ABUSE,,')}",
        *("mailchimp-unsubscribed", Standing.COMPLAINED),
    ),
    "cleaned": (
        f"{MAILCHIMP.format(CLEANED)}\n{MAILCHIMP_ROW.format('2024-02-01,May,7,')}",
        *("mailchimp-cleaned", Standing.BOUNCED),
    ),
    "substack": (f"{SUBSTACK}false,2024-01-05,", "substack", OPEN),
    "substack off": (f"{SUBSTACK}true,2024-01-05,", "substack", Standing.LEFT),
    "ghost": (f"{GHOST}{ADA},Ada,,true,false,,2024-01-05T10:00:00.000Z,,vip,Free", "ghost", OPEN),
    "ghost off": (f"{GHOST}{ADA},Ada,,false,false,,2024-01-05,,,", "ghost", Standing.LEFT),
    "ghost gone": (f"{GHOST}{ADA},Ada,,true,,,2024-01-05,2024-02-01,,", "ghost", Standing.LEFT),
    "listmonk": (f"{LISTMONK}{{}},enabled,2024-01-05,x", "listmonk", OPEN),
    "listmonk off": (f"{LISTMONK}{{}},disabled,2024-01-05,x", "listmonk", Standing.LEFT),
    "listmonk block": (f"{LISTMONK}{{}},blocklisted,2024,x", "listmonk", Standing.BLOCKED),
    "buttondown": (f"{BUTTONDOWN},,2024-01-05,regular,api", "buttondown", OPEN),
    "buttondown new": (f"{BUTTONDOWN},,2024,unactivated,", "buttondown", Standing.UNCONFIRMED),
    "buttondown off": (f"{BUTTONDOWN},,2024,unsubscribed,", "buttondown", Standing.LEFT),
    "buttondown dead": (f"{BUTTONDOWN},,2024,undeliverable,", "buttondown", Standing.BOUNCED),
    "beehiiv": (f"{BEEHIIV}active,2024-01-05,free,", "beehiiv", OPEN),
    "beehiiv off": (f"{BEEHIIV}inactive,2024-01-05,free,", "beehiiv", Standing.LEFT),
    "beehiiv new": (f"{BEEHIIV}validating,2024,free,", "beehiiv", Standing.UNCONFIRMED),
    "keila": (f"{KEILA},active", "keila", OPEN),
    "keila off": (f"{KEILA},unsubscribed", "keila", Standing.LEFT),
    "keila dead": (f"{KEILA},unreachable", "keila", Standing.BOUNCED),
}


@pytest.mark.parametrize("kind", FILES)
def test_an_export_is_recognised_and_its_words_are_understood(write: WriteFile, kind: str) -> None:
    content, preset, standing = FILES[kind]
    file = write(f"{content}\n")
    with CellReader(examine(file)) as cells:
        found = recognise(cells.columns)
    (row,) = read_rows(file)

    assert found is not None
    assert found.name == preset
    assert isinstance(row, Row)
    assert (row.address.email, row.standing) == (ADA, standing)


def one(file: object) -> Row:
    (row,) = read_rows(file)  # type: ignore[arg-type]
    assert isinstance(row, Row)
    return row


def test_mailchimp_s_tags_names_and_proof_are_kept_and_zeros_too(write: WriteFile) -> None:
    row = one(write(FILES["subscribed"][0]))

    assert row.name == "Ada Löwe"
    assert row.attributes["tags"] == ["vip", "early, bird"]
    assert row.attributes["ZIP"] == "01067"
    assert row.proof == {
        "asked_at": "2024-01-05 10:00:00",
        "asked_from": "192.0.2.7",
        "confirmed_at": "2024-01-05 10:02:00",
        "confirmed_from": "192.0.2.8",
    }
    assert not {"LEID", "EUID", "OPTIN_IP"} & row.attributes.keys()


def test_json_attributes_keep_their_types_and_are_flat(write: WriteFile) -> None:
    cell = '"{""age"": 41, ""vip"": true, ""home"": {""zip"": ""01067""}, ""no"": null}"'
    row = one(write(f"{LISTMONK}{cell},enabled,x,x\n"))

    assert row.attributes == {"age": 41, "vip": True, "home.zip": "01067"}


@pytest.mark.parametrize("cell", ["{", "[1]", '"{""a"": NaN}"', '"{""a"": ""\\u0000""}"', "1"])
def test_json_that_is_no_object_is_refused(write: WriteFile, cell: str) -> None:
    (row,) = read_rows(write(f"{LISTMONK}{cell},enabled,x,x\n"))

    assert isinstance(row, RowError)
    assert "is no JSON object" in str(row)


def test_a_word_that_nobody_knows_is_not_taken_for_a_yes(write: WriteFile) -> None:
    (row,) = read_rows(write(f"{LISTMONK}{{}},gone-fishing,x,x\n"))

    assert isinstance(row, RowError)
    assert "the column 'status' says 'gone-fishing', which nobody knows" in str(row)


@pytest.mark.parametrize("cell", ["'=1+1", "'+49 351", "'-5", "'@ada", "=1+1", "O'Hara", "007"])
def test_text_stays_text_and_our_own_mark_against_formulas_is_taken_away(
    write: WriteFile, cell: str
) -> None:
    row = one(write(f"email,phone\n{ADA},{cell}\n"))

    assert row.attributes == {"phone": cell.removeprefix("'")}


def test_a_column_can_be_said_to_be_another(write: WriteFile) -> None:
    file = write(f"Anschrift,Vorname,Nachname,Ort,weg\n{ADA},Ada,Löwe,Rom,ja\n")
    given = {
        "anschrift": "email",
        "Vorname": "first_name",
        "Nachname": "last_name",
        "Ort": "town",
        "weg": "left_at",
    }
    (row,) = read_rows(file, given=given)

    assert isinstance(row, Row)
    assert (row.name, row.standing) == ("Ada Löwe", Standing.LEFT)
    assert row.attributes["town"] == "Rom"


def test_a_column_that_is_not_there_cannot_be(write: WriteFile) -> None:
    with pytest.raises(AudienceError, match="has no column called 'Ort'") as caught:
        make_reading(write("email\n"), ["email"], {"Ort": "town"}, None)
    assert "email" in caught.value.hint


@pytest.mark.parametrize("name", ["unsubscribed", "bounced", "complained"])
def test_a_plain_file_can_be_said_to_be_of_people_of_one_kind(write: WriteFile, name: str) -> None:
    (row,) = read_rows(write(f"email,status\n{ADA},subscribed\n"), preset=find_preset(name))

    assert isinstance(row, Row)
    assert row.standing > Standing.SUBSCRIBED


def test_a_preset_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(AudienceError, match="no preset called 'mailchump'") as caught:
        find_preset("mailchump")
    assert all(preset.name in caught.value.hint for preset in PRESETS)


def test_a_plain_list_is_nobody_s_export() -> None:
    assert recognise(["email", "name", "status", "city"]) is None
