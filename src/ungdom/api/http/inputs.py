"""What comes in. Unknown fields are refused; days are days; text about people holds nothing that cannot be seen."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom import message
from ungdom.message.text import CodeText, CursorText, LineText, NoteText, ReferenceText, SearchText
from ungdom.workflow import patterns
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.errors import BadDetails
from ungdom.workflow.events import FIRST_YEAR, LAST_YEAR, YEARS, implausible
from ungdom.workflow.payloads import CorrectionReason, Offence
from ungdom.workflow.payloads.base import Provision, ends_before_it_begins
from ungdom.workflow.vocabulary import Actor, EventType, OffenceGroup, Party, Phase, Sanction, State

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


# --- days and numbers ------------------------------------------------------------------------------------------------


def _day(value: object) -> object:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return _parse_calendar(value)
    raise PydanticCustomError("date_parsing", "is not a date")


def _day_or_instant(value: object) -> object:
    text = value.upper() if isinstance(value, str) else ""
    if not _INSTANT.fullmatch(text):
        return _day(value)
    moment = _parse_calendar(text)
    if moment.tzinfo is None:
        raise PydanticCustomError("timezone_missing", "has no offset from UTC")
    return moment


def _parse_calendar(text: str) -> Any:
    try:
        parsed = date.fromisoformat(text) if _DATE.fullmatch(text) else datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("date_parsing", "is not in the calendar") from None
    if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        raise PydanticCustomError("date_out_of_range", "is too far away", dict(YEARS))
    return parsed


Sort = Literal[
    "registered_on",
    "-registered_on",
    "received_on",
    "-received_on",
    "next_due_on",
    "-next_due_on",
    "adjusted_end",
    "-adjusted_end",
    "closed_on",
    "-closed_on",
    "turns_18_on",
    "-turns_18_on",
    "reference",
    "-reference",
]
Number = Annotated[str, Field(pattern=patterns.CASE_NUMBER)]
CivilDay = Annotated[date, BeforeValidator(_day)]
"""A civil date, `2025-05-08` and in no other form."""
Day = Annotated[date | datetime, BeforeValidator(_day_or_instant)]
"""A civil date, or an instant with its offset where the hour matters: the date is then the one in Norway."""


def day_of(value: date) -> tuple[date, datetime | None]:
    """The Oslo date, and the instant when one was given."""
    return (oslo_date(value), value) if isinstance(value, datetime) else (value, None)


def plausible(kind: EventType, details: dict[str, Any]) -> dict[str, Any]:
    """The details, if no date and no number in them leaves the calendar. Raises `BadDetails`."""
    problems = list(implausible(details))
    if problems:
        raise BadDetails(kind, problems)
    return details


# --- bodies and queries -------------------------------------------------------------------------------------------


DEFAULT_LIMIT, MAX_LIMIT = 50, 200
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
"""How many items a page has at most: one rule for every list."""


class Input(BaseModel):
    """What comes in."""

    model_config = ConfigDict(extra="forbid")


class GuardianIn(Input):
    """A guardian (verge)."""

    name: LineText
    contact: LineText | None = None


class PersonIn(Input):
    """The youth. The identity number is optional; one that fails the check is kept and flagged."""

    given_name: LineText
    family_name: LineText
    born: CivilDay
    national_id: Annotated[str, Field(pattern=patterns.IDENTITY_NUMBER)] | None = None
    sex: Literal["female", "male", "unknown"] = "unknown"
    contact: LineText | None = None
    protection: Literal["none", "confidential", "strictly_confidential"] = "none"
    guardians: Annotated[list[GuardianIn], Field(max_length=8)] = []

    @property
    def as_person(self) -> message.Person:
        """The youth as a message tells of one."""
        named = tuple(message.Guardian(name=guardian.name, contact=guardian.contact) for guardian in self.guardians)
        return message.Person(**{**dict(self), "guardians": named})


class OffenceIn(Input):
    """One act (handling): when, which group, which provision. `until` when it lasted."""

    on: CivilDay
    until: CivilDay | None = None
    group: OffenceGroup | None = None
    statute: Provision | None = None

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.until is not None and self.until < self.on:
            raise ends_before_it_begins("on", "until")
        return self

    @property
    def as_offence(self) -> Offence:
        """The act as events hold it."""
        return Offence(on=self.on, until=self.until, group=self.group, statute=self.statute)


MAX_AGE_AT_OFFENCE = 40
"""Years. A youth is under 18 at the act; whoever was older than this is taken for a slip of the pen."""


class NewCaseIn(Input):
    """A case to open by hand. The municipality of residence decides the konfliktråd.

    It may be left out, with a graded address for one, and then the konfliktråd is named.
    """

    sanction: Sanction
    occurred_on: Day
    municipality: Annotated[str, Field(pattern=patterns.MUNICIPALITY)] | None = None
    konfliktrad: CodeText | None = None
    person: PersonIn
    police_case_numbers: Annotated[list[Number], Field(max_length=50)] = []
    court_case_number: Number | None = None
    offences: Annotated[list[OffenceIn], Field(min_length=1, max_length=200)]
    repeated_or_serious: bool = False
    on_behalf_of: Actor | None = None

    @model_validator(mode="after")
    def _born_before_the_first_act(self) -> Self:
        first = min(offence.on for offence in self.offences)
        if self.person.born >= min(first, day_of(self.occurred_on)[0]):
            raise PydanticCustomError("born_after_offence", "is born too late", {"field": ("person", "born")})
        if first.year - self.person.born.year > MAX_AGE_AT_OFFENCE:
            named = {"field": ("person", "born"), "le": MAX_AGE_AT_OFFENCE}
            raise PydanticCustomError("born_too_early", "is born too early", named)
        return self


class EventIn(Input):
    """One event: its type, the day it happened, and what that type asks for (`GET …/options` has the JSON Schema)."""

    type: EventType
    occurred_on: Day
    details: dict[str, Any] = {}
    on_behalf_of: Actor | None = None
    note: NoteText | None = None

    @model_validator(mode="after")
    def _note_with_its_event(self) -> Self:
        if (self.note is not None) != (self.type is EventType.NOTE_ADDED):
            both = "a note comes with note_added, and note_added with a note"
            raise PydanticCustomError("note_with_its_event", both, {"field": "note"})
        return self


class ReplacementIn(Input):
    """What the corrected event should have said. `type` is the same unless it was the wrong one."""

    type: EventType | None = None
    occurred_on: CivilDay | None = None
    details: dict[str, Any] | None = None


class CorrectionIn(Input):
    """A correction of event number `seq`; `replacement` null annuls it."""

    seq: Annotated[int, Field(ge=1, le=1_000_000)]
    reason: CorrectionReason
    replacement: ReplacementIn | None


class NoQuery(Input):
    """Nothing is asked in the address."""


class AsOf(Input):
    """Time travel: as it was on a day in the world, as known at an instant (a date: the end of that day in Norway)."""

    valid_at: CivilDay | None = None
    known_at: Day | None = None


class DryRun(Input):
    """`dry_run`: answer with what would change, and write nothing."""

    dry_run: bool = False


class CaseFilterQuery(AsOf):
    """Which cases, by where they stand and with whom."""

    state: State | None = None
    phase: Phase | None = None
    sanction: Sanction | None = None
    konfliktrad: CodeText | None = None
    coordinator: ReferenceText | None = None
    waiting_for: Party | None = None
    overdue: bool | None = None


class ListQuery(CaseFilterQuery):
    """Filters and order of the list of cases."""

    q: SearchText | None = None
    sort: Sort | None = None
    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = None

    @model_validator(mode="after")
    def _past_in_order_of_opening(self) -> Self:
        if self.sort and (self.valid_at or self.known_at):
            order = "a list of the past comes in the order the cases were opened"
            raise PydanticCustomError("sort_of_the_past", order, {"field": "sort"})
        return self
