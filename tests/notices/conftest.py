"""Databases with staff, receivers of webhooks, and a mail server: those of the tests of the exchange, and one more."""

from collections.abc import Iterator

import pytest

from tests.exchange.conftest import (  # noqa: F401  # fixtures
    both,
    db,
    filled_sqlite,
    other_receiver,
    postgresql,
    receiver,
    url,
)
from tests.notices.post_office import PostOffice


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    """A real SMTP server that keeps what it is handed."""
    with PostOffice() as running:
        yield running
