"""What a reader gets, chosen by the link in every mail: without login and without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from pipeline import audience
from pipeline.audience import Subscription, unsubscribe_token
from pipeline.clock import Site
from pipeline.db import reading, writing
from pipeline.schema import SuppressionReason
from tests.support.site import SiteFolder
from tests.web.conftest import KEYS, NOW
from tests.web.server import Reply, Server

Standing = Callable[[], dict[str, Subscription]]
LINK = f"/preferences/{unsubscribe_token(KEYS, 1, 1)}"
ADDRESS = "reader@example.com"


@pytest.fixture
def standing(open_site: Site, site: SiteFolder) -> Standing:
    """Where the reader stands; they are on the list `members`, too."""
    site.add_subscribers("members", [ADDRESS])
    audience.import_lists(open_site.engine, open_site.config.subscribers, NOW)

    def read() -> dict[str, Subscription]:
        with reading(open_site.engine) as connection:
            found = audience.read_subscriptions(connection, 1)
        return {one.list: one for one in found}

    return read


def on(standing: Standing) -> set[str]:
    return {name for name, one in standing().items() if one.state == "confirmed"}


def form_of(page: Reply, **changed: str | None) -> bytes:
    """What the first form posts when it is saved; None: not ticked."""
    first = page.text[page.text.index('class="choices"') : page.text.index("</form>")]
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', first))
    fields |= dict.fromkeys(re.findall(r'name="(list-\d)" value="yes" checked', first), "yes")
    fields |= {"do": "save", **{key: value for key, value in changed.items() if value}}
    unticked = [name for name, value in changed.items() if value is None]
    return urlencode([(key, fields[key]) for key in fields if key not in unticked]).encode()


def save(server: Server, **changed: str | None) -> Reply:
    return server.post(LINK, form_of(server.get(LINK), **_named(changed)))


def _named(changed: dict[str, str | None]) -> dict[str, str | None]:
    return {name.replace("_", "-"): value for name, value in changed.items()}


def test_the_page_shows_every_list_ticked_and_no_address(
    server: Server, standing: Standing
) -> None:
    page = server.get(LINK)

    assert page.status == 200
    assert on(standing) == {"readers", "members"}
    assert page.text.count('type="checkbox"') == page.text.count(" checked>") == 2
    assert ADDRESS not in page.text
    assert "r•••@example.com" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_looking_changes_nothing(server: Server, standing: Standing) -> None:
    before = standing()
    for method in ("GET", "HEAD", "OPTIONS"):
        server.ask(method, f"{LINK}?do=leave")

    assert standing() == before


def test_saving_what_is_shown_changes_nothing(server: Server, standing: Standing) -> None:
    before = standing()
    page = save(server)

    assert "Saved." in page.text
    assert standing() == before


def test_a_list_that_is_not_ticked_is_left_and_can_be_had_back(
    server: Server, standing: Standing
) -> None:
    left = save(server, list_2=None)
    assert on(standing) == {"readers"}
    assert left.text.count('type="checkbox"') == 2
    assert left.text.count(" checked>") == 1
    save(server, list_2="yes")

    assert on(standing) == {"readers", "members"}


def test_days_later_a_list_that_was_left_is_offered_no_more(
    open_site: Site, start: Callable[[Site], Server], standing: Standing
) -> None:
    save(start(open_site), list_2=None)
    later = start(replace(open_site, now=lambda: NOW + timedelta(days=2)))
    posted = form_of(later.get(LINK)) + b"&shown-2=yes&list-2=yes"

    assert later.get(LINK).text.count('type="checkbox"') == 1
    assert later.post(LINK, posted).status == 200
    assert on(standing) == {"readers"}


@pytest.mark.parametrize("days", [14, 30, 90])
def test_a_list_is_paused_until_a_day_that_is_shown_and_goes_on_when_told(
    server: Server, standing: Standing, days: int
) -> None:
    save(server, pause_1=str(days))
    assert standing()["readers"].paused_until == NOW + timedelta(days=days)
    assert "Pause it until" in server.get(LINK).text
    save(server, pause_1="as it is")
    assert standing()["readers"].paused_until == NOW + timedelta(days=days)
    save(server, pause_1="none")

    assert standing()["readers"].paused_until is None


@pytest.mark.parametrize("pause", ["-1", "15", "9" * 50, "\r\n", "until", "0x10", "١٤"])
def test_a_made_up_pause_changes_nothing(server: Server, standing: Standing, pause: str) -> None:
    before = standing()
    save(server, pause_1=pause)

    assert standing() == before


def test_everything_is_left_by_one_button_and_had_back_by_another(
    server: Server, standing: Standing, open_site: Site
) -> None:
    page = server.post(LINK, b"do=leave")
    assert "<h1>You get no more letters from us</h1>" in page.text
    assert on(standing) == set()
    with reading(open_site.engine) as connection:
        found = audience.find_suppressed(connection, KEYS, [ADDRESS])
    assert found == {ADDRESS: SuppressionReason.UNSUBSCRIBED_ALL}
    assert server.get(LINK).body == page.body
    match = re.search(r'name="back" value="([^"]+)"', page.text)
    assert match is not None
    back = server.post(LINK, urlencode({"back": match[1]}).encode())

    assert "<h1>Everything is as before</h1>" in back.text
    assert on(standing) == {"readers", "members"}
    with reading(open_site.engine) as connection:
        assert audience.find_suppressed(connection, KEYS, [ADDRESS]) == {}


def test_who_had_left_one_list_before_does_not_get_it_back_with_the_others(
    open_site: Site, start: Callable[[Site], Server], standing: Standing
) -> None:
    save(start(open_site), list_2=None)
    later = start(replace(open_site, now=lambda: NOW + timedelta(hours=1)))
    page = later.post(LINK, b"do=leave")
    match = re.search(r'name="back" value="([^"]+)"', page.text)
    assert match is not None
    later.post(LINK, urlencode({"back": match[1]}).encode())

    assert on(standing) == {"readers"}


@pytest.mark.parametrize(
    "body", [b"", b"do=", b"do=erase", b"shown-1=yes", b"\xff\x00", b"list-1="]
)
def test_a_post_without_a_button_changes_nothing(
    server: Server, standing: Standing, body: bytes
) -> None:
    before = standing()
    page = server.post(LINK, body)

    assert page.status == 400
    assert "Nothing has changed yet" in page.text
    assert standing() == before


def test_a_list_that_the_form_did_not_show_stays_as_it_is(
    server: Server, standing: Standing
) -> None:
    server.post(LINK, b"do=save&shown-2=yes")

    assert on(standing) == {"readers"}


@pytest.mark.parametrize("token", ["1-1-" + "a" * 22, "2-1-x", "", "1-1"])
def test_a_forged_link_shows_nothing(server: Server, standing: Standing, token: str) -> None:
    before = standing()
    for page in (
        server.get(f"/preferences/{token}"),
        server.post(f"/preferences/{token}", b"do=leave"),
    ):
        assert page.status == 404

    assert standing() == before


def test_an_erased_person_is_told_nothing(
    open_site: Site, server: Server, standing: Standing
) -> None:
    standing()
    with writing(open_site.engine) as connection:
        audience.erase_person(connection, KEYS, 1, NOW, "page")

    for page in (server.get(LINK), server.post(LINK, b"do=leave"), server.post(LINK, b"do=save")):
        assert page.status == 200
        assert "no longer on our list" in page.text


def test_the_reader_is_told_why_in_plain_words(server: Server, standing: Standing) -> None:
    assert on(standing) == {"readers", "members"}
    save(server, list_2=None)
    save(server, pause_1="14")
    reasons = re.findall("<li>(.*)</li>", server.get(LINK).text)

    assert len(reasons) == 4
    assert reasons[0].startswith("Since ")
    assert "left members" in reasons[2]
    assert "was changed" in reasons[3]


def test_the_sample_of_a_preview_says_so(server: Server) -> None:
    assert "This is a sample link" in server.get("/preferences/sample").text
    assert "This is a sample link" in server.post("/preferences/sample", b"do=leave").text


def test_each_change_is_on_record_and_the_record_holds(
    server: Server, standing: Standing, open_site: Site
) -> None:
    save(server, list_2=None, pause_1="30")
    server.post(LINK, b"do=leave")
    with reading(open_site.engine) as connection:
        proofs = audience.consent_of(connection, audience.read_address(ADDRESS))
        chain = audience.verify_receipts(connection)
        events = [proof.event.value for proof in proofs]
        assert connection.execute(
            sa.text("select count(*) from receipts where subscriber_id is not null")
        ).scalar() == len(events)

    assert sorted(events) == ["changed", "left", "left"]
    assert chain.broken_at is None
    assert on(standing) == set()
