"""What is asked of a case and what is answered: plain values, handed between the layers."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ungdom.store.journal import StoredCase
from ungdom.store.schema.core import NumberKind
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.rules.permissions import Disclosure, Viewer
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import Actor, EventType, Sanction


@dataclass(frozen=True, slots=True)
class Recorder:
    """The person or system that asks, and the system it came through."""

    viewer: Viewer
    source: str


@dataclass(frozen=True, slots=True)
class Precondition:
    """The versions of a case on which a write may be made. `any_version`: on every one.

    `highest_version`: the highest version that the writer has named, whether it is among them or not; 0 when there is
    none.
    """

    versions: frozenset[int] = frozenset()
    highest_version: int = 0
    any_version: bool = False

    def holds(self, version: int) -> bool:
        """Whether the write may be made on this version."""
        return self.any_version or version in self.versions


@dataclass(frozen=True, slots=True)
class EventEntry:
    """What somebody wants to record."""

    type: EventType
    occurred_on: date
    details: d.Details
    occurred_at: datetime | None = None
    on_behalf_of: Actor | None = None


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be opened. `konfliktrad` None: the one that serves the municipality."""

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
class Correction:
    """A wish to correct event `seq`. `annul`: it never was. What is None stays as it was."""

    seq: int
    reason: d.CorrectionReason
    annul: bool
    type: EventType | None = None
    occurred_on: date | None = None
    details: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as it was on a day, as known at an instant, and the history it was told from.

    `disclosures`: what the reader may learn of it, as the case stands now. `shared_matters`: of a member of the team,
    the matters that law or consent let them learn now; None of whoever learns by their office.
    """

    stored: StoredCase
    case: Case
    on: date
    disclosures: frozenset[Disclosure] = frozenset()
    shared_matters: frozenset[Matter] | None = None

    def may_learn(self, matter: Matter) -> bool:
        """Whether the reader may learn this."""
        return self.shared_matters is None or matter in self.shared_matters
