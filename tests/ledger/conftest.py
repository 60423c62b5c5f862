"""Books for the tests of this room: on SQLite and PostgreSQL both."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from tests.ledger.books import Books

Open = Callable[[int], Books]


@pytest.fixture
def books(engine: Engine) -> Open:
    """`books(5)`: a list of five confirmed people (ids 1 to 5), and nothing launched yet."""
    return lambda people: Books.open(engine, people)
