"""A stored value that was changed past the service: one sentence with what to do, and everything else goes on."""

from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table, text, type_coerce, update
from sqlalchemy.types import Text

from tests.api.build import assert_problem, opened, recorded
from tests.api.test_staff import NEW
from tests.audit.test_mutations import as_owner
from tests.service import Service
from tests.stories.test_access_log import ok
from ungdom.store.schema.cases import case_current, note
from ungdom.store.schema.notices import contact, webhook
from ungdom.store.schema.persons import person
from ungdom.store.schema.staff import staff_change

WEBHOOK = {"url": "https://system.eksempel.no/inn", "kinds": ["alert.raised"]}


def damage(service: Service, table: Table, column: Column[Any], value: Any, *where: Any) -> None:
    """Writes the value past the service."""
    stored = type_coerce(value, Text) if isinstance(value, str) else value
    with as_owner(service, table) as tx:
        assert tx.execute(update(table).where(*where).values({column: stored})).rowcount >= 1
        tx.commit()
    if service.db.writer.dialect.name == "postgresql":
        with service.db.writing() as tx:
            tx.execute(text(f"ALTER TABLE {table.name} ENABLE TRIGGER USER"))


def test_a_damaged_note_or_person_is_said_in_one_sentence_and_others_are_shown(served: Service) -> None:
    client, leader = served.as_("coordinator", "oslo"), served.as_("leader", "oslo")
    somebody: dict[str, Any] = {"given_name": "Tindra", "family_name": "Pute", "born": "2008-07-02"}
    somebody["guardians"] = [{"name": "Sindig Pute"}]
    broken, other = opened(client), opened(client, person=somebody)
    for case in (broken, other):
        recorded(client, case, "note_added", "2026-01-05", note="Ringte skolen.")
    who = ok(client.get(f"/v1/cases/{broken}"))["person"]["id"]
    damage(served, note, note.c.sealed, b"damaged", note.c.case_id == UUID(broken))
    damage(served, person, person.c.sealed, b"damaged", person.c.person_id == UUID(who))

    for path in (f"/v1/cases/{broken}/notes", f"/v1/persons/{who}"):
        for language, said in (("nb", "sikkerhetskopi"), ("nn", "tryggingskopi"), ("en", "backup")):
            signed = {"Accept-Language": language, "Authorization": f"Bearer {leader.token}"}
            problem = assert_problem(served.send("GET", path, headers=signed), 500, "value_unreadable")
            assert "`ungdom audit verify`" in problem["detail"]
            assert said in problem["detail"]
    for path in ("/v1/cases", "/v1/worklist", "/v1/alerts", f"/v1/cases/{other}", f"/v1/cases/{other}/notes"):
        ok(client.get(path))


def test_a_damaged_code_or_json_is_no_bare_error(served: Service) -> None:
    client, leader = served.as_("coordinator", "oslo"), served.as_("leader", "oslo")
    case = opened(client)
    ok(leader.post("/v1/staff", NEW), 201)
    damage(served, staff_change, staff_change.c.details, "{", staff_change.c.subject == NEW["subject"])
    assert_problem(leader.get(f"/v1/staff/{NEW['subject']}/changes"), 500, "value_unreadable")
    damage(served, case_current, case_current.c.state, "damaged", case_current.c.case_id == UUID(case))
    assert_problem(client.get("/v1/cases"), 500, "value_unreadable")


def test_a_damaged_address_or_webhook_stops_no_other(served: Service) -> None:
    leader = served.as_("leader", "oslo")
    body = {"address": "kontakt@eksempel.no", "email_digest": False, "language": "nb"}
    for subject in ("coordinator-oslo", "coordinator-oslo-2"):
        signed = {"Authorization": f"Bearer {served.as_('coordinator', 'oslo', subject).token}"}
        ok(served.send("PUT", "/v1/contacts/me", json=body, headers=signed))
    ok(leader.post("/v1/webhooks", WEBHOOK), 201)
    damage(served, contact, contact.c.sealed, b"damaged", contact.c.subject == "coordinator-oslo")
    listed = {item["subject"]: item for item in ok(leader.get("/v1/staff"))["items"]}
    assert {"coordinator-oslo", "coordinator-oslo-2"} <= listed.keys()
    damage(served, webhook, webhook.c.sealed, b"damaged")
    assert {item["disabled_because"] for item in ok(leader.get("/v1/webhooks"))["items"]} == {"key_lost"}
