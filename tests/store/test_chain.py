"""The hash chains as they are written: the same on every road, without a fork, and through erasure and rotation."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection, func, select, text, update

from tests.store import cases
from ungdom.audit.content import encode, plain
from ungdom.audit.findings import AuditFinding, AuditProblem
from ungdom.audit.links import FIRST, link
from ungdom.store import (
    chain_backfill,
    chain_verification,
    contacts,
    journal,
    people,
    person_erasure,
    resealing,
    webhooks,
)
from ungdom.store.chain_events import EVENT_CONTENT, event_content
from ungdom.store.chain_tables import CHAINED, RECORDED
from ungdom.store.contacts import NotificationContact
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import Stale
from ungdom.store.journal import EventBatch
from ungdom.store.schema import metadata
from ungdom.store.schema.audit import audit_change
from ungdom.store.schema.cases import event
from ungdom.store.schema.notices import contact, webhook
from ungdom.store.schema.persons import person_change
from ungdom.store.session import Database
from ungdom.store.webhooks import Secret, Webhook, WebhookCredentials
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Protection, Role

WRITERS = 50
NEW_KEY = "BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def findings(db: Database) -> list[AuditFinding]:
    with db.reading() as tx:
        return chain_verification.verify(tx).findings


def test_every_road_writes_the_same_links(db: Database) -> None:
    whole = cases.told(8)
    with db.trying() as tx:
        person = cases.somebody(tx)
        one = replace(whole, person_id=person)
        journal.append_many(tx, [EventBatch(replace(one, events=[], version=0), one.events, cases.folded(one))])
        in_bulk = tx.scalars(select(event.c.link).order_by(event.c.seq)).all()
    with db.trying() as tx:
        one = replace(whole, person_id=cases.somebody(tx))
        stored = cases.start_of(one)
        journal.open_case(tx, stored, cases.folded(stored))
        for new in one.events[1:4]:
            stored = cases.moved(tx, stored, new, journal.append_plain)
        read = journal.load(tx, one.case_id)
        assert read is not None
        for new in one.events[4:]:
            read = cases.moved(tx, read, new)
        one_by_one = tx.scalars(select(event.c.link).order_by(event.c.seq)).all()
        assert chain_verification.verify(tx).findings == []
    assert one_by_one == in_bulk
    assert len(set(in_bulk)) == 8


def test_the_link_of_an_event_never_changes_its_form() -> None:
    """Where this fails, every chain that has been written no longer verifies."""
    stored = cases.told(1)
    row = journal.event_row(stored.case_id, stored.events[0]) | {"details": '{"é":1}'}
    content = event_content(row)

    assert EVENT_CONTENT == (
        "type", "occurred_on", "occurred_at", "details", "recorded_at", "actor", "role", "subject", "source"
    )  # fmt: skip
    assert content.decode() == (
        '["case_registered","2026-01-05",null,"{\\"\\u00e9\\":1}","2026-01-05 12:00:00.000000",'
        '"coordinator","coordinator","kari","tests"]'
    )
    assert link(FIRST, "s", 1, b"x").hex() == "a30064950847b25830a274559df026b72a0865f9b169c7285e0223dfdfb72941"
    assert encode([plain(True), plain(b"\x01"), plain(None), plain(("a", "b"))]) == b'[1,"01",null,"|a|b|"]'


def test_fifty_writers_make_no_fork(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx)

    def append() -> int:
        try:
            with db.writing() as tx:
                cases.moved(tx, stored, cases.next_event(stored))
        except Stale:
            return 0
        return 1

    for _ in range(3):
        with ThreadPoolExecutor(WRITERS) as pool:
            written = sum(pool.map(lambda _n: append(), range(WRITERS)))
        assert written == 1
        with db.reading() as tx:
            read = journal.load(tx, stored.case_id)
        assert read is not None
        stored = read
    assert stored.version == 4
    assert findings(db) == []


def test_events_of_an_older_version_are_linked_and_nothing_else(db: Database) -> None:
    with db.writing() as tx:
        stored = [cases.opened(tx, length) for length in (4, 2, 7)]
        before = tx.execute(select(event).order_by(event.c.case_id, event.c.seq)).all()
        unlink(tx)
    assert {finding.problem for finding in findings(db)} == {AuditProblem.UNLINKED}

    with db.writing() as tx:  # a new version appends to a case that an older one has left unlinked
        read = journal.load(tx, stored[0].case_id)
        assert read is not None
        cases.moved(tx, read, cases.next_event(read))
    assert chain_backfill.link_events(db) == 2 + 5

    assert findings(db) == []
    assert chain_backfill.link_events(db) == 0
    with db.reading() as tx:
        after = tx.execute(select(event).order_by(event.c.case_id, event.c.seq)).all()
    assert set(before) <= set(after)
    with pytest.raises(Exception, match="only ever added"), db.writing() as tx:
        tx.execute(update(event).values(link=None))


def disarm(tx: Connection, table: str) -> None:
    """Removes what keeps the rows of a table as they are, as its owner can."""
    if tx.dialect.name == "postgresql":
        tx.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        return
    names = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name")
    for name in tx.scalars(names, {"name": table}).all():
        tx.execute(text(f"DROP TRIGGER {name}"))


def unlink(tx: Connection) -> None:
    """Leaves the later events without links, as an older version would have written them."""
    remove = update(event).where(event.c.seq > 2).values(link=None)
    if tx.dialect.name == "postgresql":
        tx.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
        tx.execute(remove)
        tx.execute(text("ALTER TABLE event ENABLE TRIGGER USER"))
        return
    trigger = tx.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'event_no_update'"))
    tx.execute(text("DROP TRIGGER event_no_update"))
    tx.execute(remove)
    tx.exec_driver_sql(str(trigger))


def test_erasure_and_a_new_key_leave_the_chain_as_it_is(db: Database) -> None:
    hook = Webhook(
        webhook_id=uuid4(),
        owner=Viewer(Role.COORDINATOR, "kari", "oslo"),
        kinds=("alert.raised",),
        credentials=WebhookCredentials("https://example.no", (Secret("whsec_x"),)),
        created_at=cases.NOON,
        disabled_at=None,
        disabled_because=None,
    )
    with db.writing() as tx:
        stored = cases.opened(tx)
        people.protect(tx, stored.person_id, Protection.CONFIDENTIAL, cases.NOON, "kari")
        webhooks.add(tx, cases.KEYS, hook)
    assert findings(db) == []
    with db.writing() as tx:
        assert person_erasure.erase_records(tx, cases.KEYS, [stored.person_id], cases.NOON)["person"] == 1
    assert any(result.resealed for result in resealing.reseal(db, EncryptionKeys([NEW_KEY, cases.SECRET])))
    assert findings(db) == []

    with db.writing() as tx:
        webhooks.remove(tx, hook.webhook_id)
    assert findings(db) == []
    with db.writing() as tx:
        assert tx.scalar(select(func.count()).select_from(webhook)) == 0
        assert tx.scalars(select(audit_change.c.content).where(audit_change.c.source == "webhook")).all()[-1] is None
        disarm(tx, "person_change")
        tx.execute(person_change.delete())
    assert [finding.problem for finding in findings(db)] == [AuditProblem.REMOVED]


def test_rows_from_before_the_record_are_recorded_once(db: Database) -> None:
    with db.writing() as tx:
        stored = cases.opened(tx)
        row = {"person_id": stored.person_id, "revision": 2, "kind": "corrected", "fields": "sex"}
        tx.execute(person_change.insert(), {**row, "changed_at": cases.NOON, "changed_by": "kari"})
    assert [finding.problem for finding in findings(db)] == [AuditProblem.UNRECORDED]

    assert (chain_backfill.record_changes(db), chain_backfill.record_changes(db)) == (1, 0)
    assert findings(db) == []


def test_a_row_that_changes_while_others_are_recorded_is_recorded_as_it_stands(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = [NotificationContact(subject=f"kari-{n}", role=Role.COORDINATOR, written_by="kari") for n in range(3)]
    with db.writing() as tx:
        for contact_of in who:
            contacts.write(tx, cases.KEYS, contact_of, cases.NOON)
        disarm(tx, "audit_change")
        tx.execute(audit_change.delete())
    monkeypatch.setattr(chain_backfill, "CHANGES", 1)

    def changing(done: int, _all: int) -> None:
        if done == 1:
            with db.writing() as tx:
                contacts.write(tx, cases.KEYS, replace(who[1], language="nn"), cases.NOON)
                tx.execute(contact.delete().where(contact.c.subject == who[2].subject))

    assert chain_backfill.record_changes(db, changing) == 1
    assert findings(db) == []
    with db.reading() as tx:
        assert len(tx.scalars(select(audit_change.c.key)).all()) == 2


def test_a_contact_that_is_saved_unchanged_is_no_change(db: Database) -> None:
    who = NotificationContact(
        subject="kari", role=Role.COORDINATOR, address="kari@konfliktrad.test", email_digest=True, written_by="kari"
    )
    later = cases.NOON + timedelta(days=1)
    with db.writing() as tx:
        stored = contacts.write(tx, cases.KEYS, who, cases.NOON)
        assert contacts.write(tx, cases.KEYS, who, later) == stored == replace(who, updated_at=cases.NOON)
        changed = contacts.write(tx, cases.KEYS, replace(who, address="kari@annet.test"), later)
    with db.reading() as tx:
        assert contacts.find(tx, cases.KEYS, "kari") == changed
        assert len(tx.scalars(select(audit_change.c.key).where(audit_change.c.source == "contact")).all()) == 2
    assert findings(db) == []


HASHED = {"access_log": {"entries"}}
"""Columns of which a linked column holds the hash: `shown` that of `entries`."""


def test_everything_of_a_linked_row_is_covered() -> None:
    for chain in CHAINED:
        covered = {chain.stream, chain.position, "link", *chain.columns, *HASHED.get(chain.name, ())}
        assert {column.name for column in chain.table.columns} == covered, chain.name
    left_out = {f"{name}.{column}" for name, recorded in RECORDED.items() for column in recorded.left_out}
    assert left_out == {
        "calendar_feed.read_at", "contact.sealed", "coordination_contact.name", "emergency_access.review_sealed",
        "emergency_access.sealed", "note.sealed", "person.kept_sex",
        "person.name_hash", "person.number_hash", "person.sealed", "person_change.sealed", "person_proposal.sealed",
        "population_event.content_hash", "population_event.sealed", "retention_basis.name", "staff.display_name",
        "staff.telephone", "webhook.sealed",
    }  # fmt: skip


FOLDED = "folded from the events, which are linked; `ungdom db check` compares"
COUNTED = "counted anew every night from what is linked"
CARRIED = "how far something that has to be sent or done has got; nothing is decided by it"
MESSAGE = "what came from outside, encrypted and bound to its row; what it did stands in the events"
LOADED = "reference data, which every upgrade loads anew"
TRIGGERS = "triggers only, as docs/audit.md says"
ANONYMOUS = "a chain would show the order of anonymous answers"
EXCUSED = {
    "access_entry": "the column `shown` of its answer in access_log covers it",
    "access_pending": "what is yet to be copied from the answer in access_log, which covers it",
    "audit_anchor": "the anchor files themselves are compared",
    "audit_head": "the root of its seal covers it",
    "audit_seal": "its own links, and the anchor files",
    "audit_verification": "the next verification finds the same again",
    "identity_question": "a merge stands in person and person_change; a record of each would take time, and so show"
    " whether somebody is known",
    "web_view": "filters that somebody has given a name; nothing is decided by it",
    "web_draft": "encrypted, and bound to its row; nothing is decided by it, and it is deleted within two weeks",
    "web_session": "who is signed in at this moment: a row is deleted within hours",
    "kept_secret": "encrypted, and bound to its row",
    "person_number": "keyed hashes by which a person is looked up, which a new key replaces",
    **dict.fromkeys(("case_current", "case_team"), FOLDED),
    **dict.fromkeys(("case_figures", "forecast_calibration", "forecast_curve"), COUNTED),
    **dict.fromkeys(
        ("audit_anchor_mail", "delivery", "digest", "extract_job", "idempotency", "job_run", "notice", "outbox"),
        CARRIED,
    ),
    **dict.fromkeys(("case_import", "case_number", "decision", "decision_event", "decision_receipt"), MESSAGE),
    **dict.fromkeys(("decision_wait", "exchange_decision", "exchange_message"), MESSAGE),
    **dict.fromkeys(("agency", "konfliktrad", "measure", "municipality", "offence_group"), LOADED),
    **dict.fromkeys(("police_district", "statute"), LOADED),
    **dict.fromkeys(("alert", "alert_change", "release", "release_exact"), TRIGGERS),
    **dict.fromkeys(("survey_answer", "survey_count", "survey_invitation", "survey_moment"), ANONYMOUS),
}
"""The tables whose rows are in no chain, each with the reason."""


def test_every_table_is_linked_recorded_or_excused() -> None:
    """A new table is added to `CHAINED` or `RECORDED` in `store/chain_tables.py`, or here with the reason."""
    linked = {chain.name for chain in CHAINED} | RECORDED.keys()

    assert linked | EXCUSED.keys() == metadata.tables.keys()
    assert linked & EXCUSED.keys() == set()
