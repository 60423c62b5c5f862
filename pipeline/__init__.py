"""From a folder of posts to feeds and an inbox: newsletters and syndication."""

__version__ = "0.1.0"
