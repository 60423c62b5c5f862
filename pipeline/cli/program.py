"""The program's commands, by name."""

from __future__ import annotations

import click

from pipeline import __version__
from pipeline.cli.consent import consent
from pipeline.cli.decisions import arm, cancel, pause, reconcile, resume
from pipeline.cli.exporting import export_everything, export_subscribers
from pipeline.cli.frame import Program, site_option
from pipeline.cli.init import init
from pipeline.cli.nouns import campaigns, newsletters, posts
from pipeline.cli.people import find, history, set_person, tag, untag
from pipeline.cli.proving import prove
from pipeline.cli.retention import retention
from pipeline.cli.segments import segments
from pipeline.cli.signing import dkim
from pipeline.cli.subscribers import subscribers
from pipeline.cli.suppressions import suppressions
from pipeline.cli.work import check, feeds, preview, run, serve, status


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pipeline")
@site_option
def main() -> None:
    """Turn a folder of posts into feeds and newsletters, and account for every recipient.

    \b
    Examples:
      pipeline init my-site          make a new site
      pipeline --site my-site check  list every fault of every post
      pipeline --site my-site run    publish, send what is due, and end
      pipeline --site my-site serve  keep running, with feeds and mailbox over HTTP
    """


for command in (init, check, run, serve, feeds, preview, status, reconcile, arm, retention, prove):
    main.add_command(command)
for noun in (posts, subscribers, segments, suppressions, consent, newsletters, campaigns, dkim):
    main.add_command(noun)
subscribers.add_command(export_subscribers)
subscribers.add_command(export_everything)
for about_one in (find, history, set_person, tag, untag):
    subscribers.add_command(about_one)
for step in (pause, resume, cancel):
    campaigns.add_command(step)
