"""`pipeline dkim`: the keys that sign mail, and what to publish of them in DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.frame import json_option, print_json, read_site_config, say, site_option

if TYPE_CHECKING:  # at run time only the commands that sign load it
    from pipeline.compose import SigningKey

_STRING = 255  # octets of one string in a TXT record (RFC 1035 3.3)


@click.group(invoke_without_command=True)
@site_option
@json_option
@click.pass_context
def dkim(context: click.Context, as_json: bool) -> None:
    """List the keys that sign mail with what DNS must say of them, or make one.

    \b
    Examples:
      pipeline dkim
      pipeline dkim new spring
    """
    if context.invoked_subcommand is None:
        context.invoke(list_keys, as_json=as_json)


@dkim.command("list")
@site_option
@json_option
def list_keys(as_json: bool) -> None:
    """List the keys in [dkim], each with the TXT record to publish.

    \b
    Example: pipeline dkim list
    """
    from pipeline.compose import read_signer

    signer = read_signer(read_site_config())
    if signer is None:
        print_json([]) if as_json else say("No keys are set: signing is left to the provider.")
        return
    if as_json:
        print_json([_row(key, signer.domain) for key in signer.keys])
        return
    for key in signer.keys:
        say(f"{key.selector} ({key.algorithm})\n\n{_zone_line(key, signer.domain)}\n")


@dkim.command("new")
@site_option
@click.argument("selector")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["rsa", "ed25519"]),
    default="rsa",
    show_default=True,
    help="rsa has 2048 bits; few receivers know ed25519 yet, so it is only for a second key.",
)
def new_key(selector: str, kind: str) -> None:
    """Make the key SELECTOR in var/dkim, and print the TXT record to publish.

    \b
    Example: pipeline dkim new spring
    """
    from pipeline.compose import make_key

    config = read_site_config()
    file, key = make_key(config, selector, kind)
    domain = config.dkim.domain if config.dkim else config.site.email.rpartition("@")[2]
    say(f"The key is in {file}. Publish its other half in DNS:\n")
    say(f"{_zone_line(key, domain)}\n")
    say("A form that asks for one value wants the strings joined, without quotes.")
    say("When DNS answers with it, let it sign, in pipeline.toml:\n")
    say(f'[dkim]\ndomain = "{domain}"\nkeys = ["{file.relative_to(config.root)}"]')


def _row(key: SigningKey, domain: str) -> dict[str, Any]:
    return {
        "selector": key.selector,
        "algorithm": key.algorithm,
        "name": _name(key, domain),
        "record": key.record,
    }


def _name(key: SigningKey, domain: str) -> str:
    return f"{key.selector}._domainkey.{domain}"  # RFC 6376 3.6.2.1


def _zone_line(key: SigningKey, domain: str) -> str:
    """The record as zone files have it: in strings that are short enough."""
    text = key.record
    strings = [text[start : start + _STRING] for start in range(0, len(text), _STRING)]
    return f"{_name(key, domain)}. IN TXT " + " ".join(f'"{string}"' for string in strings)
