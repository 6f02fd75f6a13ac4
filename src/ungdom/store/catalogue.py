"""The catalogue of measures: providers, the measures they offer, and their availability per day. No personal data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, and_, exists, func, insert, or_, select

from ungdom.store import bulk, chain_changes
from ungdom.store.schema.catalogue import measure_availability, measure_offer, measure_provider
from ungdom.store.schema.reference import municipality
from ungdom.workflow.measure_list import Availability

P, OFFER, A = measure_provider.c, measure_offer.c, measure_availability.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider. `municipality` None: it serves the whole konfliktråd. `valid_until`: the last day."""

    provider_id: UUID
    name: str
    konfliktrad: str
    municipality: str | None
    agency: str
    valid_from: date
    valid_until: date | None
    written_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureAvailability:
    """The availability of one measure at one provider on a day."""

    availability_id: UUID
    provider_id: UUID
    code: str
    as_of: date
    status: Availability
    places: int | None
    waiting_days: int | None
    written_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFilter:
    """Conditions on the catalogue. `municipality`: also matches providers of its whole konfliktråd. `on`: the day."""

    on: date
    konfliktrad: str | None = None
    municipality: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A provider, the measures it offers, and the availability of each if it is known."""

    provider: Provider
    offers: tuple[str, ...]
    availability: Mapping[str, MeasureAvailability]


def add(tx: Connection, new: Provider, offers: Iterable[str]) -> None:
    """Writes a new provider and the measures it offers."""
    tx.execute(insert(measure_provider), asdict(new))
    chain_changes.record(tx, measure_provider, asdict(new))
    _add_offers(tx, new.provider_id, offers)


def add_availability(tx: Connection, new: MeasureAvailability) -> None:
    """Adds an availability; earlier rows are kept."""
    tx.execute(insert(measure_availability), asdict(new))
    chain_changes.record(tx, measure_availability, asdict(new))


def upsert_provider(
    tx: Connection, provider: Provider, offers: Iterable[str], availabilities: Iterable[MeasureAvailability]
) -> None:
    """Writes or updates a provider, and adds missing measures and availabilities; nothing is deleted."""
    bulk.upsert(tx, measure_provider, [asdict(provider)])
    chain_changes.record(tx, measure_provider, asdict(provider))
    missing = set(offers) - set(tx.scalars(select(OFFER.code).where(OFFER.provider_id == provider.provider_id)))
    _add_offers(tx, provider.provider_id, sorted(missing))
    added = bulk.add_missing(tx, measure_availability, [asdict(item) for item in availabilities])
    chain_changes.record(tx, measure_availability, *added)


def _add_offers(tx: Connection, provider_id: UUID, codes: Iterable[str]) -> None:
    rows = [{"provider_id": provider_id, "code": code} for code in codes]
    bulk.add(tx, measure_offer, rows)
    chain_changes.record(tx, measure_offer, *rows)


def find(tx: Connection, provider_id: UUID) -> tuple[Provider, frozenset[str]] | None:
    """A provider and the measures it offers; None if there is none."""
    row = tx.execute(select(measure_provider).where(P.provider_id == provider_id)).mappings().one_or_none()
    if row is None:
        return None
    return Provider(**row), frozenset(tx.scalars(select(OFFER.code).where(OFFER.provider_id == provider_id)))


def page(tx: Connection, filters: CatalogueFilter, after: UUID | None, limit: int) -> list[CatalogueEntry]:
    """One page of providers after this one, oldest first, with measures and availability on the day."""
    query = _apply_filters(select(measure_provider), filters).order_by(P.provider_id).limit(limit)
    rows = tx.execute(query.where(P.provider_id > after) if after else query).mappings()
    return _entries(tx, [Provider(**row) for row in rows], filters.on)


def entry(tx: Connection, provider_id: UUID, on: date) -> CatalogueEntry | None:
    """This provider with measures and availability on that day; None if there is none."""
    row = tx.execute(select(measure_provider).where(P.provider_id == provider_id)).mappings().one_or_none()
    return _entries(tx, [Provider(**row)], on)[0] if row else None


def providers_by_id(tx: Connection, ids: Iterable[str]) -> dict[str, Provider]:
    """The providers of the catalogue among these ids, by the id as written in events."""
    wanted: list[UUID] = []
    for name in ids:
        with suppress(ValueError):
            wanted.append(UUID(name))
    if not wanted:
        return {}
    rows = tx.execute(select(measure_provider).where(P.provider_id.in_(wanted))).mappings()
    return {str(row["provider_id"]): Provider(**row) for row in rows}


def _apply_filters(query: Select[Any], filters: CatalogueFilter) -> Select[Any]:
    filtered = query.where(P.valid_from <= filters.on, or_(P.valid_until.is_(None), P.valid_until >= filters.on))
    if filters.konfliktrad:
        filtered = filtered.where(P.konfliktrad == filters.konfliktrad)
    if filters.municipality:
        here = municipality.c.number == filters.municipality
        office = select(municipality.c.konfliktrad).where(here).scalar_subquery()
        whole_office = and_(P.municipality.is_(None), P.konfliktrad == office)
        filtered = filtered.where(or_(P.municipality == filters.municipality, whole_office))
    if filters.code:
        filtered = filtered.where(exists().where(OFFER.provider_id == P.provider_id, OFFER.code == filters.code))
    return filtered


def _entries(tx: Connection, providers: Sequence[Provider], on: date) -> list[CatalogueEntry]:
    ids = [provider.provider_id for provider in providers]
    offers: dict[UUID, list[str]] = {}
    for row in tx.execute(select(measure_offer).where(OFFER.provider_id.in_(ids)).order_by(OFFER.code)):
        offers.setdefault(row.provider_id, []).append(row.code)
    availability: dict[UUID, dict[str, MeasureAvailability]] = {}
    for latest in _latest_availability(tx, ids, on):
        availability.setdefault(latest.provider_id, {})[latest.code] = latest
    return [
        CatalogueEntry(
            provider, tuple(offers.get(provider.provider_id, ())), availability.get(provider.provider_id, {})
        )
        for provider in providers
    ]


def _latest_availability(tx: Connection, ids: Sequence[UUID], on: date) -> Iterator[MeasureAvailability]:
    """Per provider and measure the newest availability of that day or earlier."""
    newest = func.row_number().over(
        partition_by=(A.provider_id, A.code),
        order_by=(A.as_of.desc(), A.recorded_at.desc(), A.availability_id.desc()),
    )
    numbered = select(measure_availability, newest.label("nth")).where(A.provider_id.in_(ids), A.as_of <= on).subquery()
    columns = [numbered.c[column.name] for column in measure_availability.columns]
    return (MeasureAvailability(**row) for row in tx.execute(select(*columns).where(numbered.c.nth == 1)).mappings())
