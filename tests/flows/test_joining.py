"""From the form to the next newsletter: the mail that asks, the link in it, and who may use it."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from email.message import EmailMessage
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, select, update

from pipeline import schema
from pipeline.audience import (
    confirm_token,
    consent_of,
    find_person,
    form_stamp,
    read_address,
    suppress_identities,
    unsubscribe,
    unsubscribe_token,
    verify_receipts,
)
from pipeline.clock import Site, erase, purge_requests, run_pass, settle_requests
from pipeline.clock.joining import make_notices
from pipeline.db import reading, writing
from pipeline.delivery import LocalMailbox
from pipeline.schema import (
    ConsentEvent,
    NoticeState,
    RequestState,
    SubscriptionState,
    SuppressionReason,
)
from tests.support.forms import KEYS, Time, fill_in, open_site, stamp_in, with_settings
from tests.support.site import SiteFolder
from tests.web.server import Reply, Server

ADA = "ada@example.com"
BUTTON = b"confirm=yes"
CONFIRMED, PENDING = SubscriptionState.CONFIRMED, SubscriptionState.PENDING
UNSUBSCRIBED = SubscriptionState.UNSUBSCRIBED
Standing = SubscriptionState | None


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def joinable(site: SiteFolder, engine: Engine, time: Time) -> Site:
    return open_site(site, engine, time)


@pytest.fixture
def start() -> Iterator[Callable[[Site], Server]]:
    with ExitStack() as servers:
        yield lambda site: servers.enter_context(Server(site))


@pytest.fixture
def server(joinable: Site, start: Callable[[Site], Server]) -> Server:
    return start(joinable)


def mails(site: Site, to: str = ADA) -> list[EmailMessage]:
    """What the local mailbox has for an address, oldest first."""
    files = sorted((site.mailbox / "new").glob("*.eml")) if site.mailbox.exists() else []
    found = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files
    ]
    return [mail for mail in found if mail["To"].addresses[0].addr_spec == to]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(mail: EmailMessage) -> str:
    """The path of the link that confirms."""
    (link,) = set(re.findall(r"https://larkfield\.example(/confirm/\S+)", text_of(mail)))
    return str(link)


def standing(site: Site, address: str = ADA, name: str = "readers") -> Standing:
    with reading(site.engine) as connection:
        found = find_person(connection, read_address(address))
    return next((one.state for one in found if one.list == name), None)


def receipts(site: Site, address: str = ADA) -> list[ConsentEvent]:
    with reading(site.engine) as connection:
        assert verify_receipts(connection).broken == ""
        return [proof.event for proof in consent_of(connection, read_address(address))]


def states(site: Site) -> list[str]:
    with reading(site.engine) as connection:
        return list(
            connection.execute(
                select(schema.requests.c.state).order_by(schema.requests.c.id)
            ).scalars()
        )


def suppress(site: Site, reason: SuppressionReason, address: str = ADA) -> None:
    with writing(site.engine) as connection:
        suppress_identities(connection, {address: reason}, site.now())


def leave(site: Site, address: str = ADA) -> None:
    with writing(site.engine) as connection:
        (found,) = find_person(connection, read_address(address))
        unsubscribe(connection, found.list_id, found.subscriber_id, site.now())


def confirm(site: Site, server: Server) -> Reply:
    return server.post(link_in(mails(site)[-1]), BUTTON)


# --- the whole way ------------------------------------------------------------------------------


def test_who_fills_in_the_form_and_confirms_gets_the_next_newsletter(
    joinable: Site, site: SiteFolder, server: Server, time: Time
) -> None:
    fill_in(server, time, ADA)
    site.add_post("first", date="2026-03-02")
    run_pass(joinable)
    (asking,) = mails(joinable)
    assert standing(joinable) is PENDING

    time.pass_by(minutes=10)
    page = server.get(link_in(asking))
    assert standing(joinable) is PENDING
    assert "<h1>Do you want Larkfield Pain Practice?</h1>" in page.text
    answer = server.post(link_in(asking), BUTTON)
    assert "<h1>You are subscribed</h1>" in answer.text
    assert standing(joinable) is CONFIRMED

    time.pass_by(days=7)
    site.add_post("second", date="2026-03-09")
    done = run_pass(joinable)
    assert all(one.sheet.closes for one in done.balances)
    assert [mail["Subject"] for mail in mails(joinable)] == [asking["Subject"], "Second"]


def test_the_mail_asks_and_does_nothing_else(joinable: Site, server: Server, time: Time) -> None:
    fill_in(server, time, ADA)
    done = run_pass(joinable)

    (mail,) = mails(joinable)
    assert done.notices.counts == {NoticeState.SENT: 1}
    assert mail["Subject"] == "Please confirm: Larkfield Pain Practice"
    assert mail["From"].addresses[0].addr_spec == "letter@larkfield.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "X-Rehearsal" in mail
    assert not [name for name in mail if name.lower().startswith("list-")]
    assert "until March 10, 2026" in text_of(mail)
    html = mail.get_body(("html",))
    assert html is not None
    assert link_in(mail) in html.get_content()
    assert "unsubscribe" not in html.get_content().lower()


def test_the_receipts_tell_the_words_the_form_and_both_times(
    joinable: Site, server: Server, time: Time
) -> None:
    fill_in(server, time, ADA)
    asked_at = time()
    time.pass_by(minutes=1)
    run_pass(joinable)
    time.pass_by(hours=1)
    confirm(joinable, server)

    with reading(joinable.engine) as connection:
        asked, confirmed = consent_of(connection, read_address(ADA))
    assert (asked.event, confirmed.event) == (ConsentEvent.ASKED, ConsentEvent.CONFIRMED)
    assert confirmed.at == time()
    assert confirmed.details["asked_at"] == asked_at.isoformat()
    assert confirmed.details["mailed_at"] > asked_at.isoformat()
    assert confirmed.details["url"] == "https://larkfield.example/subscribe/readers"
    assert "I ask for Larkfield Pain Practice" in confirmed.details["wording"]
    assert confirmed.details["network"].startswith("not known")


def test_the_page_after_it_leads_out_again(joinable: Site, server: Server, time: Time) -> None:
    fill_in(server, time, ADA)
    run_pass(joinable)
    page = confirm(joinable, server).text

    (way_out,) = re.findall(r'href="(/unsubscribe/[^"]+)"', page)
    assert "r•••" not in page
    assert "a•••@example.com" in page
    server.post(way_out, BUTTON)
    assert standing(joinable) is UNSUBSCRIBED


# --- the link -----------------------------------------------------------------------------------


@pytest.fixture
def link(joinable: Site, server: Server, time: Time) -> str:
    """Ada's."""
    fill_in(server, time, ADA)
    run_pass(joinable)
    return link_in(mails(joinable)[0])


def test_scanners_and_other_posts_confirm_nothing(
    joinable: Site, server: Server, link: str
) -> None:
    server.ask("HEAD", link)
    server.get(f"{link}?confirm=yes")
    for body in (b"", b"confirm=no", b"confirm=", b"\xff\x00", b"List-Unsubscribe=One-Click"):
        answer = server.post(link, body)
        assert answer.status == 400
        assert "Nothing has changed yet" in answer.text

    assert standing(joinable) is PENDING


def test_a_link_used_twice_is_answered_kindly_and_counts_once(
    joinable: Site, server: Server, link: str
) -> None:
    server.post(link, BUTTON)
    again, looked = server.post(link, BUTTON), server.get(link)

    for page in (again, looked):
        assert page.status == 200
        assert "<h1>You are subscribed already</h1>" in page.text
    assert receipts(joinable) == [ConsentEvent.ASKED, ConsentEvent.CONFIRMED]


def test_a_used_link_brings_nobody_back_who_left_since(
    joinable: Site, server: Server, link: str
) -> None:
    server.post(link, BUTTON)
    leave(joinable)

    page = server.post(link, BUTTON)

    assert page.status == 410
    assert 'href="/subscribe/readers"' in page.text
    assert standing(joinable) is UNSUBSCRIBED


def test_a_link_holds_for_seven_days(joinable: Site, server: Server, link: str, time: Time) -> None:
    time.pass_by(days=7)
    for page in (server.get(link), server.post(link, BUTTON)):
        assert page.status == 410
        assert "no longer holds" in page.text
        assert 'href="/subscribe/readers"' in page.text
    assert standing(joinable) is PENDING


def test_forged_altered_and_foreign_links_do_nothing(
    joinable: Site, server: Server, link: str
) -> None:
    token = link.removeprefix("/confirm/")
    shown = form_stamp(KEYS, "readers", "words", 1)
    forged = [
        token[:-1],
        f"{token}x",
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        f"2{token[1:]}",
        f"0{token}",
        confirm_token((b"x" * 32,), 1),
        unsubscribe_token(KEYS, 1, 1),
        unsubscribe_token(KEYS, 1, 1).partition("-")[2],
        shown,
        "1-" + shown.partition("-")[2],
        "99999999999999999999999-aaaaaaaaaaaaaaaaaaaaaa",
        "%00",
        "..",
    ]
    for one in forged:
        for page in (server.get(f"/confirm/{one}"), server.post(f"/confirm/{one}", BUTTON)):
            assert page.status == 404, one
    for page in (server.get(f"/unsubscribe/{token}"), server.get(f"/unsubscribe/1-{token}")):
        assert page.status == 404
    assert standing(joinable) is PENDING


def test_a_valid_link_of_a_forgotten_request_is_answered_kindly(server: Server) -> None:
    page = server.post(f"/confirm/{confirm_token(KEYS, 77)}", BUTTON)

    assert page.status == 410
    assert "letter@larkfield.example" in page.text


def test_the_link_does_not_travel_on(server: Server, link: str) -> None:
    for page in (server.get(link), server.post(link, BUTTON), server.get(link[:-1])):
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Robots-Tag"] == "noindex"


# --- who is asked -------------------------------------------------------------------------------


def test_who_is_on_the_list_is_not_asked(joinable: Site, server: Server, time: Time) -> None:
    fill_in(server, time, "known@example.com")
    run_pass(joinable)

    assert mails(joinable, "known@example.com") == []
    assert states(joinable) == [RequestState.DROPPED]


def test_whom_staff_suppressed_is_not_asked(joinable: Site, server: Server, time: Time) -> None:
    suppress(joinable, SuppressionReason.MANUAL)
    fill_in(server, time, ADA)
    run_pass(joinable)

    assert mails(joinable) == []
    assert standing(joinable) is None


@pytest.mark.parametrize(
    "reason", [one for one in SuppressionReason if one is not SuppressionReason.MANUAL]
)
@pytest.mark.parametrize("join", ["double", "single"])
def test_another_suppression_is_lifted_by_the_owner_alone(
    site: SiteFolder,
    engine: Engine,
    time: Time,
    start: Callable[[Site], Server],
    reason: SuppressionReason,
    join: str,
) -> None:
    made = open_site(site, engine, time, f'[lists.readers]\njoin = "{join}"\n')
    server = start(made)
    if reason is SuppressionReason.ERASED:
        site.add_subscribers("readers", ["known@example.com", ADA])
        run_pass(made)
        assert erase(made, ADA, "ada")
        site.add_subscribers("readers", ["known@example.com"])
    else:
        suppress(made, reason)
    fill_in(server, time, ADA)
    run_pass(made)
    assert standing(made) is PENDING

    confirm(made, server)

    assert standing(made) is CONFIRMED
    time.pass_by(days=7)
    site.add_post("later", date="2026-03-09")
    run_pass(made)
    assert mails(made)[-1]["Subject"] == "Later"


def test_a_list_that_asks_nobody_has_people_at_once(
    site: SiteFolder, engine: Engine, time: Time, start: Callable[[Site], Server]
) -> None:
    made = open_site(site, engine, time, '[lists.readers]\njoin = "single"\n')
    answer = fill_in(start(made), time, ADA)
    run_pass(made)

    assert "<h1>Thank you</h1>" in answer.text
    assert standing(made) is CONFIRMED
    assert mails(made) == []
    assert receipts(made) == [ConsentEvent.JOINED]


@pytest.mark.parametrize("join", ["double", "single"])
def test_who_left_comes_back_by_mail_alone(
    site: SiteFolder, engine: Engine, time: Time, start: Callable[[Site], Server], join: str
) -> None:
    made = open_site(site, engine, time, f'[lists.readers]\njoin = "{join}"\n')
    server = start(made)
    leave(made, "known@example.com")
    fill_in(server, time, "known@example.com")
    run_pass(made)
    assert standing(made, "known@example.com") is UNSUBSCRIBED

    (mail,) = mails(made, "known@example.com")
    server.post(link_in(mail), BUTTON)

    assert standing(made, "known@example.com") is CONFIRMED


def test_one_mail_a_day_for_a_list_and_another_list_waits(
    joinable: Site,
    site: SiteFolder,
    start: Callable[[Site], Server],
    time: Time,
) -> None:
    made = with_settings(joinable, site, "[lists.friends]\n")
    server = start(made)
    for name in ("readers", "readers", "friends"):
        fill_in(server, time, ADA, name)
    run_pass(made)
    assert len(mails(made)) == 1
    assert states(made) == [RequestState.MAILED, RequestState.DROPPED, RequestState.OPEN]

    confirm(made, server)  # it is hers, so she may be asked again
    run_pass(made)

    assert len(mails(made)) == 2
    confirm(made, server)
    assert standing(made, name="friends") is CONFIRMED


def test_after_a_day_somebody_may_be_asked_again(
    joinable: Site, server: Server, time: Time
) -> None:
    for hours in (23, 2):
        fill_in(server, time, ADA)
        run_pass(joinable)
        assert len(mails(joinable)) == 1
        time.pass_by(hours=hours)
    fill_in(server, time, ADA)
    run_pass(joinable)

    assert len(mails(joinable)) == 2


# --- what is forgotten --------------------------------------------------------------------------


def test_who_never_confirms_is_forgotten_after_thirty_days(
    joinable: Site, server: Server, link: str, time: Time
) -> None:
    time.pass_by(days=29)
    purge_requests(joinable)
    assert standing(joinable) is PENDING
    time.pass_by(days=2)

    run_pass(joinable)

    assert standing(joinable) is None
    with reading(joinable.engine) as connection:
        assert connection.execute(select(schema.requests)).all() == []
        assert connection.execute(select(schema.notices)).all() == []
        kept = connection.execute(select(schema.subscribers.c.email)).scalars().all()
        chain = verify_receipts(connection)
        details = connection.execute(select(schema.receipts.c.details)).scalars().all()
    assert set(kept) == {"known@example.com", None}
    assert chain.broken == ""
    assert ADA not in str(details)
    assert server.get(link).status == 410

    fill_in(server, time, ADA)
    run_pass(joinable)
    assert len(mails(joinable)) == 2


def test_who_left_before_stays_gone_when_their_request_is_forgotten(
    joinable: Site, server: Server, time: Time
) -> None:
    leave(joinable, "known@example.com")
    fill_in(server, time, "known@example.com")
    settle_requests(joinable)
    time.pass_by(days=31)
    run_pass(joinable)

    assert standing(joinable, "known@example.com") is UNSUBSCRIBED


def test_the_network_that_limits_count_by_is_forgotten_after_an_hour(
    joinable: Site, server: Server, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.web.joining.network_of", lambda _: "198.51.100.0/24")
    fill_in(server, time, ADA)
    counted = select(schema.requests.c.counted_as)
    with reading(joinable.engine) as connection:
        assert len(connection.execute(counted).scalar_one()) == 32
    time.pass_by(hours=1, seconds=1)

    purge_requests(joinable)

    with reading(joinable.engine) as connection:
        assert connection.execute(counted).scalar_one() == ""


def test_erasing_forgets_what_somebody_asked_for(joinable: Site, server: Server, link: str) -> None:
    erase(joinable, ADA, "ada")

    assert server.post(link, BUTTON).status == 410
    with reading(joinable.engine) as connection:
        assert connection.execute(select(schema.requests)).all() == []
        assert connection.execute(select(schema.notices)).all() == []
        assert verify_receipts(connection).broken == ""


# --- while a campaign is under way --------------------------------------------------------------


def test_who_leaves_and_comes_back_while_a_roster_is_opened_keeps_its_sheet_closed(
    joinable: Site, site: SiteFolder, server: Server, time: Time
) -> None:
    site.add_post("first", date="2026-03-02")
    fill_in(server, time, "known@example.com")
    fill_in(server, time, ADA)
    run_pass(joinable)
    with writing(joinable.engine) as connection:  # as if it had only just been launched
        connection.execute(schema.deliveries.delete())
        connection.execute(schema.ranges.delete())
        connection.execute(
            update(schema.campaigns).values(
                state="sending", roster_cursor=0, roster_complete_at=None, finished_at=None
            )
        )
    time.pass_by(minutes=1)
    leave(joinable, "known@example.com")
    fill_in(server, time, "known@example.com")
    settle_requests(joinable)
    with reading(joinable.engine) as connection:
        asked = connection.execute(
            select(schema.requests.c.id).where(
                schema.requests.c.state == RequestState.MAILED,
                schema.requests.c.email == "known@example.com",
            )
        ).scalar_one()
    server.post(f"/confirm/{confirm_token(KEYS, asked)}", BUTTON)
    confirm(joinable, server)

    done = run_pass(joinable)

    (balance,) = done.balances
    assert balance.sheet.closes
    assert balance.sheet.recipients == 1


# --- several processes --------------------------------------------------------------------------


def test_processes_that_settle_and_send_at_once_ask_each_person_once(
    joinable: Site, server: Server, time: Time
) -> None:
    for number in range(12):
        fill_in(server, time, f"reader{number % 6}@example.com")
    with LocalMailbox(joinable.mailbox) as local, ThreadPoolExecutor(4) as processes:

        def work(_: int) -> None:
            settle_requests(joinable)
            make_notices(joinable).run([local.provider])

        list(processes.map(work, range(4)))

    assert all(len(mails(joinable, f"reader{number}@example.com")) == 1 for number in range(6))


def test_processes_that_count_together_keep_no_more_than_the_limit(
    joinable: Site, site: SiteFolder, start: Callable[[Site], Server], time: Time
) -> None:
    made = with_settings(joinable, site, "[joining]\nrequests_per_list = 5\n")
    servers = [start(made) for _ in range(3)]
    shown = stamp_in(servers[0].get("/subscribe/readers").text)
    time.pass_by(seconds=5)

    def post(number: int) -> int:
        fields = {"email": f"reader{number}@example.com", "shown": shown}
        body = urlencode(fields).encode()
        return servers[number % 3].post("/subscribe/readers", body).status

    with ThreadPoolExecutor(6) as people:
        statuses = list(people.map(post, range(24)))

    assert sorted(statuses) == [200] * 5 + [429] * 19
    assert len(states(made)) == 5
