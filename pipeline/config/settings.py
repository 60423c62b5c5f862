"""Every setting as a frozen value with its default; docs/configuration.md explains each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Site:
    """[site]: who publishes, and where readers find it."""

    title: str
    url: str
    email: str
    description: str = ""
    language: str = "en"
    timezone: str = "UTC"
    author: str = ""
    authority: str = ""  # host inside post ids; defaults to the host of `url`
    postal_address: str = ""
    disclaimer: str = ""
    reason: str = "You receive this because you subscribed to it."

    @property
    def zone(self) -> ZoneInfo:
        """The zone of naive dates in posts and of dates shown to readers."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True)
class Brand:
    """[brand]: how newsletters and pages look."""

    accent: str = "#0f6b6b"
    logo: str = ""  # path below the site, PNG or JPEG
    logo_dark: str = ""
    logo_width: int = 160  # pixels as shown


@dataclass(frozen=True)
class Feeds:
    """[feeds]: what is published."""

    length: int = 50  # newest posts per feed


@dataclass(frozen=True)
class Limits:
    """How many messages may be begun in any stretch of that length; 0: no limit."""

    per_second: int = 0
    per_minute: int = 0
    per_hour: int = 0
    per_day: int = 0


@dataclass(frozen=True, kw_only=True)
class _Limited:
    """What may be given no more than so many messages."""

    messages_per_second: int = 0  # 0: no limit, here and below
    messages_per_minute: int = 0
    messages_per_hour: int = 0
    messages_per_day: int = 0

    @property
    def limits(self) -> Limits:
        """The four of them."""
        return Limits(
            self.messages_per_second,
            self.messages_per_minute,
            self.messages_per_hour,
            self.messages_per_day,
        )


@dataclass(frozen=True)
class Provider(_Limited):
    """[smtp] or [smtp.NAME]: who carries mail; without one it goes to the local mailbox."""

    name: str = "smtp"  # NAME
    host: str = ""
    port: int = 0  # 0: by `security`
    security: str = "starttls"
    auth: str = ""  # how to log in; empty: what the server offers
    username: str = ""
    password: str = field(default="", repr=False)
    password_command: tuple[str, ...] = field(default=(), repr=False)  # a program and its arguments
    connections: int = 8
    messages_per_connection: int = 500
    timeout_seconds: int = 300
    weight: int = 1  # share of the mail, beside the other providers' weights
    fallback: bool = False
    lists: tuple[str, ...] = ()  # it carries these; empty: all
    first_day: int = 0  # messages on a new sender's first day, then doubled daily; 0: no ramp-up

    @property
    def section(self) -> str:
        """Where its settings stand: smtp, or smtp.NAME."""
        return "smtp" if self.name == "smtp" else f"smtp.{self.name}"

    @property
    def place(self) -> str:
        """Where it is reached."""
        return f"{self.host}:{self.port}"

    def may_carry(self, list_name: str) -> bool:
        """Whether mail to that list may go this way."""
        return not self.lists or list_name in self.lists


@dataclass(frozen=True)
class DomainLimit(_Limited):
    """[throttle.NAME]: what receiving domains, all together, are given at most."""

    name: str
    domains: tuple[str, ...]  # in A-labels, lower case
    connections: int = 0  # messages under way at once; 0: no limit


@dataclass(frozen=True)
class Dkim:
    """[dkim]: keys of our own that sign mail; without it that is the provider's to do."""

    domain: str = ""  # of the senders, or above theirs
    keys: tuple[str, ...] = ()  # PEM files, each called after its selector


@dataclass(frozen=True)
class Delivery:
    """[delivery]: how hard the worker tries."""

    retry_minutes: tuple[int, ...] = (5, 30, 60, 120, 240)  # the last one repeats
    give_up_hours: int = 96  # after launch
    lease_seconds: int = 60
    range_size: int = 1_000  # people handed to a worker at once


@dataclass(frozen=True)
class Serve:
    """[serve]: the address `pipeline serve` listens on, and the one readers reach it by."""

    host: str = "127.0.0.1"
    port: int = 8321
    public_url: str = ""  # defaults to [site] url; unsubscribe links start with it


@dataclass(frozen=True)
class Database:
    """[database]: where the truth is kept."""

    url: str = field(default="", repr=False)  # defaults to SQLite in var/pipeline.db


@dataclass(frozen=True)
class Security:
    """[security]: keys."""

    secret: str = field(default="", repr=False)  # signs links; defaults to var/secret.key


@dataclass(frozen=True)
class Retention:
    """[retention]: how long what is known of people is kept."""

    network_days: int = 365  # from which networks people agreed; 0: for ever


@dataclass(frozen=True)
class NewsletterSettings:
    """[[newsletter]]: a standing order as the file declares it."""

    name: str
    list: str
    title: str = ""  # masthead; defaults to the site's title
    template: str = "digest"
    subject: str = "{{ posts[0].title }}"
    schedule: str = "0 9 * * 2"  # cron: minute hour day month weekday (0 and 7 are Sunday)
    timezone: str = ""  # defaults to [site] timezone
    from_name: str = ""  # defaults to the site's title
    from_email: str = ""  # defaults to the site's email
    reply_to: str = ""
    tags: tuple[str, ...] = ()  # any of these; empty: all posts
    categories: tuple[str, ...] = ()
    language: str = ""  # empty: all languages
    private: bool = False  # whether private posts go in
    max_age_days: int = 30


@dataclass(frozen=True)
class ListSettings:
    """[lists.NAME]: what people join by a form, and what they are told there."""

    name: str  # NAME
    title: str = ""  # defaults to its first newsletter's, else the site's
    description: str = ""
    join: str = "double"  # or "single", without a confirmation by mail; or "closed", without a form
    wording: str = ""  # what people agree to; empty: a sentence with the list and the site

    @property
    def is_open(self) -> bool:
        """Whether there is a form to join it by."""
        return self.join != "closed"


@dataclass(frozen=True)
class Joining:
    """[joining]: what is kept of who asks, and how often they may."""

    network: str = "truncated"  # what receipts keep of where a form came from; "full" or "none"
    requests_per_address: int = 5  # an hour, and so below
    requests_per_network: int = 30
    requests_per_list: int = 1_000
    unconfirmed_days: int = 30  # then a request that nobody confirmed is forgotten


@dataclass(frozen=True)
class Config:
    """One site: its folder and every setting, complete and checked."""

    root: Path
    site: Site
    brand: Brand = Brand()
    feeds: Feeds = Feeds()
    providers: tuple[Provider, ...] = ()
    dkim: Dkim | None = None
    delivery: Delivery = Delivery()
    serve: Serve = Serve()
    database: Database = Database()
    security: Security = Security()
    retention: Retention = Retention()
    throttles: tuple[DomainLimit, ...] = ()
    newsletters: tuple[NewsletterSettings, ...] = ()
    lists: tuple[ListSettings, ...] = ()
    joining: Joining = Joining()

    def find_list(self, name: str) -> ListSettings | None:
        """The list of that name that people can join by a form; None where there is none."""
        return next((one for one in self.lists if one.name == name and one.is_open), None)

    @property
    def posts(self) -> Path:
        """Folder of the Markdown files."""
        return self.root / "posts"

    @property
    def templates(self) -> Path:
        """Folder of the site's own templates; the shipped ones stand behind them."""
        return self.root / "templates"

    @property
    def subscribers(self) -> Path:
        """Folder of the CSV files, one a list."""
        return self.root / "subscribers"

    @property
    def var(self) -> Path:
        """Folder of everything the program writes at run time."""
        return self.root / "var"

    @property
    def rehearsal(self) -> bool:
        """Whether mail goes to the local mailbox because no provider is set."""
        return not self.providers
