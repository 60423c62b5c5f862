"""Who is still to be sent to, by the domains where they live."""

from __future__ import annotations

from pipeline import ledger
from pipeline.db import reading
from pipeline.schema import subscribers
from tests.ledger.books import Books
from tests.ledger.conftest import Open


def open_at(campaign: Books, *domains: str) -> dict[str, int]:
    with reading(campaign.engine) as connection:
        return ledger.count_open_at(connection, campaign.campaign_id, domains)


def move(books: Books, domain: str, *ids: int) -> None:
    for one in ids:
        address = f"reader{one}@{domain}"
        books.change(subscribers, [one], email=address, identity=address)


def test_who_is_on_the_roster_and_who_is_to_come_are_counted_alike(books: Open) -> None:
    readers = books(6)
    move(readers, "slow.example", 1, 2, 3, 6)
    campaign = readers.launch()
    campaign.open_range(2)
    campaign.must_lease()
    campaign.start([1, 2])
    campaign.record([1])

    assert open_at(campaign, "slow.example") == {"slow.example": 3}
    campaign.open_all(2)
    assert open_at(campaign, "slow.example") == {"slow.example": 3}


def test_a_subdomain_and_a_longer_name_are_domains_of_their_own(books: Open) -> None:
    readers = books(4)
    move(readers, "a_b.example", 1)
    move(readers, "mail.a_b.example", 2)
    move(readers, "xa_b.example", 3)
    move(readers, "acb.example", 4)

    assert open_at(readers.launch(), "a_b.example") == {"a_b.example": 1}


def test_nothing_is_counted_where_no_domain_is_asked_for(books: Open) -> None:
    assert open_at(books(2).launch()) == {}


def test_a_campaign_knows_its_list(books: Open) -> None:
    campaign = books(1).launch()
    with reading(campaign.engine) as connection:
        assert ledger.read_list_name(connection, campaign.campaign_id) == "readers"
