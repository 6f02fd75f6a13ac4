"""The values that callers pass to the uses of a case, and the view that they get."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ungdom.store.journal import StoredCase
from ungdom.store.schema.cases import NumberKind
from ungdom.workflow import payloads as d
from ungdom.workflow import redaction
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import Event
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.permissions import Disclosure, Viewer
from ungdom.workflow.rules.sharing import Matter, SharingDecision
from ungdom.workflow.vocabulary import Actor, EventType, Sanction


@dataclass(frozen=True, slots=True)
class Recorder:
    """The person or system that records, and the system through which they do."""

    viewer: Viewer
    source: str


@dataclass(frozen=True, slots=True)
class Precondition:
    """The versions of a case on which a write may be made. `any_version`: on every one.

    `highest_version`: the highest version that the writer named, among `versions` or not; 0 without one.
    """

    versions: frozenset[int] = frozenset()
    highest_version: int = 0
    any_version: bool = False

    def holds(self, version: int) -> bool:
        """Whether the write may be made on this version."""
        return self.any_version or version in self.versions


@dataclass(frozen=True, slots=True)
class EventEntry:
    """An event to record."""

    type: EventType
    occurred_on: date
    details: d.Details
    occurred_at: datetime | None = None
    on_behalf_of: Actor | None = None


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to open. `konfliktrad` None: the one that serves the municipality."""

    sanction: Sanction
    occurred_on: date
    person: UUID
    youth: Youth
    offences: tuple[d.Offence, ...]
    municipality: str | None = None
    konfliktrad: str | None = None
    repeated_or_serious: bool = False
    numbers: tuple[tuple[NumberKind, str], ...] = ()
    occurred_at: datetime | None = None
    on_behalf_of: Actor | None = None


@dataclass(frozen=True, slots=True)
class ForgottenEvent:
    """An event to put in where it happened. `after_seq`: the event of the same day that it follows."""

    type: EventType
    occurred_on: date
    details: dict[str, Any]
    after_seq: int | None = None
    on_behalf_of: Actor | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction of event `seq`. `annul`: it never happened. A field that is None stays unchanged.

    With `insert`, that event is put in where it happened, and `seq` is 0.
    """

    seq: int
    reason: d.CorrectionReason
    annul: bool
    type: EventType | None = None
    occurred_on: date | None = None
    details: dict[str, Any] | None = None
    insert: ForgottenEvent | None = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as it was on a day, as known at an instant, with the history it was folded from.

    `disclosures`: what the reader may learn of it, by the present state of the case. `shared_matters`: the matters that
    law or consent let a reader outside the office learn now; None for the office. `agencies`: as which such a reader
    learns them. `decisions`: the same matters one by one, as the team view lists them. `by_own_numbers`: the reader
    counts the events that they may learn, so that no number tells of others.
    """

    stored: StoredCase
    case: Case
    on: date
    disclosures: frozenset[Disclosure] = frozenset()
    shared_matters: frozenset[Matter] | None = None
    agencies: tuple[Attendee, ...] = ()
    decisions: tuple[tuple[Attendee, tuple[SharingDecision, ...]], ...] = ()
    by_own_numbers: bool = False

    def may_learn(self, matter: Matter) -> bool:
        """Whether the reader may learn of this matter."""
        return redaction.may_learn(self, matter)

    @property
    def events(self) -> list[Event]:
        """The events as stored that the reader may learn of."""
        return redaction.learnt_events(self, self.stored.events)

    @property
    def numbers(self) -> dict[int, int]:
        """The number under which the reader knows each event that they may learn of."""
        if not self.by_own_numbers:
            return {event.seq: event.seq for event in self.stored.events}
        return {event.seq: number for number, event in enumerate(self.events, 1)}

    @property
    def version(self) -> int:
        """The version of the case as the reader counts it."""
        return len(self.numbers) if self.by_own_numbers else self.stored.version
