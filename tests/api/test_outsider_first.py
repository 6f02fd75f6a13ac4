"""T33 the other way round: whoever opens a case before the youth is known learns nothing when another office does too.

Worlds that differ only in who is known afterwards: the same youth, the same youth strictly protected, or somebody else.
A charge is parked before the case is opened and tried again after it; then the office of the youth opens its own case.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.api.test_door import (
    GRADED,
    KINDS,
    OTHER,
    STORED,
    UNKNOWN,
    VIEWERS,
    World,
    is_audited,
    leaks,
    paths,
    plain,
    served_on,
)
from tests.exchange.world import KEYS
from tests.notices.build import hook
from tests.service import Service
from ungdom.notices.dispatch import dispatch
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

OPENER = Viewer(Role.COORDINATOR, "coordinator-troms", "troms")
KNOWN_LATER = (UNKNOWN, OTHER, GRADED)
Answers = dict[tuple[str, str], httpx.Response]


class OutsiderFirst(World):
    """The outsider opens first; `_know` is what the other office does afterwards."""

    def __init__(self, service: Service, kind: str) -> None:
        self.later = False
        super().__init__(service, kind)
        self.ids["webhook_id"] = str(hook(service.db, "https://example.org/hook", OPENER)[0])
        self.push()
        self.open()
        self.message()
        self.later = True
        self._know(*KINDS[kind])
        for again in ("retry after all", "retry at last"):
            path = f"/v1/decisions/{self.ids['message_id']}/retry"
            self._done(again, "prosecution", "POST", path, json={})
        self.fanned_out = dispatch(service.db, KEYS, service.clock())

    def _know(self, office: str, protection: str, number: str) -> None:
        if self.later:
            super()._know(office, protection, number)


Worlds = dict[str, OutsiderFirst]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    with ExitStack() as stack:
        yield {
            kind: OutsiderFirst(stack.enter_context(served_on(request, kind, tmp_path_factory)), kind)
            for kind in KNOWN_LATER
        }


@pytest.fixture(scope="module")
def heard(worlds: Worlds) -> dict[str, Answers]:
    """By world, every answer to everybody who may not see the youth of the other office, and what was answered."""
    found = {kind: world.ask() for kind, world in worlds.items()}
    for kind, world in worlds.items():
        found[kind] |= {("done", name): answer for name, answer in world.answers.items()}
    return found


def test_what_another_office_opens_later_is_not_told_to_whoever_was_first(
    worlds: Worlds, heard: dict[str, Answers], figure: Callable[[str], None]
) -> None:
    compared = 0
    for kind in (OTHER, GRADED):
        assert heard[kind].keys() == heard[UNKNOWN].keys()
        for asked, answer in heard[kind].items():
            assert leaks(worlds[kind].secrets, answer, asked) == [], (kind, asked)
            assert is_audited(asked) or plain(answer) == plain(heard[UNKNOWN][asked]), (kind, asked)
            compared += 1
    assert min(world.fanned_out for world in worlds.values()) > 0
    name = worlds[OTHER].service.db.writer.dialect.name
    figure(f"T33 outsider first, {name}: {compared} answers compared with a world without the youth, 0 differ")
    hooked = [answer for (who, path), answer in heard[OTHER].items() if who == "opener" and "deliveries" in path]
    assert any(answer.status_code == 200 and answer.json()["items"] for answer in hooked)
    assert compared > 2 * len(VIEWERS) * len(paths(worlds[OTHER].service))


@pytest.mark.parametrize("kind", [OTHER, GRADED])
def test_the_secretariat_is_asked_what_whoever_was_first_is_not(worlds: Worlds, kind: str) -> None:
    """So the comparison is of something: the same list holds a question with what the other office gave."""
    world = worlds[kind]
    assert world.as_("opener").get("/v1/persons/questions").json()["items"] == []
    questions = world.as_("secretariat").get("/v1/persons/questions").json()["items"]
    assert STORED["family name"] in {question["given"]["family_name"] for question in questions}
