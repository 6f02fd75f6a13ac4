"""In these tests every answer is held against the OpenAPI document as it arrives."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api import contract
from tests.api.trusting import Place, place
from tests.service import Client, Service, sqlite_copy


@pytest.fixture(autouse=True)
def every_answer_is_as_published(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Service.send

    def send(self: Service, method: str, path: str, **given: Any) -> httpx.Response:
        answer = plain(self, method, path, **given)
        contract.hold(self, answer)
        return answer

    monkeypatch.setattr(Service, "send", send)


@pytest.fixture(scope="module")
def shared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service on SQLite for the tests of a file: each has its own cases, none turns the clock."""
    folder = tmp_path_factory.mktemp("shared")
    with Service(sqlite_copy(sqlite_template, folder), folder) as running:
        yield running


@pytest.fixture
def oslo(shared: Service) -> Client:
    """The coordinator in Oslo."""
    return shared.as_("coordinator", "oslo")


@pytest.fixture(scope="module")
def here(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The service with two trusted issuers, for tests that neither turn the clock nor change the issuers."""
    with place(tmp_path_factory.mktemp("here"), sqlite_template) as found:
        yield found


@pytest.fixture
def fresh(sqlite_template: Path, tmp_path: Path) -> Iterator[Place]:
    """The same for one test alone."""
    with place(tmp_path, sqlite_template) as found:
        yield found
