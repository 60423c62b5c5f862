from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import main
from tests.support.site import SiteFolder

Pipeline = Callable[..., Result]


@pytest.fixture
def pipeline(site: SiteFolder, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """`pipeline("run", "--json")` on the test's site; a traceback fails the test."""
    monkeypatch.setenv("PIPELINE_SITE", str(site.root))

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(main, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
