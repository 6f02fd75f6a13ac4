"""An order: an extract for a purpose, as known at an instant and valid on a day.

All parameters are fixed before the first row is read, so that the same order gives the same rows at any time.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ungdom.extracts.catalogue import Extract, extract
from ungdom.extracts.columns.column import Dates, PurposeColumn
from ungdom.extracts.errors import NoKey, NotYet
from ungdom.extracts.pseudonyms import ExtractKeys, ExtractPseudonymiser, PseudonymKind, Pseudonyms
from ungdom.extracts.purposes import PUBLISHED, Purpose, Purposes, load
from ungdom.settings import Settings
from ungdom.store.settled import COMMIT_LAG, last_settled_day
from ungdom.texts import Language
from ungdom.workflow.calendar import last_moment, oslo_date
from ungdom.workflow.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `day`: the valid time; `known_at`: the transaction time, for a release its own.

    `pseudonyms`: None for an extract without pseudonyms. `labels`: the languages of the labels beside codes.
    `dummy`: its rows are of invented cases.
    """

    extract: Extract
    purpose: Purpose
    pseudonyms: Pseudonyms | None
    known_at: datetime
    day: date
    labels: tuple[Language, ...] = ()
    dummy: bool = False

    @property
    def dates(self) -> Dates:
        """The precision of days."""
        return self.purpose.dates[self.extract.name]

    @property
    def columns(self) -> tuple[PurposeColumn, ...]:
        """The columns, in order."""
        return self.purpose.columns(self.extract)

    def pseudonymiser(self, kind: PseudonymKind) -> ExtractPseudonymiser:
        """The pseudonyms of this kind. Raises `NoKey` for an order without pseudonyms."""
        if self.pseudonyms is None:
            raise NoKey(None)
        return self.pseudonyms.pseudonymiser(kind)

    def parameters(self) -> dict[str, Any]:
        """Everything that determines the rows, as JSON values."""
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
            **({"labels": list(self.labels)} if self.labels else {}),
            **({"dummy": True} if self.dummy else {}),
        }

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the parameters: equal for orders with the same rows."""
        return hashlib.sha256(json.dumps(self.parameters(), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Downloader:
    """Who downloads an extract."""

    subject: str
    role: Role


OPERATOR = Downloader("command-line", Role.SYSTEM)
"""Whoever runs the command on the machine of the service."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """The parameters that a client gives. `known_at`: None: the end of the last settled day.

    `day`: None: the day of `known_at`.

    `subject`: who orders; None: the operator of the installation. `labels`: the languages of the labels beside codes.
    """

    extract: str
    purpose: str
    known_at: datetime | None = None
    day: date | None = None
    subject: str | None = None
    labels: tuple[Language, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderService:
    """Makes orders from requests, with the purposes and keys of the installation."""

    purposes: Purposes
    keys: ExtractKeys

    def order(self, request: OrderRequest, now: datetime) -> Order:
        """The order. Raises `NoExtract`, `NoPurpose`, `PurposeOver`, `NotForPurpose`, `NotYet` or `NoKey`."""
        selected = extract(request.extract)
        purpose = self.purposes.granted(request.purpose, selected, oslo_date(now), request.subject)
        known_at, day = as_of(request.known_at, request.day, now)
        return Order(selected, purpose, self.keys.for_purpose(purpose.name), known_at, day, request.labels)


def order_service(settings: Settings) -> OrderService:
    """The order service of this installation. Raises `BadSettings`."""
    return OrderService(load(settings), ExtractKeys(settings.extract_keys))


def order_of_release(selected: Extract, known_at: datetime) -> Order:
    """The order of an extract of the release with this `known_at`."""
    return Order(selected, PUBLISHED, None, known_at.astimezone(UTC), oslo_date(known_at))


def as_of(known_at: datetime | None, day: date | None, now: datetime) -> tuple[datetime, date]:
    """The instant and the day, by default the end of the last settled day. Raises `NotYet`."""
    latest = now - COMMIT_LAG
    known = known_at or last_moment(last_settled_day(now))
    if known > latest:
        raise NotYet(known, latest)
    until = oslo_date(known)
    if day is not None and day > until:
        raise NotYet(day, until)
    return known.astimezone(UTC), day or until
