"""From a Markdown file to messages read back from the local mailbox, over real SMTP."""

from __future__ import annotations

import email
import email.policy
import html
import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import feedparser
import pytest
from click.testing import CliRunner, Result
from PIL import Image as PillowImage

from pipeline.cli import main
from tests.support.site import SiteFolder

READERS = [
    ("ada@example.com", "Ada Löwe"),
    ("grace@example.org", 'Grace "the" O\'Hara, MD'),
    ("li@example.net", "李小龍"),
    ("samira@example.com", "سميرة"),
    ("plain@example.com", ""),
]


@pytest.fixture
def practice(site: SiteFolder) -> SiteFolder:
    """A site with two posts and five readers."""
    site.add_post(
        "knees & needles".replace(" & ", "-and-"),
        "Worn is not *finished*. See the [guideline](https://example.org/knees).\n",
        title='Knees & "needles" <again>',
        summary="What helps a worn knee, and what does not.",
        category="Conditions",
    )
    site.add_post("sleep", "Sleep **well** {{ 7*7 }}.\n", title="Sleep", date="2026-03-01")
    site.add_subscribers("readers", READERS)
    return site


def pipeline(site: SiteFolder, *arguments: str) -> Result:
    result = CliRunner().invoke(main, ["--site", str(site.root), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def mailbox(site: SiteFolder) -> dict[str, EmailMessage]:
    """The captured messages by the address they went to."""
    found = {}
    for file in (site.root / "var/mailbox/new").glob("*.eml"):
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        found[message["To"].addresses[0].addr_spec] = message
    return found


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def links(message: EmailMessage) -> Iterator[str]:
    return (html.unescape(link) for link in re.findall(r'href="([^"]+)"', part(message, "html")))


def test_every_subscriber_gets_the_post_in_html_and_text(practice: SiteFolder) -> None:
    result = pipeline(practice, "run")

    assert result.exit_code == 0
    mails = mailbox(practice)
    assert set(mails) == {address for address, _ in READERS}
    for mail in mails.values():
        assert mail["Subject"] == 'Knees & "needles" <again>'
        assert mail["From"].addresses[0].addr_spec == "letter@larkfield.example"
        assert "Knees &amp; " in part(mail, "html")
        assert 'Knees & "needles" <again>' in part(mail, "plain")
        assert "What helps a worn knee, and what does not." in part(mail, "plain")
        assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]


def test_names_in_every_script_come_through(practice: SiteFolder) -> None:
    pipeline(practice, "run")

    mails = mailbox(practice)
    assert {address: mail["To"].addresses[0].display_name for address, mail in mails.items()} == (
        dict(READERS)
    )


def test_each_reader_has_a_link_of_their_own_to_leave_by(practice: SiteFolder) -> None:
    pipeline(practice, "run")

    seen = set()
    for mail in mailbox(practice).values():
        header = str(mail["List-Unsubscribe"]).strip("<>")
        assert header.startswith("https://larkfield.example/unsubscribe/")
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert header in links(mail)
        assert header in part(mail, "plain")
        seen.add(header)
    assert len(seen) == len(READERS)


def test_a_rehearsal_says_so_in_header_report_and_status(practice: SiteFolder) -> None:
    report = pipeline(practice, "run").stdout

    assert "Rehearsal 1 of digest, sent" in report
    assert "local mailbox" in report
    assert all("X-Rehearsal" in mail for mail in mailbox(practice).values())
    assert "(rehearsal)" in pipeline(practice, "status").stdout


def test_the_report_names_what_was_made_and_its_sheet_closes(practice: SiteFolder) -> None:
    report = pipeline(practice, "run").stdout

    assert "2 read, 2 published" in report
    assert re.search(r"edition [0-9a-f]{12} of 2 posts, \d+\.\d kB of HTML", report)
    assert re.search(r"5\s+recipients\s+the sheet closes", report)
    assert "feed.xml" in report
    (message,) = re.findall(r"A message (\S+\.eml)", report)
    assert Path(message).is_file()


def test_the_same_posts_stand_in_the_feed(practice: SiteFolder) -> None:
    pipeline(practice, "run")

    feed = feedparser.parse(str(practice.root / "var/site/feed.xml"))
    assert not feed.bozo
    assert [entry.title for entry in feed.entries] == [
        'Knees &amp; "needles" &lt;again&gt;'.replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">"),
        "Sleep",
    ]


def test_view_in_browser_leads_to_a_page_without_any_reader_in_it(practice: SiteFolder) -> None:
    pipeline(practice, "run")

    mail = mailbox(practice)["ada@example.com"]
    (path,) = {link for link in links(mail) if "/editions/" in link}
    page = practice.root / "var/site" / path.removeprefix("https://larkfield.example/")
    text = (page / "index.html").read_text("utf-8")
    assert "Knees &amp; " in text
    assert "unsubscribe/" not in text
    assert "example.com" not in text.replace("larkfield.example", "")
    assert "\ue000" not in text


def test_a_second_run_sends_nothing_and_says_so(practice: SiteFolder) -> None:
    pipeline(practice, "run")
    first = {mail["Message-ID"] for mail in mailbox(practice).values()}

    second = pipeline(practice, "run")

    assert second.exit_code == 0
    assert "no new post, nothing to send" in second.stdout
    assert {mail["Message-ID"] for mail in mailbox(practice).values()} == first
    assert len(list((practice.root / "var/mailbox/new").iterdir())) == len(READERS)


def test_a_later_post_goes_out_at_the_next_occurrence_and_alone(practice: SiteFolder) -> None:
    pipeline(practice, "run")
    practice.add_post("heat", title="Heat", date="2026-03-03")

    report = pipeline(practice, "run").stdout

    assert re.search(r"1 new post waits for Tue \d+ \w+ \d{4} 09:00 America/New_York", report) or (
        "no new post" in report  # the site's posts are older than a month by the machine's clock
    )


def test_drafts_future_and_private_posts_are_in_no_mail_feed_or_page(practice: SiteFolder) -> None:
    practice.add_post("draft", "hidden-draft", status="draft")
    practice.add_post("future", "hidden-future", date="2999-01-01")
    practice.add_post("private", "hidden-private", audience="private")

    pipeline(practice, "run")

    everything = b"".join(
        file.read_bytes() for file in (practice.root / "var/site").rglob("*") if file.is_file()
    )
    everything += b"".join(mail.as_bytes() for mail in mailbox(practice).values())
    assert b"hidden-" not in everything


def test_a_private_post_is_mailed_where_the_newsletter_says_so_and_has_no_page(
    practice: SiteFolder,
) -> None:
    PillowImage.new("RGB", (1200, 675), "teal").save(practice.root / "posts/chart.png")
    practice.add_post(
        "refills",
        "Refill by Friday.",
        audience="private",
        summary="Refill by Friday.",
        image={"src": "chart.png", "alt": "A chart of the week"},
    )
    settings = (practice.root / "pipeline.toml").read_text("utf-8")
    practice.configure(f"{settings}private = true\n")

    pipeline(practice, "run")

    mail = mailbox(practice)["ada@example.com"]
    assert "Refill by Friday." in part(mail, "plain")
    assert not any("/editions/" in link for link in links(mail))
    published = practice.root / "var/site"
    assert not (published / "posts/refills").exists()
    assert not (published / "editions").exists()
    (picture,) = re.findall(r'src="https://larkfield.example/(private/[^"]+)"', part(mail, "html"))
    assert (published / picture).is_file()


def test_the_walk_is_the_same_on_either_database(
    practice: SiteFolder, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_DATABASE_URL", database_url)

    first, second = pipeline(practice, "run"), pipeline(practice, "run")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "the sheet closes" in first.stdout
    assert "nothing to send" in second.stdout
    assert set(mailbox(practice)) == {address for address, _ in READERS}
    assert not (practice.root / "var/pipeline.db").exists()
