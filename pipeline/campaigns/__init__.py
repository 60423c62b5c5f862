"""Newsletters, their schedules and editions, and the campaigns that send them."""

from pipeline.campaigns.campaign_store import (
    Campaign,
    count_editions,
    move_campaign,
    read_campaign,
    read_campaigns,
    read_edition,
    read_live_campaigns,
    read_public_editions,
)
from pipeline.campaigns.due import Due, Verdict, compose_edition, compose_next, read_due
from pipeline.campaigns.known_posts_store import read_known_posts, remember_posts
from pipeline.campaigns.launch import launch, make_sender, pass_by, wait_for_next
from pipeline.campaigns.newsletter_store import (
    add_newsletter,
    declare_newsletters,
    read_newsletters,
    read_next_at,
    update_newsletter,
)
from pipeline.campaigns.newsletters import Difference, Newsletter, differences
from pipeline.campaigns.transitions import Step, refuse_again

__all__ = [
    "Campaign",
    "Difference",
    "Due",
    "Newsletter",
    "Step",
    "Verdict",
    "add_newsletter",
    "compose_edition",
    "compose_next",
    "count_editions",
    "declare_newsletters",
    "differences",
    "launch",
    "make_sender",
    "move_campaign",
    "pass_by",
    "read_campaign",
    "read_campaigns",
    "read_due",
    "read_edition",
    "read_known_posts",
    "read_live_campaigns",
    "read_newsletters",
    "read_next_at",
    "read_public_editions",
    "refuse_again",
    "remember_posts",
    "update_newsletter",
    "wait_for_next",
]
