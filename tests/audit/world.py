"""A small database with everything that is linked, sealed twice; its export and its anchor files."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from tests.api.build import case_at, opened, recorded
from tests.service import Service
from tests.stories.test_persons import corrected
from ungdom.audit import anchors
from ungdom.audit.anchors import Anchor
from ungdom.jobs import sealing
from ungdom.store import chain_export
from ungdom.workflow.calendar import oslo_date


def build(service: Service, folder: Path) -> list[Anchor]:
    """Cases, persons, staff and administration, sealed; more of them, sealed again. The anchors of both seals."""
    client, leader = service.as_("coordinator", "oslo"), service.as_("leader", "oslo")
    cases = [case_at(client, "executing"), case_at(client, "assessment"), *(opened(client) for _ in range(2))]
    away = {"first_day": "2026-02-02", "last_day": "2026-02-06"}
    assert leader.post("/v1/staff/coordinator-oslo/absences", away).status_code == 201
    people = [client.get(f"/v1/cases/{case}").json()["person"]["id"] for case in cases]
    assert corrected(leader, people[0], sex="female").status_code == 200
    assert corrected(leader, people[1], sex="male").status_code == 200
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
