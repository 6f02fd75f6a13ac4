"""A small demo load with rows in every column of encrypted values, and what stands in them."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from pydantic_core import to_json
from sqlalchemy import Connection, insert, select

from ungdom.demo import load
from ungdom.store import (
    case_imports,
    contacts,
    emergency_access,
    exchanges,
    idempotency,
    inbox,
    kept_secrets,
    key_usage,
    notes,
    people,
    person_candidates,
    person_history,
    person_proposals,
    population_events,
    web_drafts,
    webhooks,
)
from ungdom.store import identity as questions
from ungdom.store.case_sights import CaseSight
from ungdom.store.contacts import NotificationContact
from ungdom.store.emergency_access import EmergencyAccess, EmergencyReview
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.exchanges import ExchangeMessage
from ungdom.store.idempotency import RequestKey, StoredResponse
from ungdom.store.inbox import InboundMessage
from ungdom.store.person_candidates import Particulars
from ungdom.store.person_history import ChangeAuthor, PersonChange
from ungdom.store.person_proposals import PersonProposal
from ungdom.store.personalia import FormerNumber, Personalia
from ungdom.store.population_events import PopulationEvent
from ungdom.store.schema.cases import case_file
from ungdom.store.schema.identity import QuestionStatus, Resemblance, identity_question
from ungdom.store.schema.inbox import decision_wait
from ungdom.store.schema.persons import PersonChangeKind, PopulationOutcome, ProposalKind, person
from ungdom.store.sealed import SEALED_COLUMNS
from ungdom.store.session import Database
from ungdom.store.web_drafts import FormDraft
from ungdom.store.webhooks import Secret, Webhook, WebhookCredentials
from ungdom.workflow.case import Youth
from ungdom.workflow.rules.access import EmergencyReason
from ungdom.workflow.rules.permissions import Disclosure, Viewer
from ungdom.workflow.vocabulary import Protection, Role

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = date(2026, 1, 5)
BORN = date(2009, 5, 17)
NUMBER, D_NUMBER, WAITED_FOR = "17850998027", "57850998002", "03911077581"
WHO = Personalia(
    given_name="Prikkete",
    family_name="Gulrot",
    national_id=NUMBER,
    former_numbers=(FormerNumber(number=D_NUMBER, until=date(2020, 1, 1)),),
)
FOUND_BY = (
    Particulars(NUMBER, date(2001, 1, 1), None, None),
    Particulars(D_NUMBER, date(2001, 1, 1), None, None),
    Particulars(None, date(2001, 1, 1), "Prikkete", "Gulrot"),
)
"""Each finds the person by another keyed hash: of the number, of a former one, of the name."""
REQUEST = RequestKey(subject="kari", role="coordinator", konfliktrad="oslo", route="POST /v1/cases", key="key-1")
ANSWER = StoredResponse("fingerprint", 201, {"ETag": '"1"'}, b'{"id": 1}', AT)
LINE, EVENT = "sak 1;Prikkete;Gulrot", {"kind": "moved", "national_id": NUMBER}
OFFICIAL = "2009-05-17 prikkete gulrot"


def fill(db: Database, keys: EncryptionKeys, cases: int = 12) -> None:
    """A demo load, and beside it two rows in each column that the load leaves empty."""
    load.load(db, keys, cases=cases, seed=1, today=DAY)
    with db.writing() as tx:
        found = people.create_person(tx, keys, WHO, Youth(BORN, 1), AT)
        stored = people.read_person(tx, keys, found)
        assert stored is not None
        people.change_person(tx, keys, stored, WHO, stored.protection, AT, reviewed=False)
        for n in range(2):
            _rows_of_persons(tx, keys, found, n)
            _rows_of_cases(tx, keys, n)
            _rows_of_messages(tx, keys, n)
        idempotency.store_response(tx, keys, REQUEST, ANSWER)


def _rows_of_persons(tx: Connection, keys: EncryptionKeys, person_id: UUID, n: int) -> None:
    stored = people.read_person(tx, keys, person_id)
    assert stored is not None
    before = person_history.snapshot(stored, f"Opplyst av verge {n}.", DAY)
    person_history.add(
        tx,
        keys,
        PersonChange(
            person_id=person_id,
            revision=n + 10,
            kind=PersonChangeKind.CORRECTED,
            fields=("given_name",),
            changed_at=AT,
            author=ChangeAuthor(subject="kari"),
            before=before,
        ),
    )
    proposal = PersonProposal(
        proposal_id=uuid4(),
        kind=ProposalKind.SPLIT,
        person_id=person_id,
        reason=f"To personer {n}.",
        proposed_at=AT,
        proposed_by="kari",
        proposed_role=Role.LEADER,
        konfliktrad="oslo",
    )
    person_proposals.add(tx, keys, proposal)
    event = PopulationEvent(
        event_id=uuid4(),
        source="register",
        register_id=f"{n}",
        kind="moved",
        content=EVENT if n else None,
        occurred_on=DAY,
        received_at=AT,
        person_id=person_id if n else None,
        outcome=PopulationOutcome.APPLIED if n else PopulationOutcome.NOT_KNOWN,
    )
    population_events.add(tx, keys, event, EVENT)


def _rows_of_cases(tx: Connection, keys: EncryptionKeys, n: int) -> None:
    case_id, youth = tx.execute(select(*case_file.c["case_id", "person_id"]).offset(n).limit(1)).one()
    other = tx.scalar(select(person.c.person_id).where(person.c.person_id != youth).offset(n).limit(1))
    notes.write_note(tx, keys, notes.Note(uuid4(), case_id, f"Ringte skolen {n}.", AT, "kari"))
    sight = CaseSight(Protection.NONE, frozenset(Disclosure))
    draft = FormDraft("kari", case_id, "record/note_added", {"note": [f"Ringte skolen {n}."]}, AT, sight)
    web_drafts.save(tx, keys, draft)
    taken = EmergencyAccess(
        emergency_id=uuid4(),
        case_id=case_id,
        viewer=Viewer(Role.COORDINATOR, "kari", "troms"),
        reason=EmergencyReason.DANGER,
        text=f"Savnet {n}.",
        taken_at=AT,
        until=AT + timedelta(hours=1),
    )
    emergency_access.add(tx, keys, taken)
    judged = EmergencyReview(justified=True, note=f"Riktig {n}.", reviewed_at=AT, reviewed_by="leder", role=Role.LEADER)
    assert emergency_access.review(tx, keys, taken.emergency_id, judged)
    case_imports.add(tx, keys, "gammelt", f"{n}", case_id, LINE, AT)
    question_id = uuid4()
    row = {"question_id": question_id, "record_id": youth, "known_id": other, "case_id": case_id}
    more = {"resemblance": Resemblance.AGREES, "status": QuestionStatus.OPEN, "raised_at": AT, "raised_by": "kari"}
    tx.execute(insert(identity_question), {**row, **more})
    questions.decide(
        tx, keys, questions.read(tx, question_id), QuestionStatus.REJECTED, "kari", f"Kjenner begge {n}.", AT
    )


def _rows_of_messages(tx: Connection, keys: EncryptionKeys, n: int) -> None:
    address = NotificationContact(
        subject=f"kari-{n}", role=Role.COORDINATOR, address="kari@eksempel.no", written_by="x"
    )
    contacts.write(tx, keys, address, AT)
    hook = Webhook(
        webhook_id=uuid4(),
        owner=Viewer(Role.LEADER, "leder", "oslo"),
        kinds=("alert.raised",),
        credentials=WebhookCredentials(f"https://system.test/{n}", (Secret("hemmelig"),)),
        created_at=AT,
    )
    webhooks.add(tx, keys, hook)
    parked(tx, keys, f"D-{n}")
    official = ExchangeMessage(
        exchange_id=uuid4(),
        sender="123",
        meldings_id=f"M-{n}",
        type="domsavgjoerelse",
        schema_version=None,
        status="MOTTATT",
        received_at=AT,
        updated_at=AT,
    )
    exchanges.add(tx, keys, official, b'{"forsendelse": {}}')


def parked(tx: Connection, keys: EncryptionKeys, decision_id: str) -> None:
    """A message that waits for a person."""
    message = InboundMessage(
        message_id=uuid4(),
        source="system",
        decision_id=decision_id,
        version=1,
        kind="indicted",
        authorities="",
        language="nb",
        sent_at=AT,
        received_at=AT,
        outcome=inbox.PARKED,
        updated_at=AT,
    )
    inbox.add(tx, keys, message, to_json({"person": {"national_id": WAITED_FOR}}), b"{}")
    wait = {"waits_for": f"person:{keys.digest(WAITED_FOR).hex()}", "message_id": message.message_id}
    tx.execute(insert(decision_wait), wait)


def opened(tx: Connection, keys: EncryptionKeys) -> Mapping[str, list[bytes]]:
    """The decrypted values of each column, in the order of the values. Raises `CannotOpen`."""
    values: defaultdict[str, list[bytes]] = defaultdict(list)
    for sealed in SEALED_COLUMNS:
        columns = [sealed.table.c[name] for name in sealed.record_columns]
        query = select(*columns, sealed.column.label("value")).where(key_usage.is_stored(sealed.column))
        for row in tx.execute(query).mappings():
            record = sealed.record_of(**{name: row[name] for name in sealed.record_columns})
            values[str(sealed.column)].append(keys.decrypt(row["value"], record))
        values[str(sealed.column)].sort()
    return values


def openable(tx: Connection, keys: EncryptionKeys) -> int:
    """The number of values that these keys open."""
    return sum(usage.records for usage in key_usage.usage(tx, keys) if usage.key_id in keys.ids)


def assert_found(tx: Connection, keys: EncryptionKeys) -> None:
    """What is looked up by a keyed hash is found: a person, an answer, a parked message, a repeat, a pseudonym."""
    for given in FOUND_BY:
        names = [candidate.person.personalia for candidate in person_candidates.candidates(tx, keys, given, (), None)]
        assert WHO in names, given
    assert idempotency.find_response(tx, keys, REQUEST) == ANSWER
    waits = list(key_usage.person_waits(tx, keys))
    assert [wait.key_id in keys.ids for wait in waits] == [True, True]
    for n in range(2):
        repeat = population_events.known(tx, keys, "register", f"{n}", EVENT)
        assert repeat is not None
        assert repeat[1]
        earlier = case_imports.find(tx, "gammelt", f"{n}")
        assert earlier is not None
        assert earlier.is_of(tx, keys, LINE)
        assert not earlier.is_of(tx, keys, LINE + "x")


def pseudonym(tx: Connection, keys: EncryptionKeys) -> bytes:
    """What an official message about this person would be named by."""
    return kept_secrets.digest(tx, keys, OFFICIAL)
