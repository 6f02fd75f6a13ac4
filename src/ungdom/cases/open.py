"""Opening a case: the file, its first event, the projection and the outbox entry are written together."""

from datetime import datetime
from uuid import UUID

from ungdom.cases.commands import EventEntry, NewCase, Recorder
from ungdom.cases.errors import Refused, UnknownReferenceValue
from ungdom.cases.record import RecordResult, WriteEvent, allowed_actor, new_event, with_hour_check, write_event
from ungdom.store import reference
from ungdom.store.ids import reference_of
from ungdom.store.journal import StoredCase
from ungdom.store.session import Connection
from ungdom.workflow import engine, table
from ungdom.workflow import payloads as d
from ungdom.workflow.rules.permissions import OtherOffice
from ungdom.workflow.vocabulary import EventType


def open_case(
    tx: Connection,
    recorder: Recorder,
    case_id: UUID,
    new: NewCase,
    now: datetime,
    dry_run: bool = False,
    write: WriteEvent | None = None,
) -> RecordResult:
    """Open a case for a person who is already stored. `write`: how the event is written; None: at once.

    Raises UnknownReferenceValue, NotPermitted (a role that opens no cases), OtherOffice or Refused.
    """
    office = _office_of(tx, new)
    registered = d.CaseRegistered(
        sanction=new.sanction,
        konfliktrad=office,
        person=new.person,
        offences=new.offences,
        repeated_or_serious=new.repeated_or_serious,
        table=table.VERSION,
    )
    entry = EventEntry(EventType.CASE_REGISTERED, new.occurred_on, registered, new.occurred_at, new.on_behalf_of)
    actor = allowed_actor(recorder, new.sanction, entry)
    if recorder.viewer.konfliktrad not in (None, office):
        raise OtherOffice(recorder.viewer.konfliktrad, None if new.konfliktrad else new.municipality, office)
    event = new_event(recorder, 1, entry, actor, now)
    decision = with_hour_check(engine.decide_registration(new.youth, event), entry, now)
    if not decision.allowed:
        raise Refused(decision)
    after = engine.fold(new.youth, [event])
    stored = StoredCase(case_id, reference_of(case_id), new.person, new.youth, [event], 0, now)
    if write is not None:
        write(tx, stored, event, after)
    elif not dry_run:
        write_event(tx, stored, event, after, new.numbers)
    return RecordResult(stored, event, decision, None, after)


def _office_of(tx: Connection, new: NewCase) -> str:
    serving = reference.konfliktrad_of(tx, new.municipality) if new.municipality else None
    if new.municipality and serving is None:
        raise UnknownReferenceValue("municipality", new.municipality, tuple(reference.municipalities(tx)))
    office = new.konfliktrad or serving
    known = reference.konfliktrad_codes(tx)
    if office is None or office not in known:
        raise UnknownReferenceValue("konfliktrad", office or "", tuple(known))
    if serving and office != serving:
        raise UnknownReferenceValue("office_mismatch", office, (serving,))
    return office
