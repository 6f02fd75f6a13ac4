"""What becomes of the case: the steps of a message decided one after the other, and written only when all of them hold.

Everything goes through the door that coordinators use (`casework`): the same permissions, conditions and promises.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from ungdom import casework
from ungdom.casework import Correction, NewCase, Recorded, Who
from ungdom.intake import meaning
from ungdom.intake.meaning import Wanted
from ungdom.intake.words import Draft, Held, Outcome, Reason, Sender, thing
from ungdom.message import Message, Opening, Person
from ungdom.store import journal, people, reference
from ungdom.store.ids import uuid7
from ungdom.store.journal import Chapter, Stored
from ungdom.store.people import Contact, Guardian, Newcomer, Personalia
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.store.tables import NumberKind, Protection
from ungdom.workflow import details as d
from ungdom.workflow import engine
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import Event, plain_details
from ungdom.workflow.guards.core import Unmet
from ungdom.workflow.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, EventType, Role

E = EventType
NOT_YET = frozenset({"wrong_state", "case_is_closed"})


def who_is(sender: Sender) -> Who:
    """The sending system as a recorder of events."""
    return Who(Viewer(Role.SYSTEM, sender.source, None), sender.source)


def of_case(stored: Stored) -> Draft:
    """A draft of the case as it stands."""
    case = engine.fold(stored.youth, stored.events)
    return Draft(kept=stored, stored=stored, before=case, case=case)


def opened(tx: Connection, keys: Keys, sender: Sender, message: Message, message_id: UUID, now: datetime) -> Draft:
    """A draft of a new case, with the steps that the sender told of. The person is created when not known.

    Raises `Held` when the place is not known or a condition is not met.
    """
    opening, said = message.opening, message.person
    if opening is None or said is None:
        raise Held(Reason.UNKNOWN_CASE)
    case_id = uuid7(message.sent_at, uuid5(message_id, "case").int & (1 << 74) - 1)
    newcomer, person_id, youth = _person(tx, keys, said, opening, uuid5(message_id, "person"))
    try:
        done = casework.open_case(
            tx, who_is(sender), case_id, _new_case(message, opening, person_id, youth), now, dry_run=True
        )
    except casework.Unknown:
        raise Held(Reason.UNKNOWN_PLACE) from None
    except casework.Refused as error:
        raise Held(Reason.CONDITIONS_UNMET, unmet=error.decision.unmet) from None
    first = replace(done.stored, events=[], version=0)
    draft = Draft(kept=first, stored=first, before=None, case=done.after, newcomer=newcomer)
    return _with(draft, done)


def decided(tx: Connection, sender: Sender, draft: Draft, steps: Sequence[Wanted], now: datetime) -> Draft:
    """The draft with these steps, each found in the history or decided anew. Raises `Held`."""
    for place, wanted in enumerate(steps):
        found = _found(draft.case, wanted)
        if found is None:
            draft = _with(draft, _taken(tx, sender, draft, wanted, now), place)
        else:
            draft = replace(draft, places={**draft.places, place: found.seq})
    return draft


def corrected(
    tx: Connection, sender: Sender, draft: Draft, steps: Sequence[Wanted], places: dict[int, int], now: datetime
) -> Draft:
    """The draft with the events at `places` made to say what `steps` say: changed, annulled, added. Raises `Held`."""
    for place, seq in sorted(places.items()):
        wish = _wish(draft.case, seq, steps[place] if place < len(steps) else None)
        if wish is not None:
            draft = _with(draft, _amended(tx, sender, draft, wish, now))
    kept = {place: seq for place, seq in places.items() if place < len(steps)}
    draft = replace(draft, places=kept)
    for place, wanted in enumerate(steps):
        if place not in kept:
            found = _found(draft.case, wanted)
            draft = (
                _with(draft, _taken(tx, sender, draft, wanted, now), place)
                if found is None
                else replace(draft, places={**draft.places, place: found.seq})
            )
    return draft


def write(tx: Connection, keys: Keys, draft: Draft, numbers: Iterable[tuple[NumberKind, str]], now: datetime) -> None:
    """Write what the draft holds: person, events, the current row, promises and numbers together. Raises `Stale`."""
    if draft.newcomer is not None:
        people.create_people(tx, keys, [draft.newcomer], now)
    if draft.kept.version == 0:
        chapter = Chapter(draft.kept, draft.events, draft.case, draft.promises, list(dict.fromkeys(numbers)))
        journal.append_many(tx, [chapter])
        return
    if len(draft.events) == 1:
        journal.append(tx, draft.kept, draft.events[0], draft.case, draft.promises)
    elif draft.events:
        journal.append_many(tx, [Chapter(draft.kept, draft.events, draft.case, draft.promises)])
    journal.add_numbers(tx, draft.kept.case_id, list(dict.fromkeys(numbers)))


def check_authority(sender: Sender, draft: Draft, steps: Sequence[Wanted]) -> None:
    """A system tells only of what its own authority does. Raises `Held`, rejected."""
    mine = meaning.speaks_for(sender.authorities)
    for wanted in steps:
        actors = engine.actors_of(draft.case.sanction, wanted.entry.type)
        if wanted.own and actors and not mine & set(actors):
            raise Held(Reason.NOT_YOUR_AUTHORITY, outcome=Outcome.REJECTED)


# --- one step -----------------------------------------------------------------------------------------------


def _found(case: Case, wanted: Wanted) -> Event | None:
    """The event of the history that says this already."""
    entry = wanted.entry
    known = list(case.all(entry.type))
    if wanted.once:
        return known[-1] if known else None
    same = (e for e in known if e.occurred_on == entry.occurred_on and meaning.same(e.details, entry.details))
    return next(same, None)


def _taken(tx: Connection, sender: Sender, draft: Draft, wanted: Wanted, now: datetime) -> Recorded:
    entry = replace(wanted.entry, on_behalf_of=_actor(sender, draft, wanted))
    try:
        return casework.take(tx, who_is(sender), draft.stored, draft.case, entry, now, dry_run=True)
    except casework.Refused as error:
        raise _held(draft, error.decision.unmet) from None
    except casework.NotPermitted:
        raise Held(Reason.CONTRADICTS_STATE, (thing("case", draft.kept.case_id),)) from None


def _actor(sender: Sender, draft: Draft, wanted: Wanted) -> Actor | None:
    actors = engine.actors_of(draft.case.sanction, wanted.entry.type)
    mine = meaning.speaks_for(sender.authorities)
    return next((actor for actor in actors if actor in mine), None)


def _amended(tx: Connection, sender: Sender, draft: Draft, wish: Correction, now: datetime) -> Recorded:
    try:
        return casework.amend(tx, who_is(sender), draft.stored, draft.case, wish, now, dry_run=True)
    except casework.WalkBroken as error:
        raise Held(Reason.BREAKS_HISTORY, (thing("case", draft.kept.case_id),), error.broken.unmet) from None
    except (casework.NotCorrectable, casework.NotPermitted, casework.Unknown):
        raise Held(Reason.BREAKS_HISTORY, (thing("case", draft.kept.case_id),)) from None


def _wish(case: Case, seq: int, wanted: Wanted | None) -> Correction | None:
    """The correction that makes event `seq` say what is wanted; None where it does, or has been annulled by hand."""
    event = next((one for one in case.events if one.seq == seq), None)
    reason = d.CorrectionReason.CORRECTED_DECISION
    if event is None or (wanted is not None and wanted.once):
        return None
    if wanted is None:
        return Correction(seq, reason, annul=True)
    entry = wanted.entry
    if (event.type, event.occurred_on) == (entry.type, entry.occurred_on) and event.details == entry.details:
        return None
    said = plain_details(entry.type, entry.details)
    return Correction(seq, reason, annul=False, type=entry.type, occurred_on=entry.occurred_on, details=said)


def _with(draft: Draft, done: Recorded, place: int | None = None) -> Draft:
    placed = draft.places if place is None else {**draft.places, place: done.event.seq}
    return replace(
        draft,
        stored=done.stands,
        case=done.after,
        events=(*draft.events, done.event),
        promises=(*draft.promises, *casework.promises(draft.kept.case_id, done.after, done.event)),
        places=placed,
    )


def _held(draft: Draft, unmet: tuple[Unmet, ...]) -> Held:
    waits = (thing("case", draft.kept.case_id),)
    state = next((no for no in unmet if no.code in NOT_YET), None)
    if state is None:
        days = {thing("day", no.earliest) for no in unmet if no.earliest is not None}
        return Held(Reason.CONDITIONS_UNMET, (*waits, *sorted(days)), unmet)
    needed = {str(one) for one in state.needed} if isinstance(state.needed, list) else set()
    passed = draft.case.is_closed or any(stint.state.value in needed for stint in draft.case.stints)
    return Held(Reason.CONTRADICTS_STATE if passed else Reason.TOO_EARLY, waits, unmet)


# --- opening ------------------------------------------------------------------------------------------------


def _person(
    tx: Connection, keys: Keys, said: Person, opening: Opening, person_id: UUID
) -> tuple[Newcomer | None, UUID, Youth]:
    known = people.find_person(tx, keys, said.national_id, said.born)
    person = people.read_person(tx, keys, known) if known else None
    if person is not None:
        return None, person.person_id, person.youth
    new = Newcomer(
        person_id=person_id,
        personalia=_personalia(said, opening),
        born=said.born,
        guardians=len(said.guardians),
        protection=Protection(said.protection),
    )
    return new, person_id, Youth(new.born, new.guardians)


def _personalia(said: Person, opening: Opening) -> Personalia:
    guardians = enumerate(said.guardians, start=1)
    return Personalia(
        given_name=said.given_name,
        family_name=said.family_name,
        national_id=said.national_id,
        sex=said.sex,
        municipality=opening.municipality,
        contact=Contact(telephone=said.contact),
        guardians=tuple(
            Guardian(reference=f"g{n}", name=one.name, contact=Contact(telephone=one.contact)) for n, one in guardians
        ),
    )


def _new_case(message: Message, opening: Opening, person_id: UUID, youth: Youth) -> NewCase:
    return NewCase(
        sanction=opening.sanction,
        occurred_on=opening.registered_on,
        person=person_id,
        youth=youth,
        offences=opening.offences,
        municipality=opening.municipality,
        konfliktrad=opening.konfliktrad,
        repeated_or_serious=opening.repeated_or_serious,
        numbers=numbers_of(message),
    )


def numbers_of(message: Message) -> tuple[tuple[NumberKind, str], ...]:
    """The numbers of police and court that the message gives the case."""
    police = [(NumberKind.POLICE, number) for number in message.police_case_numbers]
    court = [(NumberKind.COURT, message.court_case_number)] if message.court_case_number else []
    return tuple(dict.fromkeys([*police, *court]))


def office_of(tx: Connection, message: Message) -> str | None:
    """The konfliktråd that a message about an unknown case names, or whose municipality it names."""
    opening = message.opening
    if opening is None:
        return None
    serving = reference.konfliktrad_of(tx, opening.municipality) if opening.municipality else None
    named = opening.konfliktrad if opening.konfliktrad in reference.konfliktrad_codes(tx) else None
    return named or serving
