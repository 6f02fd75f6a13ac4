"""One event, and the shape of its details: read from JSON, written to JSON, described as JSON Schema."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from ungdom.workflow import payloads as d
from ungdom.workflow.errors import BadDetails, Problem, allowed_values, named_values, place_of
from ungdom.workflow.vocabulary import Actor, EventType, Role

E = EventType
NOTHING = d.Details()

FIRST_YEAR, LAST_YEAR = 1900, 2199
YEARS: Mapping[str, str | int] = {"first": FIRST_YEAR, "last": LAST_YEAR}
"""The same, as the sentence for a date beyond them names them."""
LARGEST = 36_500
"""No length of time and no other number in details is larger: a hundred years in days."""

_YEAR_FIRST = re.compile(r"([+-]?\d{4,9})-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in the world, and when and by whom it was recorded.

    `occurred_on`: the Oslo date; `occurred_at` beside it where the hour matters.
    `recorded_at`: the instant it became known here, UTC. `actor`: in whose name. `role`, `subject`, `source`: who
    recorded it, signed in as what, from which system. `place`: only in a history with inserted events, see `order`.
    """

    seq: int
    type: EventType
    occurred_on: date
    recorded_at: datetime
    actor: Actor
    role: Role
    subject: str
    source: str
    details: d.Details = NOTHING
    occurred_at: datetime | None = None
    corrected_by: int | None = None
    place: int | None = None

    @property
    def order(self) -> int:
        """Position in the history as it now reads: the number, unless an event was inserted before it."""
        return self.seq if self.place is None else self.place


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement(d.Details):
    """What a corrected event should have said."""

    type: EventType
    occurred_on: date
    details: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Insertion(d.Details):
    """A forgotten event, put in where it happened.

    `actor`: in whose name. `after_seq`: the event that it follows, where several share its day; None: it follows all of
    that day.
    """

    type: EventType
    occurred_on: date
    details: dict[str, Any]
    actor: Actor
    after_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(d.Details):
    """A correction of the event with number `corrects`; without a replacement the event is annulled.

    With `insert`, a forgotten event is put in and `corrects` is 0: no event.
    """

    corrects: int = 0
    reason: d.CorrectionReason
    replacement: Replacement | None = None
    insert: Insertion | None = None


SHAPE: dict[EventType, type[d.Details]] = {
    E.CASE_REGISTERED: d.CaseRegistered,
    E.SUSPECT_SET: d.Details,
    E.COORDINATION_REQUESTED: d.Details,
    E.INVESTIGATION_CLOSED: d.Details,
    E.TRANSFERRED_TO_FOLLOW_UP: d.TransferredToFollowUp,
    E.INDICTED: d.Indicted,
    E.JUDGMENT_GIVEN: d.JudgmentGiven,
    E.FOLLOW_UP_BY_JUDGMENT: d.FollowUpByJudgment,
    E.APPEALED: d.Appealed,
    E.APPEAL_DECIDED: d.AppealDecided,
    E.BECAME_FINAL: d.BecameFinal,
    E.EARLY_EXECUTION_ALLOWED: d.EarlyExecutionAllowed,
    E.DISPATCHED: d.Details,
    E.RECEIVED: d.Received,
    E.ASSIGNED: d.Assigned,
    E.INTERIM_CONDITIONS_STARTED: d.Details,
    E.POSTPONED: d.Postponed,
    E.POSTPONEMENT_ENDED: d.Details,
    E.PLAN_MEETING_HELD: d.PlanMeetingHeld,
    E.PLAN_SIGNED: d.PlanSigned,
    E.PLAN_FAILED: d.PlanFailed,
    E.CONSENT_WITHDRAWN: d.ConsentBy,
    E.BREACH_TALK_ORDERED: d.Details,
    E.BREACH_TALK_HELD: d.BreachTalkHeld,
    E.BREACH_CONDITIONS_LIFTED: d.Details,
    E.INTERRUPTED: d.Interrupted,
    E.RESUMED: d.Resumed,
    E.REPLAN_MEETING_HELD: d.ReplanMeetingHeld,
    E.REFERRED_FOR_BREACH: d.ReferredForBreach,
    E.PETITION_SENT: d.PetitionSent,
    E.PETITION_DECLINED: d.Details,
    E.ELECTRONIC_CONTROL_ORDERED: d.ElectronicControlOrdered,
    E.ELECTRONIC_CONTROL_ENDED: d.ElectronicControlEnded,
    E.PETITION_REJECTED: d.Details,
    E.CONVERSION_FINAL: d.ConversionFinal,
    E.REFERRED_FOR_RESUMPTION: d.ReferredForResumption,
    E.PROSECUTION_RESUMED: d.Details,
    E.PROSECUTION_NOT_RESUMED: d.Details,
    E.CLOSED_AFTER_NEW_OFFENCE: d.ClosedAfterNewOffence,
    E.DECISION_SET_ASIDE: d.DecisionSetAside,
    E.COMPLETED: d.Details,
    E.TERM_EXPIRED: d.Details,
    E.WINDOW_CLOSED: d.WindowClosed,
    E.OTHER_OUTCOME: d.OtherOutcomeReached,
    E.LAPSED: d.Lapsed,
    E.REOPENED: d.Reopened,
    E.OFFENCE_ADDED: d.OffenceAdded,
    E.CHARGED: d.Details,
    E.NOTE_ADDED: d.NoteAdded,
    E.TRANSFER_DECIDED: d.TransferDecided,
    E.TRANSFER_ACCEPTED: d.TransferAccepted,
    E.TRANSFER_DECLINED: d.Details,
    E.EXECUTION_REGIME_PINNED: d.ExecutionRegimePinned,
    E.RULES_MIGRATED: d.RulesMigrated,
    E.CORRECTED: Corrected,
    E.REOPENING_APPROVED: d.ReopeningApproved,
    E.PUM_ORDERED: d.PumOrdered,
    E.PUM_RETURNED: d.PumReturned,
    E.COORDINATION_MEETING_HELD: d.CoordinationMeetingHeld,
    E.CONSENT_GIVEN: d.ConsentGiven,
    E.CONSENT_REFUSED: d.ConsentBy,
    E.CONSENT_REVOKED: d.ConsentBy,
    E.SHARING_CONSENT_GIVEN: d.SharingConsentGiven,
    E.SHARING_CONSENT_WITHDRAWN: d.SharingConsentWithdrawn,
    E.HEARING_SCHEDULED: d.HearingScheduled,
    E.HEARING_STARTED: d.Details,
    E.JUDGMENT_SERVED: d.Details,
    E.APPEAL_REFERRED: d.Details,
    E.APPEAL_HEARING_STARTED: d.Details,
    E.FIRST_CONTACT: d.Details,
    E.TEAM_MEMBER_JOINED: d.MemberJoined,
    E.TEAM_MEMBER_LEFT: d.MemberLeft,
    E.YOUTH_CONFERENCE_HELD: d.Details,
    E.PLAN_APPROVED: d.PlanApproved,
    E.PLAN_CHANGED: d.PlanChanged,
    E.MEASURE_REQUESTED: d.Measure,
    E.MEASURE_ANSWERED: d.MeasureAnswered,
    E.MEASURE_STARTED: d.Measure,
    E.MEASURE_ATTENDED: d.MeasureAttended,
    E.MEASURE_ENDED: d.MeasureEnded,
    E.VICTIM_INVITED: d.VictimStep,
    E.VICTIM_ACCEPTED: d.VictimStep,
    E.VICTIM_DECLINED: d.VictimStep,
    E.VICTIM_WITHDREW: d.VictimStep,
    E.RESTORATIVE_MEETING_HELD: d.RestorativeMeetingHeld,
    E.OTHER_RESTORATIVE_PROCESS_HELD: d.Details,
    E.TEAM_MEETING_HELD: d.TeamMeetingHeld,
    E.DRUG_TEST_HELD: d.DrugTestHeld,
    E.DRUG_BAN_IMPOSED: d.Details,
    E.DRUG_BAN_LIFTED: d.Details,
    E.STAY_ABROAD_PERMITTED: d.StayAbroadPermitted,
    E.STAY_ABROAD_REFUSED: d.StayAbroadRefused,
    E.SURVEY_ANSWERED: d.Details,
    E.BREACH_RECORDED: d.BreachRecorded,
    E.BREACH_TALK_MISSED: d.Details,
    E.FETCH_REQUESTED: d.Details,
    E.YOUTH_HEARD: d.YouthHeard,
    E.NEW_OFFENCE_RECORDED: d.NewOffenceRecorded,
    E.COMPLAINT_FILED: d.ComplaintFiled,
    E.COMPLAINT_DECIDED: d.ComplaintDecided,
    E.WAIT_STARTED: d.WaitStarted,
    E.WAIT_ENDED: d.WaitEnded,
}
"""What each event type asks for."""

_CLASSES = {base for shape in SHAPE.values() for base in shape.__mro__ if issubclass(base, d.Details)}
TYPES_WITH: dict[type[d.Details], tuple[EventType, ...]] = {
    shape: tuple(kind for kind, details in SHAPE.items() if issubclass(details, shape)) for shape in _CLASSES
}
"""The event types whose details are of a class, or of a class derived from it."""


@cache
def reader(kind: EventType) -> TypeAdapter[Any]:
    """What reads, writes and describes the details of this type, made when it is first needed."""
    return TypeAdapter(SHAPE[kind])


def read_details(kind: EventType, raw: object) -> d.Details:
    """The details of an event from decoded JSON. Raises `BadDetails` with every problem and its place."""
    try:
        details: d.Details = reader(kind).validate_json(to_json(raw), strict=True)
    except ValidationError as error:
        raise BadDetails(kind, problems_of(error)) from None
    return details


@lru_cache(maxsize=2048)
def load_details(kind: EventType, stored: str | bytes) -> d.Details:
    """The details of an event from stored JSON text."""
    details: d.Details = reader(kind).validate_json(stored)
    return details


def dump_details(kind: EventType, details: d.Details) -> str:
    """The details as compact JSON text; what is left at its default is left out."""
    return reader(kind).dump_json(details, by_alias=True, exclude_defaults=True).decode()


def plain_details(kind: EventType, details: d.Details) -> dict[str, Any]:
    """The details as plain JSON values; what is left at its default is left out."""
    plain: dict[str, Any] = reader(kind).dump_python(details, mode="json", by_alias=True, exclude_defaults=True)
    return plain


@cache
def details_schema(kind: EventType) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the details of an event type."""
    return reader(kind).json_schema(by_alias=True)


def implausible(value: object, pointer: str = "") -> Iterator[Problem]:
    """Every date and number in these plain values that leaves the calendar, with its place."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from implausible(inner, f"{pointer}/{escaped(name)}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from implausible(inner, f"{pointer}/{place}")
    elif isinstance(value, str) and (written := _YEAR_FIRST.match(value)):
        if not FIRST_YEAR <= int(written[1]) <= LAST_YEAR:
            yield Problem(pointer, "date_out_of_range", "is too far away", values=YEARS)
    elif isinstance(value, int | float) and not 0 <= value <= LARGEST:
        kind, limit = ("greater_than_equal", 0) if value < 0 else ("less_than_equal", LARGEST)
        yield Problem(pointer, kind, "is too large or negative", values={"limit": limit})


def problems_of(error: ValidationError, under: str = "") -> list[Problem]:
    """What a reader found wrong, each with its place as a JSON Pointer below `under`."""
    errors = error.errors(include_url=False, include_input=False)
    return [
        Problem(
            under + "".join(f"/{escaped(part)}" for part in place_of(e)),
            e["type"],
            e["msg"],
            allowed_values(e),
            named_values(e),
        )
        for e in errors
    ]


def escaped(part: object) -> str:
    """As JSON Pointers have it (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")
