"""Cases on a running service, brought to a place quickly: opened over HTTP, the rest recorded where HTTP leads to."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import UUID

from tests.service import Service, new_case
from tests.workflow.roads import Line, lines, read, youth_of
from ungdom import cases
from ungdom.cases import EventEntry, Recorder
from ungdom.workflow.events import read_details
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import EventType, Role

OFFICE = "oslo"
NUMBERS = count(15_000_000)
COORDINATOR = f"coordinator-{OFFICE}"
RECORDERS = {"reopening_approved": (Role.SECRETARIAT, "secretariat"), "reopened": (Role.LEADER, f"leader-{OFFICE}")}


def opened(service: Service, road: str, born: date | None = None) -> str:
    """The id of a new case of that road, registered on its first day. `born`: another day than the road's youth has."""
    first, youth = lines(road)[0], youth_of(road)
    service.clock.turn_to(first.known)
    person = {
        "given_name": "Rutete",
        "family_name": "Fiskegrateng",
        "born": (born or youth.born).isoformat(),
        "guardians": [{"name": f"Munter Fiskegrateng {n}"} for n in range(youth.guardians)],
    }
    body = new_case(
        sanction="youth_sanction" if road.startswith("S") else "youth_follow_up",
        occurred_on=first.on.isoformat(),
        konfliktrad=OFFICE,
        person=person,
        offences=[{"on": first.on.isoformat()}],
        police_case_numbers=[str(next(NUMBERS))],
    )
    done = service.as_("coordinator", OFFICE).post("/v1/cases", body | first.details)
    assert done.status_code == 201, done.text
    return str(done.json()["id"])


def brought(service: Service, road: str, until: str, *more: str, born: date | None = None) -> tuple[str, date]:
    """A case brought to that step of the road and by the lines added, and the day of the last of them.

    Of the same youth at every call, unless `born` is another day.
    """
    case = opened(service, road, born)
    told = [*lines(road, until), *map(read, more)]
    for version, line in enumerate(told[1:], 1):
        _record(service, case, version, line)
    return case, told[-1].known


def _record(service: Service, case: str, version: int, line: Line) -> None:
    """Recorded as the service records it, by a role that may record everything."""
    role, subject = RECORDERS.get(line.kind, (Role.SYSTEM, "system"))
    kind, details = EventType(line.kind), line.details
    if kind is EventType.ASSIGNED:
        details = details | {"coordinator": COORDINATOR}
    entry = EventEntry(kind, line.on, read_details(kind, details))
    now = datetime(line.known.year, line.known.month, line.known.day, 9, tzinfo=UTC) + timedelta(seconds=version)
    with service.db.writing() as tx:
        cases.record(
            tx,
            Recorder(Viewer(role, subject, None), "test"),
            UUID(case),
            cases.Precondition(any_version=True),
            entry,
            now,
        )


def by_the_system(service: Service, case: str, line: Line) -> None:
    """What only the service itself records."""
    service.clock.turn_to(line.known)
    shown = service.as_("leader", OFFICE).get(f"/v1/cases/{case}").json()
    _record(service, case, shown["version"], line)
