"""What is asked for: an extract for a purpose, as known at an instant and as it stood on a day.

It is settled before a row is read, so that the same order gives the same rows whenever it is carried out.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ungdom.extracts.catalogue import Extract, extract
from ungdom.extracts.columns.column import Dates, PurposeColumn
from ungdom.extracts.errors import NoKey, NotYet
from ungdom.extracts.pseudonyms import ExtractKeys, ExtractPseudonymiser, PseudonymKind, Pseudonyms
from ungdom.extracts.purposes import PUBLISHED, Purpose, Purposes
from ungdom.workflow.calendar import last_moment, oslo_date
from ungdom.workflow.vocabulary import Role

SETTLED = timedelta(minutes=10)
"""What was recorded may still be on its way to its commit for so long: what is known then is not settled earlier."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `day`: the day that cases are told as on; `known_at`: nothing recorded later is looked at.

    `pseudonyms`: None: nothing in it has one. Of a release `known_at` is its own.
    """

    extract: Extract
    purpose: Purpose
    pseudonyms: Pseudonyms | None
    known_at: datetime
    day: date

    @property
    def dates(self) -> Dates:
        """How exactly days are told."""
        return self.purpose.dates[self.extract.name]

    @property
    def columns(self) -> tuple[PurposeColumn, ...]:
        """The columns, in order."""
        return self.purpose.columns(self.extract)

    def pseudonymiser(self, kind: PseudonymKind) -> ExtractPseudonymiser:
        """What gives the pseudonyms of this kind. Raises `NoKey` when there are none."""
        if self.pseudonyms is None:
            raise NoKey(None)
        return self.pseudonyms.pseudonymiser(kind)

    def parameters(self) -> dict[str, Any]:
        """Everything that decides which rows these are, in plain values."""
        key = self.pseudonyms
        return {
            "extract": self.extract.name,
            "version": self.extract.version,
            "definition": self.extract.definition,
            "purpose": self.purpose.name,
            "dates": str(self.dates),
            "without": sorted(self.purpose.without & {column.name for column in self.extract.columns}),
            "key_version": key.version if key else None,
            "key_check": key.check if key else None,
            "known_at": self.known_at.isoformat(),
            "valid_at": self.day.isoformat(),
        }

    @property
    def fingerprint(self) -> str:
        """What tells the rows of this order from those of others."""
        return hashlib.sha256(json.dumps(self.parameters(), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Downloader:
    """Who takes it out."""

    subject: str
    role: Role


OPERATOR = Downloader("command-line", Role.SYSTEM)
"""Whoever runs the command on the machine itself."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What somebody asks for. `known_at`, `day`: None: as of the end of yesterday, and the day of `known_at`.

    `subject`: who asks; None: the operator of the installation.
    """

    extract: str
    purpose: str
    known_at: datetime | None = None
    day: date | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class OrderService:
    """Where orders are taken: the purposes and the keys of the installation."""

    purposes: Purposes
    keys: ExtractKeys

    def order(self, request: OrderRequest, now: datetime) -> Order:
        """The order. Raises every error of `extracts.errors` that stands in its way."""
        selected = extract(request.extract)
        purpose = self.purposes.granted(request.purpose, selected, oslo_date(now), request.subject)
        known_at, day = as_of(request.known_at, request.day, now)
        return Order(selected, purpose, self.keys.for_purpose(purpose.name), known_at, day)


def order_of_release(selected: Extract, known_at: datetime) -> Order:
    """The order of an extract that is made of the release of this instant."""
    return Order(selected, PUBLISHED, None, known_at.astimezone(UTC), oslo_date(known_at))


def as_of(known_at: datetime | None, day: date | None, now: datetime) -> tuple[datetime, date]:
    """The instant and the day that are meant: without them the end of yesterday, and its day. Raises `NotYet`."""
    latest = now - SETTLED
    known = known_at or last_moment(oslo_date(now) - timedelta(days=1))
    if known > latest:
        raise NotYet(known, latest)
    until = oslo_date(known)
    if day is not None and day > until:
        raise NotYet(day, until)
    return known.astimezone(UTC), day or until
