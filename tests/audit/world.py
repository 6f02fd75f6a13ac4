"""A small database with everything that is linked, sealed twice; its export and its anchor files."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from tests.api.build import case_at, opened, recorded
from tests.service import Service
from tests.store.cases import KEYS
from tests.stories.test_persons import corrected
from ungdom.audit import anchors
from ungdom.audit.anchors import Anchor
from ungdom.jobs import sealing
from ungdom.store import access_index, access_withholdings, chain_export, notes, observations, retention
from ungdom.store.access_content import AccessEntry
from ungdom.store.access_log import MOST_AT_ONCE, Access, AccessLog, AccessStream
from ungdom.store.access_withholdings import Withholding
from ungdom.store.ids import uuid7
from ungdom.store.notes import Note
from ungdom.store.observations import Observation
from ungdom.store.retention import StoredBasis, StoredErasure
from ungdom.store.schema.access import AccessKind
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.access import AccessPurpose, WithholdingCode
from ungdom.workflow.vocabulary import ObservationKind, Role


def build(service: Service, folder: Path) -> list[Anchor]:
    """Cases, persons, staff and administration, sealed; more of them, sealed again. The anchors of both seals."""
    client, leader = service.as_("coordinator", "oslo"), service.as_("leader", "oslo")
    cases = [case_at(client, "executing"), case_at(client, "assessment"), *(opened(client) for _ in range(2))]
    away = {"first_day": "2026-02-02", "last_day": "2026-02-06"}
    assert leader.post("/v1/staff/coordinator-oslo/absences", away).status_code == 201
    people = [client.get(f"/v1/cases/{case}").json()["person"]["id"] for case in cases]
    assert corrected(leader, people[0], sex="female").status_code == 200
    assert corrected(leader, people[1], sex="male").status_code == 200
    administer(service, UUID(cases[0]), UUID(people[0]))
    sealed(service, folder)
    service.clock.turn_to(date(2026, 1, 6))
    for case in cases[2:]:
        recorded(client, case, "suspect_set")
    assert corrected(leader, people[0], given_name="Vrangvill").status_code == 200
    opened(client)
    sealed(service, folder)
    exported, unreadable = anchors.read_folder(folder)
    assert unreadable == []
    return exported


def administer(service: Service, case_id: UUID, person_id: UUID) -> None:
    """A row of each other table of administration and of persons whose changes are recorded."""
    at = service.clock()
    basis = StoredBasis(
        rule="persons", basis="archive", source="§ 1", name="Kari", keep="1 year", entered_at=at, entered_by="kari"
    )
    done = StoredErasure(
        erasure_id=uuid4(), kind="person", rule="request", decided_at=at, applied_at=at, line="{}", counts={}
    )
    seen = Observation(
        observation_id=uuid4(), n=1, person_id=person_id, kind=ObservationKind.DEATH, occurred_on=at.date(),
        recorded_at=at, source="tests", subject="kari",
    )  # fmt: skip
    access = Access(
        access_id=uuid4(), at=at, kind=AccessKind.READ, subject="kari", role=Role.LEADER, konfliktrad="oslo",
        system=None, organisation=None, route="GET /v1/cases/{case_id}", matters=(), purpose=AccessPurpose.CASE_WORK,
        entries=(AccessEntry(case_id, person_id),),
    )  # fmt: skip
    withheld = Withholding(
        withholding_id=uuid4(), case_id=case_id, access_id=access.access_id, code=WithholdingCode.INVESTIGATION,
        review_on=at.date(), decided_at=at, decided_by="kari", role=Role.LEADER,
    )  # fmt: skip
    long = [replace(access, access_id=uuid7(at, n), entries=long_entries(case_id)) for n in range(4)]
    AccessLog(service.db).write(long[0])
    access_index.fill(service.db)
    with service.db.writing() as tx:
        AccessStream().add(tx, long[1:])  # these stay pending
        retention.add_basis(tx, basis)
        retention.add_erasure(tx, done)
        observations.add(tx, seen)
        AccessStream().add(tx, [access])  # a second stream, as of another process
        access_withholdings.add(tx, withheld)
        notes.write_note(tx, KEYS, Note(uuid4(), case_id, "said", at, "kari"))


def long_entries(case_id: UUID) -> tuple[AccessEntry, ...]:
    """As many entries as a list has."""
    return tuple(AccessEntry(case_id, uuid4()) for _ in range(MOST_AT_ONCE + 1))


def export_of(service: Service) -> list[dict[str, Any]]:
    """The lines of an export, read."""
    with service.db.reading() as tx:
        return [json.loads(line) for line in chain_export.lines(tx)]


def sealed(service: Service, folder: Path) -> None:
    """Seals what there is, and exports the seal; nothing is wrong."""
    at = service.clock()
    _, result = sealing.seal(service.db, oslo_date(at), service.clock)
    assert result.findings == []
    assert len(sealing.export(service.db, folder, at)) == 1
