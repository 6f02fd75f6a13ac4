"""What holds at the end of each story about persons and administration."""

from collections.abc import Iterator

import pytest

from tests.service import Service
from ungdom.store import chain_verification

RECORDING = (
    "test_coordination_group", "test_forgetting", "test_merged_persons", "test_person_register", "test_persons",
    "test_who_is_who",
)  # fmt: skip
"""Stories that write what is recorded in the hash chains, and change nothing past the service."""


@pytest.fixture(autouse=True)
def _recorded(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every row that the story has left is as it was last recorded."""
    names = [name for name in ("served", "one") if name in request.fixturenames]
    if not names or request.module.__name__.rpartition(".")[2] not in RECORDING:
        yield
        return
    service: Service = request.getfixturevalue(names[0])
    yield
    with service.db.reading() as tx:
        assert [str(finding) for finding in chain_verification.verify(tx).findings] == []
