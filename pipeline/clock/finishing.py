"""When limits let the last of those who wait go: at the earliest, and said before it is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from pipeline import ledger, throttle
from pipeline.clock.site import Site
from pipeline.clock.steps import Balance, Finish
from pipeline.config import Config
from pipeline.db import reading
from pipeline.delivery import able_to_carry
from pipeline.schema import CampaignState
from pipeline.throttle import Pace, Rule, Scope


def foresee(site: Site, balances: Sequence[Balance]) -> tuple[Balance, ...]:
    """The same, with the end of each campaign that is being sent under limits.

    Campaigns go one after the other, each by its providers' weights; the slowest one counts.
    """
    config = site.config
    rules = throttle.make_rules(config.providers, config.throttles)
    with reading(site.engine) as connection:
        learned = throttle.read_learned(connection)
        if not rules and not learned:
            return tuple(balances)
        ends = _ends(connection, config, _live(config, balances), rules, learned, site.now())
    return tuple(replace(one, finish=ends.get(one.campaign.id)) for one in balances)


def last_finish(balances: Sequence[Balance]) -> datetime | None:
    """When all of them are through; None when no limit keeps anybody."""
    return max((one.finish.at for one in balances if one.finish), default=None)


def _live(config: Config, balances: Sequence[Balance]) -> list[Balance]:
    """Those that are being sent through providers, oldest first."""
    live = [
        one
        for one in balances
        if one.campaign.state is CampaignState.SENDING
        and not one.campaign.rehearsal
        and config.providers
    ]
    return sorted(live, key=lambda one: one.campaign.id)


def _ends(
    connection: Connection,
    config: Config,
    live: Sequence[Balance],
    rules: Mapping[Scope, Rule],
    learned: Mapping[Scope, Pace],
    now: datetime,
) -> dict[int, Finish]:
    receivers = _receivers(config, learned)
    remaining: Counter[Scope] = Counter()
    ends = {}
    for balance in live:
        campaign, people = balance.campaign, balance.sheet.open
        found = ledger.count_open_at(connection, campaign.id, receivers)
        at = Counter({"": people})
        for domain, count in found.items():
            at[receivers[domain]] += count
        able = able_to_carry(config.providers, ledger.read_list_name(connection, campaign.id))
        for provider in able:
            weights = sum(one.weight for one in able)
            for domain, count in at.items():
                remaining[Scope(provider.name, domain)] += -(-count * provider.weight // weights)
        times = {
            one.name: throttle.finish_at(connection, _of(remaining, one.name), rules, now)
            for one in able
        }
        name, last = max(times.items(), key=lambda each: each[1] or now, default=("", None))
        if last is not None and people:
            ends[campaign.id] = Finish(last, name, people, config.site.timezone)
    return ends


def _receivers(config: Config, learned: Mapping[Scope, Pace]) -> dict[str, str]:
    """The group, or the name itself, of each domain that is limited."""
    groups = {domain: one.name for one in config.throttles for domain in one.domains}
    named = set(groups.values())
    paced = {scope.domain for scope in learned} - named - {""}
    return {**{domain: domain for domain in paced}, **groups}


def _of(remaining: Mapping[Scope, int], provider: str) -> dict[Scope, int]:
    return {scope: count for scope, count in remaining.items() if scope.provider == provider}
