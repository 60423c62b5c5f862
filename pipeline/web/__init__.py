"""What `pipeline serve` answers over HTTP: the published site, unsubscribing, the local mailbox."""

from pipeline.web.app import make_app

__all__ = ["make_app"]
