"""pipeline.toml and the environment: each key is read, each mistake told in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import (
    Config,
    DomainLimit,
    NewsletterSettings,
    Provider,
    Site,
    make_newsletter_settings,
    read_config,
)
from pipeline.config.file import SECTIONS
from pipeline.errors import ConfigError
from tests.config.conftest import NEWSLETTER, SITE, Read, told, toml
from tests.support.site import SiteFolder

KINDS: dict[str, type] = {**SECTIONS, "smtp": Provider}  # what file and environment set

# --- every key ----------------------------------------------------------------------------------

ANOTHER: dict[str, Any] = {
    "site.url": "https://other.example",
    "site.email": "other@larkfield.example",
    "site.authority": "old.larkfield.example",
    "site.timezone": "Europe/Paris",
    "smtp.host": "smtp.larkfield.example",
    "smtp.security": "tls",
    "smtp.username": "user",
    "smtp.auth": "login",
    "smtp.password": "word",
    "smtp.lists": ("readers", "members"),
    "serve.public_url": "https://letter.larkfield.example",
    "joining.network": "none",
    "dkim.domain": "mail.larkfield.example",
    "dkim.keys": ("one.pem", "two.pem"),
}
NEEDED: dict[str, dict[str, Any]] = {
    "smtp": {"host": "smtp.larkfield.example"},
    "dkim": {"domain": "larkfield.example", "keys": ("spring.pem",)},
    "smtp.username": {"password": "word"},
    "smtp.password": {"username": "user"},
    "smtp.password_command": {"username": "user"},
    "smtp.auth": {"username": "user", "password": "word"},
}


def keys() -> Iterator[tuple[str, str, Any]]:
    for section, kind in KINDS.items():
        hints = get_type_hints(kind)
        for item in fields(kind):
            key = f"{section}.{item.name}"
            if key not in ("smtp.name", "smtp.fallback"):  # no key; senseless for one alone
                yield section, item.name, ANOTHER.get(key, _another(hints[item.name]))


def _settings(made: Config, section: str) -> Any:
    return made.providers[0] if section == "smtp" else getattr(made, section)


def _another(kind: Any) -> Any:
    others = {str: "some other text", int: 17, tuple[str, ...]: ("some", "text")}
    return others.get(kind, (7, 8))


@pytest.mark.parametrize(("section", "name", "value"), list(keys()))
@pytest.mark.parametrize("where", ["file", "environment", "both"])
def test_each_key_is_read_from_the_file_and_the_environment(
    read: Read, section: str, name: str, value: Any, where: str
) -> None:
    table: dict[str, Any] = {**NEEDED.get(section, {}), **NEEDED.get(f"{section}.{name}", {})}
    environ = {}
    if where != "environment":
        table[name] = value
    if where != "file":
        written = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        environ[f"{section}_{name}".upper()] = written
    if where == "both":
        table[name] = value[:1] if isinstance(value, tuple) else _older(value)
    if section == "site":
        start = {"title": "t", "url": "https://a.example", "email": "a@a.example", **table}
        made = read(toml("site", start), start="", **environ)
    else:
        made = read(toml(section, table), **environ)

    assert getattr(_settings(made, section), name) == value


def _older(value: Any) -> Any:
    """What stands in the file while the environment says something else: it need not even work."""
    return value if isinstance(value, int) else "what the file says"


def test_what_is_not_set_has_its_default(read: Read) -> None:
    config = read()

    assert config.site.timezone == "UTC"
    assert config.site.authority == "larkfield.example"
    assert config.serve.public_url == "https://larkfield.example"
    assert config.delivery.retry_minutes == (5, 30, 60, 120, 240)
    assert config.newsletters == ()
    assert config.rehearsal


def test_an_empty_variable_counts_as_not_set(read: Read) -> None:
    assert read("[feeds]\nlength = 9\n", FEEDS_LENGTH="").feeds.length == 9


def test_the_real_environment_is_read(site: SiteFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_SITE_AUTHOR", "The Larkfield team")

    assert read_config(site.root).site.author == "The Larkfield team"


def test_the_folders_of_a_site_stand_below_its_root(read: Read, site: SiteFolder) -> None:
    config = read()

    found = (config.posts, config.templates, config.subscribers, config.var)
    assert found == tuple(site.root / one for one in ("posts", "templates", "subscribers", "var"))


def test_a_slash_at_the_end_of_an_address_is_dropped(read: Read) -> None:
    config = read("", start=SITE.replace('.example"\nemail', '.example/news/"\nemail'))

    assert config.site.url == "https://larkfield.example/news"
    assert config.serve.public_url == "https://larkfield.example/news"


def test_spaces_around_a_text_are_dropped(read: Read) -> None:
    assert read('[brand]\naccent = " #123456 "\n').brand.accent == "#123456"


# --- the file -----------------------------------------------------------------------------------


def test_a_byte_order_mark_is_no_part_of_the_file(site: SiteFolder) -> None:
    (site.root / "pipeline.toml").write_bytes(b"\xef\xbb\xbf" + SITE.encode())

    assert read_config(site.root, {}).site.title == "Larkfield"


def test_windows_line_endings_are_fine(site: SiteFolder) -> None:
    (site.root / "pipeline.toml").write_bytes(SITE.replace("\n", "\r\n").encode())

    assert read_config(site.root, {}).site.title == "Larkfield"


def test_a_folder_without_the_file_is_not_a_site(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"pipeline\.toml.*not a site") as caught:
        read_config(tmp_path, {})

    assert "pipeline init" in caught.value.hint


def test_a_file_is_not_a_site(site: SiteFolder) -> None:
    with pytest.raises(ConfigError, match="not a site"):
        read_config(site.root / "pipeline.toml", {})


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").mkdir()

    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path, {})


def test_bad_toml_is_told_with_its_line(read: Read) -> None:
    assert "line 6" in str(told(read, "\n[smtp\n"))


def test_a_file_in_another_encoding_is_told(site: SiteFolder) -> None:
    (site.root / "pipeline.toml").write_bytes('[site]\ntitle = "Löwe"'.encode("latin-1"))

    with pytest.raises(ConfigError, match="not valid TOML"):
        read_config(site.root, {})


# --- wrong names and types ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "place", "hint"),
    [
        ("[feed]\n", "feed: is no section", "'feeds'"),
        ("[[newsletters]]\n", "newsletters: is no section", "'newsletter'"),
        ("zebra = 1\n[feeds]\n", "site.zebra", "docs/configuration.md"),
        ('[smtp]\nhsot = "x"\n', "hsot: is no key of [smtp]", "'host'"),
        ("[feeds]\nlenght = 5\n", "lenght: is no key of [feeds]", "'length'"),
        (f'{NEWSLETTER}sched = "x"\n', "sched: is no key of [newsletter]", "'schedule'"),
    ],
)
def test_a_mistyped_name_is_told_with_the_nearest_one(
    read: Read, more: str, place: str, hint: str
) -> None:
    error = told(read, more)

    assert place.removeprefix("site.") in str(error)
    assert hint in error.hint
    assert "pipeline.toml" in str(error)


@pytest.mark.parametrize("name", ["title", "url", "email"])
@pytest.mark.parametrize("instead", [None, '""', '"  "'])
def test_what_a_site_cannot_do_without_is_asked_for(
    site: SiteFolder, name: str, instead: str | None
) -> None:
    lines = [line for line in SITE.splitlines() if not line.startswith(name)]
    if instead is not None:
        lines.append(f"{name} = {instead}")
    site.configure("\n".join(lines))

    with pytest.raises(ConfigError, match=rf"site\.{name}: is missing"):
        read_config(site.root, {})


def test_what_is_missing_in_the_file_can_be_in_the_environment(read: Read) -> None:
    config = read(start="", SITE_TITLE="t", SITE_URL="https://a.example", SITE_EMAIL="a@a.example")

    assert config.site.title == "t"


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("[feeds]\nlength = '5'\n", None),  # a number in quotes is as good
        ("[feeds]\nlength = 5.5\n", "feeds.length"),
        ("[feeds]\nlength = true\n", "feeds.length"),
        ("[feeds]\nlength = -1\n", "feeds.length"),
        ("[feeds]\nlength = 'many'\n", "feeds.length"),
        ("[feeds]\nlength = '²'\n", "feeds.length"),
        ("[brand]\naccent = 5\n", "brand.accent"),
        ("[brand]\naccent = ['#fff']\n", "brand.accent"),
        ("[brand]\naccent = 2026-01-01\n", "brand.accent"),
        ("[delivery]\nretry_minutes = 5\n", "delivery.retry_minutes"),
        ("[delivery]\nretry_minutes = [5, 'x']\n", "delivery.retry_minutes"),
        (f"{NEWSLETTER}private = 'maybe'\n", "newsletter.private"),
        (f"{NEWSLETTER}private = 1\n", "newsletter.private"),
        (f"{NEWSLETTER}tags = 5\n", "newsletter.tags"),
        (f"{NEWSLETTER}tags = [5]\n", "newsletter.tags"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_with_its_key(
    read: Read, more: str, key: str | None
) -> None:
    if key is None:
        assert read(more).feeds.length == 5
    else:
        assert f"{key}: " in str(told(read, more))


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("feeds = 5\n", "feeds"),
        ("[[smtp]]\nhost = 'x'\n", "smtp"),
    ],
)
def test_a_section_that_is_no_table_is_told(read: Read, more: str, key: str) -> None:
    site = f"{more}{SITE}" if more.startswith("feeds") else f"{SITE}{more}"

    with pytest.raises(ConfigError, match=rf"\[{key}\]: must be a table"):
        read(start=site)


@pytest.mark.parametrize(
    "more",
    [
        "[delivery]\nrange_size = 0\n",  # no range would ever hold anybody
        "[delivery]\nlease_seconds = 0\n",
        "[delivery]\nretry_minutes = []\n",
        "[delivery]\nretry_minutes = [0]\n",  # at once, and again, and again
        "[smtp]\nhost = 'x'\nconnections = 0\n",
        "[smtp]\nhost = 'x'\nport = 65536\n",
        "[serve]\nport = 65536\n",
        f"{NEWSLETTER}max_age_days = 0\n",
        f"{NEWSLETTER}max_age_days = 9999999\n",  # before the year 1
        "[delivery]\ngive_up_hours = 99999999999\n",
    ],
)
def test_a_number_that_cannot_work_is_refused(read: Read, more: str) -> None:
    error = told(read, more)

    assert "must be a whole number from" in str(error) or "at least one" in str(error)


def test_a_number_of_absurd_length_is_refused(read: Read) -> None:
    assert "feeds.length" in str(told(read, FEEDS_LENGTH="9" * 5000))


def test_every_number_has_its_limits() -> None:
    from pipeline.config.typed import LIMITS

    kinds = {**KINDS, "throttle": DomainLimit, "newsletter": NewsletterSettings}
    numbers = {
        f"{section}.{name}"
        for section, kind in kinds.items()
        for name, hint in get_type_hints(kind).items()
        if hint in (int, tuple[int, ...])
    }
    assert numbers == set(LIMITS)


# --- [dkim] -------------------------------------------------------------------------------------


def test_without_the_section_nothing_of_ours_signs(read: Read) -> None:
    assert read().dkim is None


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("", "domain"),
        ('keys = ["spring.pem"]', "domain"),
        ('domain = "larkfield.example"', "keys"),
        ('domain = "larkfield.example"\nkeys = []', "keys"),
        ('domain = "larkfield.example"\nkeys = [""]', "keys"),
        ('domain = "example"\nkeys = ["spring.pem"]', "domain"),
        ('domain = "a@larkfield.example"\nkeys = ["spring.pem"]', "domain"),
        ('domain = "127.0.0.1:25"\nkeys = ["spring.pem"]', "domain"),
        ('domain = "larkfield..example"\nkeys = ["spring.pem"]', "domain"),
    ],
)
def test_half_set_keys_never_become_mail_without_a_signature(
    read: Read, table: str, key: str
) -> None:
    error = told(read, f"[dkim]\n{table}\n")

    assert f"dkim.{key}: " in str(error)
    assert error.hint


def test_nor_do_those_half_set_in_the_environment(read: Read) -> None:
    assert "dkim.domain: " in str(told(read, DKIM_KEYS="spring.pem"))
    assert "dkim.keys: " in str(told(read, DKIM_DOMAIN="larkfield.example"))


def test_a_signing_domain_is_written_as_dns_has_it(read: Read) -> None:
    dkim = read(DKIM_DOMAIN="Müller.Example", DKIM_KEYS="spring.pem,autumn.pem").dkim

    assert dkim is not None
    assert dkim.domain == "xn--mller-kva.example"
    assert dkim.keys == ("spring.pem", "autumn.pem")


# --- secrets ------------------------------------------------------------------------------------


def test_secrets_do_not_show_when_a_configuration_is_printed(read: Read) -> None:
    config = read(
        '[smtp]\nhost = "x"\nusername = "u"\n',
        SMTP_PASSWORD="hidden-1",
        SECURITY_SECRET="hidden-2" * 8,
        DATABASE_URL="postgresql://u:hidden-3@h/d",
    )

    assert "hidden" not in repr(config)
    assert "hidden" not in str(config.providers)


@pytest.mark.parametrize(
    "table",
    ["smtp]\nhost = 'x'\nusername = 'u'\npassword = 471100", "security]\nsecret = 471100"],
)
def test_nor_when_one_is_of_the_wrong_kind(read: Read, table: str) -> None:
    assert "471100" not in str(told(read, f"[{table}\n"))


# --- control characters -------------------------------------------------------------------------

TEXT_KEYS = [
    (section, item.name)
    for section, kind in KINDS.items()
    for item in fields(kind)
    if get_type_hints(kind)[item.name] is str and (section, item.name) != ("smtp", "name")
]
BREAKS = st.sampled_from("\r\n\x00\x0b\x0c\x1b\x7f\x85\x9f\u2028\u2029\udc80")


@given(key=st.sampled_from(TEXT_KEYS), before=st.text(max_size=5), char=BREAKS)
def test_no_setting_can_start_a_header_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, key: tuple[str, str], before: str, char: str
) -> None:
    root = tmp_path_factory.getbasetemp() / "one-site"
    root.mkdir(exist_ok=True)
    (root / "pipeline.toml").write_text(SITE)
    variable = "PIPELINE_{}_{}".format(*key).upper()

    with pytest.raises(ConfigError, match="control character"):
        read_config(root, {variable: f"{before}{char}Bcc: victim@larkfield.example"})


@pytest.mark.parametrize("key", ["title", "subject", "from_name", "schedule", "reply_to"])
def test_nor_can_a_newsletters(read: Read, key: str) -> None:
    more = f'{NEWSLETTER}{key} = "x\\r\\nBcc: victim@larkfield.example"\n'

    assert f"newsletter.{key}: holds a line break" in str(told(read, more))


def test_nor_can_an_item_of_a_list(read: Read) -> None:
    assert "newsletter.tags" in str(told(read, f'{NEWSLETTER}tags = ["a\\nb"]\n'))


def test_letters_of_all_scripts_and_signs_are_welcome(read: Read) -> None:
    title = "Café 李小龍 👩‍⚕️ سميرة — “quoted”"

    assert read(start=SITE.replace("Larkfield", title, 1)).site.title == title


# --- values that must be something --------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "larkfield.example",
        "ftp://larkfield.example",
        "https://",
        "https://larkfield.example/?a=1",
        "https://larkfield.example/#top",
        "https://[oops",
        "https://larkfield.example:port",
        "https://larkfield.example:99999",
        "https://lark field.example",
        "https://larkfield..example",
        f"https://{'a' * 64}.example",
        "https://\N{SNOWMAN}.example",
        "https://larkfield.example/<b>",
        "javascript:alert(1)",
    ],
)
@pytest.mark.parametrize("key", ["SITE_URL", "SERVE_PUBLIC_URL"])
def test_what_is_no_web_address_is_refused(read: Read, url: str, key: str) -> None:
    assert "is no web address" in str(told(read, **{key: url}))


@pytest.mark.parametrize(
    "host", ["a..b", ".example", f"{'a' * 64}.example", "mail example", "ü..b"]
)
@pytest.mark.parametrize("key", ["SMTP_HOST", "SITE_AUTHORITY"])
def test_what_no_host_is_called_is_refused(read: Read, host: str, key: str) -> None:
    error = told(read, **{key: host})

    assert "is no name of a host" in str(error)
    assert key.lower().replace("_", ".") in str(error)
    assert error.hint


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "::1", "fe80::1%eth0", "mail_relay", "smtp.example.org."]
)
def test_a_provider_is_named_as_networks_do(read: Read, host: str) -> None:
    (provider,) = read(SMTP_HOST=host).providers

    assert provider.host == host


def test_names_beyond_ascii_are_kept_as_mail_and_feeds_write_them(read: Read) -> None:
    config = read(
        f'{NEWSLETTER}from_email = "brief@straße.example"\nreply_to = "zoë@münchen.example"\n',
        SITE_URL="https://Müller.example:8443/größe/",
        SITE_EMAIL="post@müller.example",
        SERVE_PUBLIC_URL="https://brief.müller.example",
        SMTP_HOST="smtp.müller.example",
    )

    assert config.site.url == "https://xn--mller-kva.example:8443/gr%C3%B6%C3%9Fe"
    assert config.site.authority == "xn--mller-kva.example"
    assert config.site.email == "post@xn--mller-kva.example"
    assert config.serve.public_url == "https://brief.xn--mller-kva.example"
    assert config.providers[0].host == "smtp.xn--mller-kva.example"
    (newsletter,) = config.newsletters
    assert newsletter.from_email == "brief@xn--strae-oqa.example"
    assert newsletter.reply_to == "zoë@xn--mnchen-3ya.example"  # the rest is for SMTPUTF8


@pytest.mark.parametrize(
    "address", ["nobody", "a@b", "Name <a@larkfield.example>", "a@b@larkfield.example", "a b@c.de"]
)
def test_what_is_no_mail_address_is_refused(read: Read, address: str) -> None:
    assert "site.email" in str(told(read, SITE_EMAIL=address))
    for key in ("from_email", "reply_to"):
        error = told(read, f'{NEWSLETTER}{key} = "{address}"\n')
        assert f"newsletter.{key}: " in str(error)


@pytest.mark.parametrize(
    "zone", ["Mars/Phobos", "America", "EST5EDT4", "../UTC", "/etc/passwd", "é"]
)
def test_what_is_no_zone_is_refused(read: Read, zone: str) -> None:
    assert "is no time zone" in str(told(read, SITE_TIMEZONE=zone))
    assert "newsletter.timezone" in str(told(read, f'{NEWSLETTER}timezone = "{zone}"\n'))


def test_a_zone_is_ready_to_use(read: Read) -> None:
    assert read(SITE_TIMEZONE="Europe/Paris").site.zone.key == "Europe/Paris"


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "weekly",
        "@daily",
        "0 9 * *",
        "0 0 9 * * 2",  # six fields: seconds
        "60 9 * * 2",
        "0 24 * * 2",
        "0 9 * * 8",
        "0 9 31 2 *",  # a day that never comes
        "0 9 30 2 *",
        "*/0 * * * *",
        "0 9 * * tue-mon",
    ],
)
def test_what_is_no_cron_rule_is_refused(read: Read, rule: str) -> None:
    error = told(read, f'{NEWSLETTER}schedule = "{rule}"\n')

    assert "newsletter.schedule" in str(error)
    assert "0 9 * * 2" in error.hint


@given(rule=st.text("0123456789*/-,#L MONTUEJAN?W", max_size=20))
def test_any_rule_is_accepted_or_refused_in_words(rule: str) -> None:
    given_ = {"name": "n", "list": "l", "schedule": rule}
    site = Site(title="t", url="https://a.example", email="a@a.example")

    try:
        made = make_newsletter_settings(given_, site, "here")
    except ConfigError as error:
        told = str(error)
    else:
        told = f"newsletter.schedule is {made.schedule}"

    assert "newsletter.schedule" in told


# --- newsletters --------------------------------------------------------------------------------


def test_a_newsletter_takes_from_the_site_what_it_does_not_say(read: Read) -> None:
    (newsletter,) = read(NEWSLETTER, SITE_TIMEZONE="Europe/Paris").newsletters

    assert newsletter.title == newsletter.from_name == "Larkfield"
    assert newsletter.from_email == "a@larkfield.example"
    assert newsletter.timezone == "Europe/Paris"
    assert newsletter.schedule == "0 9 * * 2"
    assert newsletter.reply_to == ""


def test_each_key_of_a_newsletter_is_read(read: Read) -> None:
    said = NewsletterSettings(
        name="weekly",
        list="members",
        title="The Letter",
        template="plain",
        subject="News",
        schedule="0 8 * * 1",
        timezone="Europe/Paris",
        from_name="The team",
        from_email="team@larkfield.example",
        reply_to="answers@larkfield.example",
        tags=("a", "b"),
        categories=("c",),
        language="de",
        private=True,
        max_age_days=7,
    )
    usual = NewsletterSettings(name="digest", list="readers")
    table = {item.name: getattr(said, item.name) for item in fields(said)}
    assert all(getattr(usual, name) != value for name, value in table.items())

    more = toml("[newsletter]", table).replace("True", "true")

    assert read(more).newsletters == (said,)


def test_newsletters_keep_their_order(read: Read) -> None:
    names = ["b", "a", "c"]
    more = "".join(f'[[newsletter]]\nname = "{name}"\nlist = "readers"\n' for name in names)

    assert [one.name for one in read(more).newsletters] == names


@pytest.mark.parametrize("written", ['"a, b ,"', '["a", " b ", ""]'])
def test_a_list_can_be_written_with_commas(read: Read, written: str) -> None:
    (newsletter,) = read(f"{NEWSLETTER}tags = {written}\n").newsletters

    assert newsletter.tags == ("a", "b")


def test_an_empty_text_is_an_empty_list(read: Read) -> None:
    (newsletter,) = read(f'{NEWSLETTER}tags = ""\n').newsletters

    assert newsletter.tags == ()


def test_two_newsletters_of_one_name_are_told(read: Read) -> None:
    assert "two newsletters are called 'digest'" in str(told(read, NEWSLETTER + NEWSLETTER))


@pytest.mark.parametrize("more", ['[newsletter]\nname = "digest"\nlist = "readers"\n', ""])
def test_one_bracket_around_newsletter_is_told(read: Read, more: str) -> None:
    start = SITE if more else f'newsletter = "digest"\n{SITE}'

    with pytest.raises(ConfigError, match="two brackets"):
        read(more, start=start)


@pytest.mark.parametrize("key", ["name", "list"])
def test_a_newsletter_needs_a_name_and_a_list(read: Read, key: str) -> None:
    lines = [line for line in NEWSLETTER.splitlines() if not line.startswith(key)]

    assert f"newsletter.{key}: is missing" in str(told(read, "\n".join(lines)))


@pytest.mark.parametrize("name", ["The Letter", "Digest", "a/b", "..", "-a", "a" * 101, "é"])
@pytest.mark.parametrize("key", ["name", "list", "template"])
def test_names_are_plain(read: Read, key: str, name: str) -> None:
    table = {"name": "digest", "list": "readers", key: name}

    assert f"newsletter.{key}: " in str(told(read, toml("[newsletter]", table)))


def test_settings_made_elsewhere_are_checked_alike() -> None:
    site = Site(title="t", url="https://a.example", email="a@a.example")
    made = make_newsletter_settings({"name": "n", "list": "l"}, site, "newsletters add")

    assert made == replace(
        NewsletterSettings(name="n", list="l"),
        title="t",
        timezone="UTC",
        from_name="t",
        from_email="a@a.example",
    )
    with pytest.raises(ConfigError, match=r"newsletters add: newsletter\.schedule"):
        make_newsletter_settings(
            {"name": "n", "list": "l", "schedule": "x"}, site, "newsletters add"
        )
