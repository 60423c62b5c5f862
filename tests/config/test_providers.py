"""[smtp] and [smtp.NAME]: one provider or several, each whole, or told in one sentence."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

import pytest

from pipeline.config import Limits, Provider, variable_of
from pipeline.config.providers import PROVIDER_KEYS
from tests.config.conftest import NEWSLETTER, Read, told, toml

BOTH = '[smtp.first]\nhost = "a"\n[smtp.back-up]\nhost = "b"\n'

# --- one provider ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("", "host"),
        ("port = 587", "host"),
        ('host = ""', "host"),
        ('username = "u"\npassword = "p"', "host"),
        ('host = "x"\nusername = "u"', "password"),
        ('host = "x"\npassword = "p"', "username"),
        ('host = "x"\nsecurity = "ssl"', "security"),
        ('host = "x"\nsecurity = "STARTTLS"', "security"),
        ('host = "x"\nsecurity = "none"\nusername = "u"\npassword = "p"', "security"),
        ('host = "x"\nauth = "plain"', "username"),
        ('host = "x"\nusername = "u"\nauth = "xoauth2"', "password"),
        ('host = "x"\npassword_command = ["pass"]', "username"),
        (
            'host = "x"\nusername = "u"\npassword = "p"\npassword_command = ["pass"]',
            "password_command",
        ),
        (
            'host = "x"\nsecurity = "none"\nusername = "u"\npassword_command = ["pass"]',
            "security",
        ),
        ('host = "x"\nusername = "u"\npassword = "p"\nauth = "cram-md5"', "auth"),
        ('host = "x"\nname = "y"', "name"),
        ('host = "x"\nweight = 0', "weight"),
        ('host = "x"\nweight = 101', "weight"),
        ('host = "x"\nfallback = true', "fallback"),
        ('host = "x"\nlists = ["The Readers"]', "lists"),
        ('host = "x"\ntimeout_seconds = 0', "timeout_seconds"),
        ('host = "x"\nmessages_per_connection = 0', "messages_per_connection"),
    ],
)
def test_a_half_configured_provider_never_becomes_a_rehearsal(
    read: Read, table: str, key: str
) -> None:
    error = told(read, f"[smtp]\n{table}\n")

    assert error.key in (f"smtp.{key}", key)
    assert error.hint or "must be a whole number" in str(error)


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({"SMTP_PASSWORD": "p"}, "host"),
        ({"SMTP_HOST": "x", "SMTP_PASSWORD": "p"}, "username"),
        ({"SMTP_HOST": "x", "SMTP_USERNAME": "u", "SMTP_PASSWORD": ""}, "password"),
    ],
)
def test_nor_does_one_half_configured_in_the_environment(
    read: Read, environ: dict[str, str], key: str
) -> None:
    assert f"smtp.{key}: " in str(told(read, **environ))


def test_file_and_environment_make_one_provider(read: Read) -> None:
    config = read('[smtp]\nhost = "x"\nusername = "u"\n', SMTP_PASSWORD="p")

    assert config.providers == (Provider(host="x", port=587, username="u", password="p"),)
    assert not config.rehearsal


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_from_the_security(read: Read, security: str, port: int) -> None:
    (provider,) = read(f'[smtp]\nhost = "x"\nsecurity = "{security}"\n').providers

    assert provider.port == port


def test_one_alone_is_called_smtp_and_carries_everything(read: Read) -> None:
    (provider,) = read('[smtp]\nhost = "x"\n').providers

    assert (provider.name, provider.section) == ("smtp", "smtp")
    assert provider.may_carry("readers")
    assert provider.limits == Limits()


def test_a_mistyped_login_is_told_without_the_password(read: Read) -> None:
    error = told(read, '[smtp]\nhost = "x"\npassword = "471100"\npassword_command = ["471100"]\n')

    assert "471100" not in str(error) + error.hint
    assert "471100" not in repr(Provider(password="471100", password_command=("471100",)))


# --- several ------------------------------------------------------------------------------------


def test_several_keep_their_names_and_their_order(read: Read) -> None:
    providers = read(BOTH).providers

    assert [(one.name, one.section, one.host) for one in providers] == [
        ("first", "smtp.first", "a"),
        ("back-up", "smtp.back-up", "b"),
    ]


def test_each_key_of_one_of_several_is_read_from_file_and_environment(read: Read) -> None:
    said: dict[str, Any] = {
        "host": "smtp.larkfield.example",
        "security": "tls",
        "auth": "xoauth2",
        "username": "user",
        "password": "word",
        "fallback": True,
        "lists": ("readers", "members"),
    }
    hints = get_type_hints(Provider)
    said |= {key: 17 for key in PROVIDER_KEYS if hints[key] is int}
    usual = {item.name: item.default for item in fields(Provider)}
    assert {key for key in PROVIDER_KEYS if usual[key] != said.get(key, usual[key])} == set(said)
    assert set(PROVIDER_KEYS) - set(said) == {"password_command"}

    _, in_file = read('[smtp.a]\nhost = "a"\n' + toml("smtp.b-1", said)).providers
    environ = {
        f"SMTP_B_1_{key}".upper(): ",".join(value) if isinstance(value, tuple) else str(value)
        for key, value in said.items()
    }
    _, in_environment = read('[smtp.a]\nhost = "a"\n[smtp.b-1]\n', **environ).providers

    assert in_file == in_environment == Provider(name="b-1", **said)


def test_the_limits_are_those_of_the_keys(read: Read) -> None:
    more = "messages_per_second = 1\nmessages_per_minute = 2\n"
    more += "messages_per_hour = 3\nmessages_per_day = 4\n"

    assert read(f"{BOTH}{more}").providers[1].limits == Limits(1, 2, 3, 4)


@pytest.mark.parametrize(
    ("more", "key", "words"),
    [
        ("port = 65536", "smtp.back-up.port", "from 0 to 65535"),
        ("host = 5", "", "Cannot overwrite a value"),
        ('fallback = "perhaps"', "smtp.back-up.fallback", "must be true or false"),
        ('username = "u"', "smtp.back-up.password", "PIPELINE_SMTP_BACK_UP_PASSWORD"),
        ('security = "ssl"', "smtp.back-up.security", "starttls"),
        ("hsot = 5", "hsot", "no key of [smtp.back-up]"),
        ("[smtp.third]", "smtp.third.host", "[smtp.third]"),
    ],
)
def test_a_fault_of_one_of_several_names_it(read: Read, more: str, key: str, words: str) -> None:
    error = told(read, f"{BOTH}{more}\n")

    assert error.key == key
    assert words in f"{error} {error.hint}"


@pytest.mark.parametrize("name", ["First", '"a b"', '"a.b"', "-a", "_", '""', '"ä"', "a" * 101])
def test_a_name_that_no_variable_could_bear_is_refused(read: Read, name: str) -> None:
    assert "is no name" in str(told(read, f"[smtp.{name}]\nhost = 'x'\n"))


@pytest.mark.parametrize("name", ["smtp", "mailbox"])
def test_a_name_that_means_something_else_is_refused(read: Read, name: str) -> None:
    error = told(read, f"[smtp.{name}]\nhost = 'x'\n")

    assert error.key == f"smtp.{name}"
    assert "another name" in error.hint


def test_names_whose_variables_would_be_the_same_are_refused(read: Read) -> None:
    error = told(read, f"{BOTH}[smtp.back_up]\nhost = 'c'\n")

    assert error.key == "smtp.back_up"
    assert "[smtp.back-up] would be the same" in str(error)


def test_no_variable_can_mean_keys_of_two_providers() -> None:
    """PIPELINE_SMTP_A_B_C is `c` of a_b or `b_c` of a: never both are keys."""
    assert not [
        (one, other)
        for one in PROVIDER_KEYS
        for other in PROVIDER_KEYS
        if one.endswith(f"_{other}")
    ]
    assert variable_of("smtp.a_b-1", "host") == "PIPELINE_SMTP_A_B_1_HOST"


def test_one_and_several_are_never_mixed_in_the_file(read: Read) -> None:
    error = told(read, '[smtp]\nhost = "x"\n[smtp.second]\nhost = "y"\n')

    assert error.key == "smtp.host"
    assert "[smtp.second]" in str(error)


def test_nor_by_a_variable(read: Read) -> None:
    error = told(read, '[smtp.second]\nhost = "y"\n', SMTP_PASSWORD="471100")

    assert error.key == "PIPELINE_SMTP_PASSWORD"
    assert "PIPELINE_SMTP_SECOND_PASSWORD" in error.hint
    assert "471100" not in str(error) + error.hint


def test_an_empty_variable_mixes_nothing(read: Read) -> None:
    assert len(read(BOTH, SMTP_PASSWORD="", SMTP_FIRST_PASSWORD="").providers) == 2


@pytest.mark.parametrize(
    ("more", "variable", "nearest"),
    [
        ("", "SMTP_HOTS", "PIPELINE_SMTP_HOST"),
        ("", "SMTP_NAME", ""),
        ("", "SMTP_FIRST_HOST", ""),
        (BOTH, "SMTP_FRIST_HOST", "PIPELINE_SMTP_FIRST_HOST"),
        (BOTH, "SMTP_FIRST_HOTS", "PIPELINE_SMTP_FIRST_HOST"),
        (BOTH, "SMTP_FIRST_NAME", ""),
        (BOTH, "SMTP_THIRD_HOST", "PIPELINE_SMTP_FIRST_HOST"),
    ],
)
@pytest.mark.parametrize("value", ["x", ""])
def test_a_misspelt_variable_is_refused_in_both_forms(
    read: Read, more: str, variable: str, nearest: str, value: str
) -> None:
    error = told(read, more, **{variable: value})

    assert f"PIPELINE_{variable}: is no setting" in str(error)
    assert nearest in error.hint


def test_a_site_with_fallbacks_alone_is_refused(read: Read) -> None:
    table = {"host": "x", "fallback": True}
    error = told(read, toml("smtp.a", table) + toml("smtp.b", table))

    assert error.key == "smtp.a.fallback"


def test_a_list_that_nobody_may_carry_is_refused(read: Read) -> None:
    members = '[smtp.a]\nhost = "x"\nlists = ["members"]\n'
    error = told(read, f"{members}{NEWSLETTER}")

    assert error.key == "smtp.a.lists"
    assert "the list 'readers' of the newsletter 'digest'" in str(error)
    assert len(read(f'{members}[smtp.b]\nhost = "y"\n{NEWSLETTER}').providers) == 2
    assert read(NEWSLETTER).rehearsal
