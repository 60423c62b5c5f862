"""pipeline.toml and the environment, read once into frozen values that are passed down.

Every key `[section] name` can also be set as the environment variable PIPELINE_SECTION_NAME,
which wins; newsletters, lists and the limits of receiving domains are declared in the file alone.
"""

from pipeline.config.environment import variable_of
from pipeline.config.file import FILE_NAME, read_config
from pipeline.config.newsletter import make_newsletter_settings
from pipeline.config.settings import (
    Brand,
    Config,
    Database,
    Delivery,
    Dkim,
    DomainLimit,
    Feeds,
    Joining,
    Limits,
    ListSettings,
    NewsletterSettings,
    Provider,
    Retention,
    Security,
    Serve,
    Site,
)

__all__ = [
    "FILE_NAME",
    "Brand",
    "Config",
    "Database",
    "Delivery",
    "Dkim",
    "DomainLimit",
    "Feeds",
    "Joining",
    "Limits",
    "ListSettings",
    "NewsletterSettings",
    "Provider",
    "Retention",
    "Security",
    "Serve",
    "Site",
    "make_newsletter_settings",
    "read_config",
    "variable_of",
]
