"""A konfliktråd that exchanges messages: keys, partners file, and a case told from the registration to its end."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc import jws
from joserfc.jwk import KeySet, RSAKey
from sqlalchemy import select

from tests import service
from tests.esas import contracts
from ungdom import cases
from ungdom.exchange import partners as files
from ungdom.exchange.delivery import ExchangeDeliveryContext
from ungdom.exchange.transports import transport_for
from ungdom.store import journal, outbox, people
from ungdom.store import staff as staff_store
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.journal import StoredCase
from ungdom.store.personalia import ContactDetails, Personalia
from ungdom.store.schema import outbox as outbox_tables
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Database
from ungdom.store.staff import Staff
from ungdom.workflow import engine
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length
from ungdom.workflow.case import Youth
from ungdom.workflow.events import Corrected, Event, Replacement
from ungdom.workflow.vocabulary import Actor, EventType, Protection, Role, Sanction

E = EventType
OWN, OSLO, OST = "910000000", "910000001", "910000002"
KEYS = EncryptionKeys([service.KEY])
YOUTH = Youth(date(2009, 5, 17), 2)
BEGUN = datetime(2026, 1, 5, 11, tzinfo=UTC)
NUMBER = "17850998027"
NAME = Personalia(
    given_name="Vimsete",
    family_name="Vaffelpresse",
    national_id=NUMBER,
    contact=ContactDetails(address="Hemmeligveien 7", telephone="40000000"),
)

Line = tuple[EventType, d.Details]
BEFORE: tuple[Line, ...] = (
    (E.SUSPECT_SET, d.Details()),
    (E.INVESTIGATION_CLOSED, d.Details()),
    (E.TRANSFERRED_TO_FOLLOW_UP, d.TransferredToFollowUp(length=Length(months=8), guilt_proven=True)),
    (E.RECEIVED, d.Received()),
)
ASSIGNED: Line = (E.ASSIGNED, d.Assigned(coordinator="coordinator-oslo"))
PLAN_HELD: Line = (E.PLAN_MEETING_HELD, d.PlanMeetingHeld(present=(d.Attendee.YOUTH, d.Attendee.GUARDIAN)))
SIGNED: Line = (E.PLAN_SIGNED, d.PlanSigned(by=(d.By.YOUTH, d.By.GUARDIAN)))
MET: Line = (E.RESTORATIVE_MEETING_HELD, d.RestorativeMeetingHeld())
STOPPED: Line = (E.INTERRUPTED, d.Interrupted(reason=d.InterruptionReason.HEALTH))
RESUMED: Line = (E.RESUMED, d.Resumed(reason=d.ResumptionReason.CAUSE_GONE))
LEAVES: Line = (
    E.TRANSFER_DECIDED,
    d.TransferDecided(to="ost", parties_heard=True, prosecution_told_on=date(2026, 4, 1)),
)
ARRIVES: Line = (E.TRANSFER_ACCEPTED, d.TransferAccepted())
ASSIGNED_THERE: Line = (E.ASSIGNED, d.Assigned(coordinator="coordinator-ost"))
COMPLETED: Line = (E.COMPLETED, d.Details())
BREACHED: Line = (E.BREACH_RECORDED, d.BreachRecorded(kind=d.BreachKind.PLAN))
REFERRED: Line = (E.REFERRED_FOR_RESUMPTION, d.ReferredForResumption())
PROSECUTED: Line = (E.PROSECUTION_RESUMED, d.Details())
WHOLE: tuple[Line, ...] = (
    ASSIGNED, PLAN_HELD, SIGNED, MET, STOPPED, RESUMED, LEAVES, ARRIVES, ASSIGNED_THERE, COMPLETED
)  # fmt: skip


# --- keys and partners --------------------------------------------------------------------------------------


@cache
def key(kid: str) -> RSAKey:
    """A key pair, the same one for the same name."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}, private=True)


def opened(token: bytes | str) -> dict[str, Any]:
    """What stands in a message that we signed; an exception when we did not."""
    text = token.decode() if isinstance(token, bytes) else token
    ours = KeySet.import_key_set({"keys": [key("ours-1").as_dict(private=False)]})
    found = jws.deserialize_compact(text, ours, algorithms=["RS256"])
    assert found.headers() == {"alg": "RS256", "kid": "ours-1"}
    said: dict[str, Any] = json.loads(found.payload)
    return said


def keeps(contract: str, body: dict[str, Any]) -> None:
    """Fails with every place where the body is not as the contract has it."""
    assert contracts.complaints(contract, body) == []


def write(folder: Path, *partners: str, more: str = "") -> Path:
    """A partners file with these partners; the keys lie beside it."""
    (folder / "ours.jwk").write_text(json.dumps(key("ours-1").as_dict(private=True)))
    for name in ("oslo", "ost"):
        (folder / f"{name}.jwks").write_text(json.dumps({"keys": [key(f"{name}-1").as_dict(private=False)]}))
    file = folder / "partners.toml"
    file.write_text("\n".join([_OWN, *partners, more]), encoding="utf-8")
    return file


_OWN = f"""
[own]
organisation_number = "{OWN}"
name = "Konfliktrådet"
sender_word = "KONFLIKTRAAD"
key_file = "ours.jwk"
telephone = "22 00 00 00"
"""


def partner(name: str, transport: str, variant: str | None = "1.0", districts: Sequence[str] = ("p01",)) -> str:
    """A police district in the partners file. `name`: oslo or ost."""
    number, title = {"oslo": (OSLO, "Oslo politidistrikt"), "ost": (OST, "Øst politidistrikt")}[name]
    takes = f'status_variant = "{variant}"' if variant else ""
    return f"""
[[partner]]
name = "{title}"
organisation_number = "{number}"
sender_words = ["POLITIET"]
keys_file = "{name}.jwks"
kinds = ["overfoereSak"]
authorities = ["police", "prosecution"]
districts = {json.dumps(list(districts) if variant else [])}
{takes}
{transport}
"""


def over_http(url: str) -> str:
    return f'[partner.transport]\nkind = "http"\nurl = "{url}"\n'


def over_amqp(url: str, exchange: str, routing_key: str = "") -> str:
    where = f'url = "{url}"\nexchange = "{exchange}"\nrouting_key = "{routing_key}"'
    return f'[partner.transport]\nkind = "amqp"\n{where}\n'


# --- people and cases ---------------------------------------------------------------------------------------


def fill(url: str) -> None:
    """Schema, reference data and staff: a coordinator with a telephone of their own in Oslo, others without."""
    service.fill(url)
    since = date(2014, 7, 1)
    kari = Staff(
        subject="coordinator-oslo",
        konfliktrad="oslo",
        roles=(Role.COORDINATOR,),
        display_name="Stripete Brødrister",
        active_from=since,
        telephone="22 11 11 11",
    )
    ola = Staff(
        subject="coordinator-ost",
        konfliktrad="ost",
        roles=(Role.COORDINATOR,),
        display_name="Rutete Kjøleskap",
        active_from=since,
    )
    db = Database.open(url)
    with db.writing() as tx:
        staff_store.save_staff(tx, [kari, ola])
    db.close()


@dataclass(frozen=True)
class Told:
    """What a case is told with."""

    lines: Sequence[Line] = WHOLE
    konfliktrad: str = "oslo"
    personalia: Personalia = NAME
    protection: Protection = Protection.NONE
    numbers: tuple[tuple[NumberKind, str], ...] = ((NumberKind.POLICE, "15434811"),)
    begun: datetime = BEGUN


def case(db: Database, told: Told = Told()) -> StoredCase:
    """A new case with all its events and the messages that they promise, an event a week."""
    case_id = uuid4()
    with db.writing() as tx:
        person = people.create_person(tx, KEYS, told.personalia, YOUTH, told.begun, told.protection)
        first = told.begun.date()
        registered = d.CaseRegistered(
            sanction=Sanction.YOUTH_FOLLOW_UP,
            konfliktrad=told.konfliktrad,
            person=person,
            offences=(d.Offence(on=first - timedelta(days=30)),),
        )
        events = [event(told.begun, 1, E.CASE_REGISTERED, registered)]
        stored = StoredCase(case_id, f"R-{case_id.hex[:10]}", person, YOUTH, events, 1, told.begun)
        opened = engine.fold(YOUTH, events)
        journal.open_case(tx, stored, opened, told.numbers, cases.messages_for(stored, opened, events[0]))
    return go_on(db, stored, *BEFORE, *told.lines)


def go_on(db: Database, stored: StoredCase, *lines: Line) -> StoredCase:
    """The case after these events as well."""
    for kind, details in lines:
        new = event(stored.opened_at, stored.version + 1, kind, details)
        after = StoredCase(
            stored.case_id, stored.reference, stored.person_id, YOUTH, [*stored.events, new], new.seq, stored.opened_at
        )
        case = engine.fold(YOUTH, after.events)
        with db.writing() as tx:
            journal.append(tx, stored, new, case, cases.messages_for(stored, case, new))
        stored = after
    return stored


def correct(db: Database, stored: StoredCase, corrects: int, replacement: Replacement | None) -> StoredCase:
    """The case after this event was corrected; None: annulled."""
    said = Corrected(corrects=corrects, reason=d.CorrectionReason.WRONG_DETAILS, replacement=replacement)
    return go_on(db, stored, (E.CORRECTED, said))


def event(begun: datetime, seq: int, kind: EventType, details: d.Details) -> Event:
    at = begun + timedelta(weeks=seq - 1)
    return Event(
        seq=seq,
        type=kind,
        occurred_on=at.date(),
        recorded_at=at,
        actor=Actor.COORDINATOR,
        role=Role.COORDINATOR,
        subject="coordinator-oslo",
        source="tests",
        details=details,
    )


# --- a run --------------------------------------------------------------------------------------------------


def later() -> service.Clock:
    """A clock that stands long after everything has been recorded."""
    return service.Clock(datetime(2026, 11, 2, 11, tzinfo=UTC))


def work(
    db: Database, path: Path | None, clock: service.Clock | None = None, **changed: Any
) -> ExchangeDeliveryContext:
    """A run over this database with these partners; chance is always the largest."""
    made: dict[str, Any] = {
        "db": db,
        "keys": KEYS,
        "partners": files.load(path),
        "open_transport": transport_for,
        "now": clock or later(),
        "jitter": lambda: 1.0,
    }
    return ExchangeDeliveryContext(**made | changed)


def standing(db: Database) -> dict[str, str]:
    """How the official messages of the only case stand: `seq kind` → delivered, waiting, or what holds it."""
    return {f"{seq} {kind.removeprefix('esas.')}": how for seq, kind, how in _standing(db)}


def standings(db: Database) -> list[str]:
    """How the official messages of all cases stand, sorted."""
    return sorted(how for _, _, how in _standing(db))


def _standing(db: Database) -> list[tuple[int, str, str]]:
    table = outbox_tables.outbox.c
    query = select(table.seq, table.kind, table.held, table.delivered_at).where(table.kind.in_(outbox.OFFICIAL))
    with db.reading() as tx:
        rows = tx.execute(query.order_by(table.created_at, table.seq, table.kind)).all()
    return [(row.seq, row.kind, "delivered" if row.delivered_at else row.held or "waiting") for row in rows]
