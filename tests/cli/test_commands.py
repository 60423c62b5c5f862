"""What each command prints and how it ends."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, event

from pipeline.cli import main
from tests.cli.conftest import Pipeline
from tests.support.site import SiteFolder
from tests.support.smtp import CapturingServer


def all_commands(
    command: click.Command, path: str = "pipeline"
) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from all_commands(child, f"{path} {name}")


@pytest.mark.parametrize("path", [path for path, _ in all_commands(main)])
def test_every_command_explains_itself(path: str) -> None:
    result = CliRunner().invoke(main, [*path.split()[1:], "--help"])

    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 3


@pytest.mark.parametrize("path", [path for path, _ in all_commands(main)])
def test_every_command_shows_an_example(path: str) -> None:
    assert "Example" in CliRunner().invoke(main, [*path.split()[1:], "--help"]).output


def test_the_site_may_be_named_before_or_behind_the_command(site: SiteFolder) -> None:
    site.add_subscribers("readers", ["ada@example.com"])
    for arguments in (["--site", str(site.root), "status"], ["status", "--site", str(site.root)]):
        assert CliRunner().invoke(main, arguments).exit_code == 0


def test_a_folder_that_is_no_site_is_one_sentence_with_a_hint(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--site", str(tmp_path), "run"])

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "pipeline.toml: there is no such file" in result.stderr
    assert "pipeline init" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_word_is_a_usage_error(pipeline: Pipeline) -> None:
    assert pipeline("frobnicate").exit_code == 2
    assert pipeline("run", "--frobnicate").exit_code == 2


def test_python_m_pipeline_is_the_same_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("pipeline, version ")


# --- check ----------------------------------------------------------------------------------------


def test_check_is_content_with_a_good_site(pipeline: Pipeline, site: SiteFolder) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])

    result = pipeline("check")

    assert result.exit_code == 0
    assert "No fault found" in result.stdout


def test_check_lists_all_faults_of_all_posts_at_once(pipeline: Pipeline, site: SiteFolder) -> None:
    site.add_post("one", status="drraft", languag="en")
    (site.root / "posts/two.md").write_text("no front matter\n", encoding="utf-8")
    site.add_subscribers("readers", ["ada@example.com"])

    result = pipeline("check")

    assert result.exit_code == 1
    assert "one.md:4" in result.stdout
    assert "one.md:5" in result.stdout
    assert "two.md:1" in result.stdout


def test_check_names_a_newsletter_whose_list_does_not_exist(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    site.add_post("good")

    result = pipeline("check")

    assert result.exit_code == 1
    assert "there is no list called 'readers'" in result.stdout


def test_check_names_a_template_that_does_not_exist(pipeline: Pipeline, site: SiteFolder) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])
    settings = (site.root / "pipeline.toml").read_text("utf-8")
    site.configure(f'{settings}template = "weekly"\n')

    result = pipeline("check")

    assert result.exit_code == 1
    assert "weekly" in result.stdout


@pytest.mark.parametrize("name", ["posts", "subscribers", "templates"])
@pytest.mark.parametrize("kind", ["file", "link to itself"])
def test_a_folder_that_cannot_be_read_is_a_sentence(
    pipeline: Pipeline, site: SiteFolder, name: str, kind: str
) -> None:
    site.add_post("first")
    site.add_subscribers("readers", ["ada@example.com"])
    folder = site.root / name
    shutil.rmtree(folder)
    folder.touch() if kind == "file" else folder.symlink_to(folder)

    checked, done = pipeline("check"), pipeline("run")

    assert (checked.exit_code, done.exit_code) == (1, 1)
    assert f"{folder}" in checked.stdout
    assert f"{folder}" in done.stderr
    assert "cannot be read: " in done.stderr or "there is no such folder" in done.stderr
    assert list((site.root / "var").glob("mailbox/new/*")) == []


def test_a_row_that_is_refused_is_shown_but_does_not_stop_a_run(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com", "not an address"])

    result = pipeline("check")

    assert result.exit_code == 0
    assert "readers.csv:3" in result.stdout


def test_check_as_json_has_one_object_a_fault(pipeline: Pipeline, site: SiteFolder) -> None:
    site.add_post("one", status="drraft")
    site.add_subscribers("readers", ["ada@example.com"])

    (fault,) = json.loads(pipeline("check", "--json").stdout)

    assert fault["blocks"]
    assert "one.md" in fault["sentence"]


# --- run and status -------------------------------------------------------------------------------


def test_a_broken_post_stops_a_run_before_anything_is_sent(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    site.add_post("good")
    site.add_post("broken", status="drraft")
    site.add_subscribers("readers", ["ada@example.com"])

    result = pipeline("run")

    assert result.exit_code == 1
    assert "broken.md" in result.stderr
    assert not (site.root / "var/mailbox").exists()


def test_a_bad_row_is_reported_and_the_rest_is_sent(pipeline: Pipeline, site: SiteFolder) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com", "not an address"])

    result = pipeline("run")

    assert result.exit_code == 0
    assert "readers.csv:3" in result.stdout
    assert "1  sent" in result.stdout


def test_quiet_prints_only_what_needs_somebody(pipeline: Pipeline, site: SiteFolder) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])

    result = pipeline("run", "--quiet")

    assert result.stdout == ""
    assert result.stderr == ""


def test_piped_output_has_no_colour_and_no_bar(pipeline: Pipeline, site: SiteFolder) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])

    assert "\x1b" not in pipeline("run").output


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("PIPELINE_SMTP_USERNAME", "me", "smtp.host: is missing"),
        ("PIPELINE_SMTP_HOST", "127.0.0.1", "cannot be reached"),
    ],
)
def test_a_provider_half_set_or_gone_is_one_sentence_and_no_rehearsal(  # fixtures
    pipeline: Pipeline,
    site: SiteFolder,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    sentence: str,
) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])
    monkeypatch.setenv(variable, value)
    if variable == "PIPELINE_SMTP_HOST":
        monkeypatch.setenv("PIPELINE_SMTP_PORT", "9")

    result = pipeline("run")

    assert result.exit_code == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert not (site.root / "var/mailbox").exists()


def test_status_as_json_has_the_counts_of_each_campaign(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com", "grace@example.org"])
    pipeline("run")

    (campaign,) = json.loads(pipeline("status", "--json").stdout)

    assert campaign["newsletter"] == "digest"
    assert campaign["state"] == "sent"
    assert campaign["rehearsal"] is True
    assert campaign["counts"]["sent"] == campaign["recipients"] == 2
    assert sum(campaign["counts"].values()) == 2
    assert len(campaign["edition"]) == 64


def test_status_reads_every_sheet_from_one_statement(pipeline: Pipeline, site: SiteFolder) -> None:
    site.configure_more('[[newsletter]]\nname = "second"\nlist = "readers"')
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])
    pipeline("run")
    asked: list[str] = []

    def note(*told: object) -> None:
        asked.append(str(told[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        sheets = json.loads(pipeline("status", "--json").stdout)
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    assert [one["closes"] for one in sheets] == [True, True]
    assert len([one for one in asked if "deliveries" in one]) == 1


def test_status_of_a_new_site_says_what_to_do(pipeline: Pipeline) -> None:
    assert "`pipeline run`" in pipeline("status").stdout
    assert json.loads(pipeline("status", "--json").stdout) == []


# --- feeds and preview ----------------------------------------------------------------------------


def test_feeds_are_written_where_asked(
    pipeline: Pipeline, site: SiteFolder, tmp_path: Path
) -> None:
    site.add_post("good")

    result = pipeline("feeds", "--out", str(tmp_path / "public"))

    assert result.exit_code == 0
    for name in ("feed.xml", "atom.xml", "feed.json", "posts/good/index.html"):
        assert (tmp_path / "public" / name).is_file()


def test_preview_writes_html_text_and_a_message_and_sends_nothing(
    pipeline: Pipeline, site: SiteFolder, tmp_path: Path
) -> None:
    site.add_post("good", title="A good post")
    site.add_subscribers("readers", ["ada@example.com"])

    result = pipeline("preview", "digest", "--out", str(tmp_path / "preview"))

    assert result.exit_code == 0
    written = {file.name: file.read_bytes() for file in (tmp_path / "preview").iterdir()}
    assert set(written) == {"edition.html", "edition.txt", "edition.eml"}
    assert all(b"A good post" in octets for octets in written.values())
    assert json.loads(pipeline("status", "--json").stdout) == []


def test_preview_works_again_after_the_edition_was_sent(
    pipeline: Pipeline, site: SiteFolder, tmp_path: Path
) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])
    pipeline("run")

    assert pipeline("preview", "digest", "--out", str(tmp_path / "preview")).exit_code == 0


def test_a_newsletter_nobody_knows_is_one_sentence(pipeline: Pipeline, tmp_path: Path) -> None:
    result = pipeline("preview", "weekly", "--out", str(tmp_path))

    assert result.exit_code == 1
    assert "there is no newsletter called 'weekly'" in result.stderr


# --- init -----------------------------------------------------------------------------------------


def test_a_new_site_works_as_it_is(tmp_path: Path) -> None:
    made = CliRunner().invoke(main, ["init", str(tmp_path / "mine"), "--title", 'The "Letter"'])
    assert made.exit_code == 0

    first = CliRunner().invoke(main, ["--site", str(tmp_path / "mine"), "run"])
    second = CliRunner().invoke(main, ["--site", str(tmp_path / "mine"), "run"])

    assert first.exit_code == 0
    assert "2  sent" in first.stdout
    assert "nothing to send" in second.stdout
    assert CliRunner().invoke(main, ["--site", str(tmp_path / "mine"), "check"]).exit_code == 0


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    mine = tmp_path / "posts/welcome.md"
    mine.write_text("mine", encoding="utf-8")

    result = CliRunner().invoke(main, ["init", str(tmp_path)])

    assert result.exit_code == 1
    assert "is there already" in result.stderr
    assert mine.read_text("utf-8") == "mine"
    assert not (tmp_path / "pipeline.toml").exists()


def test_a_made_up_postal_address_is_told_before_real_mail_and_only_then(
    tmp_path: Path, smtp_server: CapturingServer
) -> None:
    CliRunner().invoke(main, ["init", str(tmp_path)])
    commands = (["check"], ["run"])
    rehearsed = [CliRunner().invoke(main, ["--site", str(tmp_path), *one]) for one in commands]
    SiteFolder(tmp_path).configure_more(
        f'[smtp]\nhost = "127.0.0.1"\nport = {smtp_server.port}\nsecurity = "none"'
    )

    real = [CliRunner().invoke(main, ["--site", str(tmp_path), *one]) for one in commands]

    assert [result.exit_code for result in (*rehearsed, *real)] == [0, 0, 0, 0]
    assert all("site.postal_address" not in result.output for result in rehearsed)
    assert all("Note: site.postal_address: is still" in result.output for result in real)
    assert len(smtp_server.received) == 2


def test_an_address_without_tls_is_told_before_real_mail_and_only_then(
    pipeline: Pipeline, site: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])
    monkeypatch.setenv("PIPELINE_SERVE_PUBLIC_URL", "http://larkfield.example")

    rehearsed = pipeline("check")
    monkeypatch.setenv("PIPELINE_SMTP_HOST", "smtp.larkfield.example")
    real = pipeline("check")

    assert "public_url" not in rehearsed.output
    assert "Note: serve.public_url: is no https address" in real.stdout
    assert real.exit_code == 0


STARTER_FILES = (
    ".gitignore",
    "pipeline.toml",
    "posts/welcome.md",
    "subscribers/readers.csv",
    "templates/README.md",
)


@pytest.mark.parametrize("missing", STARTER_FILES)
def test_an_interrupted_init_can_be_repeated(tmp_path: Path, missing: str) -> None:
    CliRunner().invoke(main, ["init", str(tmp_path)])
    (tmp_path / missing).unlink()

    again = CliRunner().invoke(main, ["init", str(tmp_path)])

    assert again.exit_code == 0
    assert (tmp_path / missing).is_file()


def test_init_leaves_no_file_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mine"
    write = Path.write_bytes

    def write_half(file: Path, content: bytes) -> int:
        if not file.is_relative_to(folder):
            return write(file, content)
        write(file, content[: len(content) // 2])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write_half)
        interrupted = CliRunner().invoke(main, ["init", str(folder)])
    again = CliRunner().invoke(main, ["init", str(folder)])

    assert (interrupted.exit_code, again.exit_code) == (1, 0)
    files = [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]
    assert sorted(files) == list(STARTER_FILES)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path / ("long" * 75))])

    assert result.exit_code == 1
    assert "File name too long" in result.stderr
    assert "name a folder" in result.stderr


# --- nouns ----------------------------------------------------------------------------------------


def test_posts_are_listed_with_their_status(pipeline: Pipeline, site: SiteFolder) -> None:
    site.add_post("out")
    site.add_post("draft", status="draft")
    site.add_post("later", date="2999-01-01")
    site.add_post("ours", audience="private")

    rows = json.loads(pipeline("posts", "--json").stdout)

    assert {row["slug"]: row["status"] for row in rows} == {
        "out": "published",
        "draft": "draft",
        "later": "to come",
        "ours": "private",
    }
    assert "Draft" in pipeline("posts", "list").stdout


def test_a_post_is_shown_by_its_slug(pipeline: Pipeline, site: SiteFolder) -> None:
    site.add_post("out", "Some words.\n")

    assert "Some words." in pipeline("posts", "show", "out").stdout
    assert "there is no post 'in'" in pipeline("posts", "show", "in").stderr


def test_a_pasted_document_becomes_a_post_that_check_accepts(
    pipeline: Pipeline, site: SiteFolder, tmp_path: Path
) -> None:
    document = tmp_path / "article.txt"
    document.write_text(
        "Walking with a sore hip\n\nNov 30, 2023\n\nA short walk each day helps most people.\n\n"
        "• Start with five minutes.\n• Add one minute a week.\n",
        encoding="utf-8",
    )
    site.add_subscribers("readers", ["ada@example.com"])

    result = pipeline("posts", "import", str(document))

    assert result.exit_code == 0
    assert Path(result.stdout.strip()) == site.root / "posts/2023-11-30-walking-with-a-sore-hip.md"
    assert "title" in result.stderr
    assert pipeline("check").exit_code == 0
    (row,) = json.loads(pipeline("posts", "--json").stdout)
    assert row["title"] == "Walking with a sore hip"


def test_a_file_is_imported_and_somebody_taken_off(pipeline: Pipeline, site: SiteFolder) -> None:
    file = site.add_subscribers("members", ["ada@example.com", "grace@example.org"])

    assert "2 people joined members" in pipeline("subscribers", "import", str(file)).stdout
    gone = pipeline("subscribers", "unsubscribe", "ADA@example.com", "--list", "members")
    assert "is off the list members" in gone.stdout

    pipeline("subscribers", "import", str(file))
    rows = json.loads(pipeline("subscribers", "show", "members", "--json").stdout)
    assert {row["email"]: row["state"] for row in rows} == {
        "ada@example.com": "unsubscribed",
        "grace@example.org": "confirmed",
    }
    (counts,) = json.loads(pipeline("subscribers", "--json").stdout)
    assert (counts["confirmed"], counts["unsubscribed"]) == (1, 1)


def test_a_list_from_a_pipe_is_refused_in_one_sentence(site: SiteFolder) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pipeline", "--site", str(site.root)),
            *("subscribers", "import", "/dev/stdin", "--basis", "they asked"),
        ],
        input="email\nada@example.com\n",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "Error: /dev/stdin: is no regular file" in done.stderr
    assert "save the list as a CSV file" in done.stderr


def test_people_missing_from_the_file_are_named_not_dropped(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com", "grace@example.org"])
    pipeline("run")
    site.add_subscribers("readers", ["ada@example.com"])

    assert "1 person no longer in readers.csv" in pipeline("run").stdout


def test_the_database_rules_and_the_difference_is_shown_until_adopted(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    pipeline("newsletters")
    settings = (site.root / "pipeline.toml").read_text("utf-8")
    site.configure(f'{settings}schedule = "0 8 * * 1"\n')

    shown = pipeline("newsletters").stdout
    (before,) = json.loads(pipeline("newsletters", "--json").stdout)
    pipeline("newsletters", "adopt", "digest")
    (after,) = json.loads(pipeline("newsletters", "--json").stdout)

    assert "schedule is '0 9 * * 2', but pipeline.toml says '0 8 * * 1'" in shown
    assert [one["key"] for one in before["differences"]] == ["schedule"]
    assert (before["schedule"], after["schedule"]) == ("0 9 * * 2", "0 8 * * 1")
    assert after["differences"] == []


def test_a_newsletter_is_added_and_changed_by_command(pipeline: Pipeline) -> None:
    added = pipeline("newsletters", "add", "weekly", "--list", "readers", "--template", "post")
    pipeline("newsletters", "set", "weekly", "tags", "knee,hip")
    pipeline("newsletters", "set", "weekly", "max_age_days", "7")

    details = json.loads(pipeline("newsletters", "show", "weekly", "--json").stdout)

    assert added.exit_code == 0
    assert details["template"] == "post"
    assert details["tags"] == ["knee", "hip"]
    assert details["max_age_days"] == 7


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("schedule", "often", "is no cron rule"),
        ("timezone", "Mars/Base", "is no time zone"),
        ("from_email", "a@b\r\nBcc: c@d", "line break"),
        ("colour", "red", "is no key"),
        ("name", "other", "never changes"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(
    pipeline: Pipeline, key: str, value: str, sentence: str
) -> None:
    result = pipeline("newsletters", "set", "digest", key, value)

    assert result.exit_code == 1
    assert sentence in result.stderr


def test_campaigns_are_listed_and_shown(pipeline: Pipeline, site: SiteFolder) -> None:
    site.add_post("good", title="A good post")
    site.add_subscribers("readers", ["ada@example.com"])
    pipeline("run")

    (row,) = json.loads(pipeline("campaigns", "--json").stdout)
    assert row["subject"] == "A good post"
    assert "sent 1" in pipeline("campaigns", "show", "1").stdout
    for unknown in ("7", "0", str(2**63 - 1), str(2**63), "9" * 100):
        result = pipeline("campaigns", "show", unknown)
        assert result.exit_code == 1
        assert f"there is no campaign {unknown}" in result.stderr


def test_somebody_on_two_lists_has_the_columns_of_both_files(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    first = site.add_subscribers("readers", [("ada@example.com", "Ada", "Oslo")], "email,name,city")
    second = site.add_subscribers("members", [("ada@example.com", "", "7")], "email,name,number")
    for file in (first, second):
        pipeline("subscribers", "import", str(file))

    (ada,) = json.loads(pipeline("subscribers", "show", "members", "--json").stdout)

    assert ada["name"] == "Ada"
    assert ada["attributes"] == {"city": "Oslo", "number": "7"}


def test_one_newsletter_that_cannot_be_sent_does_not_hold_up_the_others(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])
    pipeline("newsletters", "add", "lost", "--list", "nobody-knows")
    pipeline("newsletters", "add", "faulty", "--list", "readers", "--template", "no-such")

    result = pipeline("run")

    assert result.exit_code == 1
    assert "1  sent" in result.stdout
    assert "there is no list called 'nobody-knows'" in result.stderr
    assert "no-such" in result.stderr
    assert [row["state"] for row in json.loads(pipeline("status", "--json").stdout)] == ["sent"]


def test_a_new_site_with_a_value_that_cannot_work_leaves_nothing_behind(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path / "mine"), "--timezone", "Mars/Base"])

    assert result.exit_code == 1
    assert "is no time zone" in result.stderr
    assert not (tmp_path / "mine").exists()


def test_a_fault_of_a_template_names_its_file_where_the_site_is_this_folder(
    site: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])
    (site.root / "templates/digest.mjml").write_text(
        "<mjml>\n<mj-body>\n{{ nothing }}\n</mj-body>\n</mjml>\n", encoding="utf-8"
    )
    monkeypatch.chdir(site.root)

    assert "digest.mjml:3: " in CliRunner().invoke(main, ["check"]).output


def test_a_rename_that_was_guessed_asks_for_the_same_mend_until_it_is_made(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    words = " ".join(f"word{number}" for number in range(40))
    path = site.add_post("old", words)
    site.add_subscribers("readers", ["ada@example.com"])
    pipeline("run")
    path = path.rename(path.with_name("new.md"))
    pipeline("run")
    before = pipeline("check").stdout
    path.write_text(path.read_text("utf-8").replace("title:", "aliases: [old]\ntitle:", 1), "utf-8")

    after = pipeline("check")

    assert "looks like the published post 'old', which is gone" in before
    assert "add `aliases: [old]`" in before
    assert after.exit_code == 0


def test_people_whom_another_tool_marks_as_gone_are_not_added(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    file = site.add_subscribers(
        "members",
        [
            ("ada@example.com", "Subscribed", ""),
            ("gone@example.com", "Unsubscribed", ""),
            ("bounced@example.com", "cleaned", ""),
            ("left@example.com", "", "2025-01-01 10:00:00"),
            ("grace@example.com", "", "false"),
        ],
        "Email Address,Status,unsubscribed_at",
    )

    result = json.loads(pipeline("subscribers", "import", str(file), "--json").stdout)

    assert (result["rows"], result["joined"], result["refused"]) == (5, 2, [])
    assert (result["left"], result["suppressed"]) == (2, 1)
    rows = json.loads(pipeline("subscribers", "show", "members", "--json").stdout)
    assert {row["email"]: row["state"] for row in rows} == {
        "ada@example.com": "confirmed",
        "grace@example.com": "confirmed",
        "gone@example.com": "unsubscribed",
        "left@example.com": "unsubscribed",
    }


@pytest.mark.parametrize("variable", ["PIPELINE_SMTP_HOSTNAME", "PIPELINE_SMTP_USER"])
def test_a_misspelt_variable_is_no_rehearsal_in_silence(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "x")

    result = pipeline("run")

    assert result.exit_code == 1
    assert f"{variable}: is no setting" in result.stderr
    assert "did you mean" in result.stderr


def test_looking_copies_no_newsletter_and_says_where_the_file_differs(
    pipeline: Pipeline, site: SiteFolder, tmp_path: Path
) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])
    settings = (site.root / "pipeline.toml").read_text("utf-8")
    pipeline("check")
    pipeline("preview", "digest", "--out", str(tmp_path))
    site.configure(f'{settings}subject = "One"\n')
    assert pipeline("preview", "digest", "--out", str(tmp_path)).stdout.startswith("One\n")
    pipeline("run")

    site.configure(f'{settings}subject = "Two"\n')

    for command in ("check", "run", "newsletters"):
        assert "but pipeline.toml says 'Two'" in pipeline(command).stdout


def test_what_readers_get_is_for_the_owner_alone(pipeline: Pipeline, site: SiteFolder) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])
    pipeline("run")

    for path in ("var/pipeline.db", "var/mailbox", "var/cache", "var/secret.key"):
        assert (site.root / path).stat().st_mode & 0o077 == 0, path


def test_an_edition_that_gmail_would_cut_is_told_of(
    pipeline: Pipeline, site: SiteFolder, tmp_path: Path
) -> None:
    for number in range(10):
        site.add_post(f"long-{number}", "Many words in a long letter. " * 500)
    site.add_subscribers("readers", ["ada@example.com"])
    settings = (site.root / "pipeline.toml").read_text("utf-8")
    site.configure(f'{settings}template = "post"\n')

    shown = pipeline("preview", "digest", "--out", str(tmp_path))

    assert "Gmail cuts mail off" in shown.stderr
    assert "Gmail cuts mail off" in pipeline("check").stdout
    assert "Gmail cuts mail off" in pipeline("run").stdout


def test_a_site_with_a_name_beyond_ascii_sends_mail_whose_headers_are_ascii(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    settings = (site.root / "pipeline.toml").read_text("utf-8")
    site.configure(settings.replace("larkfield.example", "müller.example"))
    site.add_post("good")
    site.add_subscribers("readers", ["ada@bücher.example"])

    assert pipeline("run").exit_code == 0

    (file,) = (site.root / "var/mailbox/new").iterdir()
    head = file.read_bytes().partition(b"\r\n\r\n")[0].decode("ascii")
    assert "<readers.xn--mller-kva.example>" in head
    assert "<letter@xn--mller-kva.example>" in head
    assert "To: ada@xn--bcher-kva.example" in head
    assert "List-Unsubscribe: <https://xn--mller-kva.example/" in head
