"""The parts of the official status message (`oppdatertSaksstatus`) per event, and their content."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import CLOSED, EventType, State

E = EventType

STOP, RESUME, CLOSE = "stansUngdomsreaksjon", "oppstartEtterStans", "avsluttetUngdomsreaksjon"
ASSIGNED, SIGNED, TRANSFERRED = "tildeltSaksansvarlig", "ungdomsplanSignert", "overfoertAnnetKonfliktraad"

BREACH = "BRUDD_PGA_VILKÅR"
OFFENCE = "BRUDD_PGA_STRAFFBARE_FORHOLD"
BOTH = "BRUDD_PGA_VILKÅR_OG_STRAFFBARE_FORHOLD"

STOPS = {
    d.InterruptionReason.MISSED_TALK: BREACH,
    d.InterruptionReason.NEW_BREACH_AFTER_TALK: BREACH,
    d.InterruptionReason.CHARGED_WITH_NEW_OFFENCE: OFFENCE,
    d.InterruptionReason.HEALTH: "UTSATT_GJENNOMFOERING",
    d.InterruptionReason.WEIGHTY_GROUNDS: "UTSATT_GJENNOMFOERING",
    d.InterruptionReason.COMPLAINT: "UTSATT_GJENNOMFOERING",
}
PETITIONS = {
    d.PetitionGround.BREACH: BREACH,
    d.PetitionGround.NEW_OFFENCE: OFFENCE,
    d.PetitionGround.BREACH_AND_NEW_OFFENCE: BOTH,
}
RESUMPTIONS = {
    d.ResumptionReason.CAUSE_GONE: "AARSAK_TIL_BRUDD_IKKE_LENGER_TIL_STEDE",
    d.ResumptionReason.CONVERSION_NOT_WANTED: "OENSKER_IKKE_OMGJOERE",
    d.ResumptionReason.NEW_CASE_DROPPED: "NYTT_STRAFFBART_FORHOLD_HENLAGT",
    d.ResumptionReason.SEPARATE_SENTENCE: "SAERSKILT_DOM_I_NY_SAK",
    d.ResumptionReason.COMPLAINT_UPHELD: "AARSAK_TIL_BRUDD_IKKE_LENGER_TIL_STEDE",
}
BREACHES = {
    BREACH: "BRUDD_PAA_VILKAAR",
    OFFENCE: "BRUDD_NYE_LOVBRUDD",
    BOTH: "BRUDD_NYE_LOVBRUDD_OG_VILKAAR",
}
COMPLETED, OTHER = "FULLFOERT", "ANNEN_AARSAK"
BEFORE_START = "BRUDD_NYE_LOVBRUDD_FOER_IVERKSETTELSE"
WITHDRAWN = ("SAMTYKKE_TRUKKET_FOER_SIGNERT_UNGDOMSPLAN", "SAMTYKKE_TRUKKET_ETTER_SIGNERT_UNGDOMSPLAN")
CLOSINGS = frozenset({COMPLETED, OTHER, BEFORE_START, *WITHDRAWN, *BREACHES.values()})
STATUS_BY_EVENT = {
    E.ASSIGNED: (ASSIGNED, None),
    E.PLAN_SIGNED: (SIGNED, None),
    E.POSTPONED: (STOP, "UTSATT_GJENNOMFOERING"),
    E.PETITION_DECLINED: (RESUME, "OENSKER_IKKE_OMGJOERE"),
    E.PETITION_REJECTED: (RESUME, "AARSAK_TIL_BRUDD_IKKE_LENGER_TIL_STEDE"),
    E.PROSECUTION_NOT_RESUMED: (RESUME, "OENSKER_IKKE_OMGJOERE"),
    E.TRANSFER_ACCEPTED: (TRANSFERRED, None),
}
RESTORATIVE = (E.RESTORATIVE_MEETING_HELD, E.YOUTH_CONFERENCE_HELD)
"""The events that are restorative meetings. Until 1 September 2024 the youth conference (ungdomsstormøte) was one."""

Steps = Sequence[tuple[Event, Case]]
"""A history, corrections applied: each event with the case after it."""


@dataclass(frozen=True, slots=True)
class OfficialStatus:
    """One part of the message. `code`: its reason code, if the part has one."""

    part: str
    code: str | None


def official_status(case: Case, event: Event) -> tuple[OfficialStatus, ...]:
    """The parts that report this event, none for most events. `case`: the case after the event.

    Source: ESAS `oppdatertSaksstatus` 1.0. A petition for electronic control stops no clock and is not reported.
    """
    details = event.details
    if case.state in CLOSED and case.intervals[-1].seq == event.seq:
        return _closing(case, event)
    if isinstance(details, d.Interrupted):
        return (OfficialStatus(STOP, STOPS[details.reason]),)
    if isinstance(details, d.PetitionSent):
        return () if case.intervals[-1].clock else (OfficialStatus(STOP, PETITIONS[details.ground]),)
    if isinstance(details, d.Resumed):
        return (OfficialStatus(RESUME, RESUMPTIONS[details.reason]),)
    status = STATUS_BY_EVENT.get(event.type)
    return (OfficialStatus(*status),) if status else ()


def was_closed_in_error(steps: Steps, place: int) -> bool:
    """Whether the event at index `place` closed the case and the case was reopened later."""
    event, case = steps[place]
    closed = case.state in CLOSED and case.intervals[-1].seq == event.seq
    return closed and any(later.type is E.REOPENED for later, _ in steps[place + 1 :])


def _closing(case: Case, event: Event) -> tuple[OfficialStatus, ...]:
    if not case.has(E.RECEIVED):
        return ()
    closed = (OfficialStatus(CLOSE, _closing_code(case, event)),)
    if event.type is E.PROSECUTION_RESUMED:
        return (OfficialStatus(STOP, _ground(case)), *closed)
    return closed


def _closing_code(case: Case, event: Event) -> str:
    if case.state is State.COMPLETED:
        return COMPLETED
    if case.state is State.CONSENT_WITHDRAWN:
        return WITHDRAWN[case.has(E.PLAN_SIGNED)]
    if event.type is E.CLOSED_AFTER_NEW_OFFENCE and case.start is None:
        return BEFORE_START
    if case.state in (State.CONVERTED, State.BREACH_CLOSED):
        return BREACHES[_ground(case)]
    return OTHER


def _ground(case: Case) -> str:
    offence = case.has(E.NEW_OFFENCE_RECORDED, E.CLOSED_AFTER_NEW_OFFENCE)
    breach = case.has(E.BREACH_RECORDED)
    if offence and breach:
        return BOTH
    return OFFENCE if offence else BREACH


def first_restorative(events: Iterable[Event]) -> date | None:
    """The day of the first restorative meeting; None without one."""
    return min((event.occurred_on for event in events if event.type in RESTORATIVE), default=None)


def first_assignment(steps: Iterable[tuple[Event, Case]]) -> Event | None:
    """The first assignment before any transfer; None without one."""
    for event, _ in steps:
        if event.type is E.ASSIGNED:
            return event
        if event.type is E.TRANSFER_ACCEPTED:
            return None
    return None


def status_lines(steps: Steps, place: int, meetings: bool = True) -> dict[str, str]:
    """The content of each part that reports the event at index `place`: its name, then codes, days and ids, in a line.

    Equal content gives equal lines. Names and telephones are left out: they are those at the time of sending.
    `meetings`: whether the recipient gets the day of the restorative meeting beside that of the signing.
    """
    event, case = steps[place]
    return {
        status_part.part: f"{status_part.part} {_line_content(status_part, steps, place, meetings)}"
        for status_part in official_status(case, event)
    }


def _line_content(status_part: OfficialStatus, steps: Steps, place: int, meetings: bool) -> str:
    if status_part.code is not None:
        return status_part.code
    event, case = steps[place]
    if status_part.part == SIGNED:
        met = first_restorative(event for event, _ in steps) if meetings else None
        return f"{event.occurred_on} {met}" if met else f"{event.occurred_on}"
    given = event if status_part.part == ASSIGNED else first_assignment(steps[place + 1 :])
    coordinator = given.details.coordinator if given and isinstance(given.details, d.Assigned) else None
    return f"{case.konfliktrad} {coordinator}"
