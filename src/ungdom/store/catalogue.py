"""The catalogue of measures: providers, what each carries out, and the room they had on a day. No person in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, insert, or_, select

from ungdom.store import bulk
from ungdom.store.schema import core as tables
from ungdom.store.schema.catalogue import measure_availability, measure_offer, measure_provider
from ungdom.workflow.measure_list import Availability

P, OFFER, A = measure_provider.c, measure_offer.c, measure_availability.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider. `municipality` None: it serves the whole konfliktråd. From one day until and with another."""

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
    """What was known of the room for one measure at one provider, as it was on that day."""

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
    """Which part of the catalogue: of that office, municipality (and those of the whole office), measure, on a day."""

    on: date
    konfliktrad: str | None = None
    municipality: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A provider, the measures it carries out, and the room for each where it is known."""

    provider: Provider
    offers: tuple[str, ...]
    availability: Mapping[str, MeasureAvailability]


def add(tx: Connection, new: Provider, offers: Iterable[str]) -> None:
    """Write a new provider and what it carries out."""
    tx.execute(insert(measure_provider), asdict(new))
    bulk.add(tx, measure_offer, [{"provider_id": new.provider_id, "code": code} for code in offers])


def add_availability(tx: Connection, new: MeasureAvailability) -> None:
    """Add what is known of the room: nothing that was known before is changed."""
    tx.execute(insert(measure_availability), asdict(new))


def upsert_provider(
    tx: Connection, provider: Provider, offers: Iterable[str], availabilities: Iterable[MeasureAvailability]
) -> None:
    """Make a provider, what it carries out and the room it had equal to these; what else is known stays."""
    bulk.upsert(tx, measure_provider, [asdict(provider)])
    missing = set(offers) - set(tx.scalars(select(OFFER.code).where(OFFER.provider_id == provider.provider_id)))
    bulk.add(tx, measure_offer, [{"provider_id": provider.provider_id, "code": code} for code in sorted(missing)])
    bulk.upsert(tx, measure_availability, [asdict(item) for item in availabilities])


def find(tx: Connection, provider_id: UUID) -> tuple[Provider, frozenset[str]] | None:
    """A provider and what it carries out; None when there is none."""
    row = tx.execute(select(measure_provider).where(P.provider_id == provider_id)).mappings().one_or_none()
    if row is None:
        return None
    return Provider(**row), frozenset(tx.scalars(select(OFFER.code).where(OFFER.provider_id == provider_id)))


def page(tx: Connection, filters: CatalogueFilter, after: UUID | None, limit: int) -> list[CatalogueEntry]:
    """Providers, the oldest entry first, with what they carry out and the room they had; from after this one on."""
    query = _apply_filters(select(measure_provider), filters).order_by(P.provider_id).limit(limit)
    rows = tx.execute(query.where(P.provider_id > after) if after else query).mappings()
    return _entries(tx, [Provider(**row) for row in rows], filters.on)


def entry(tx: Connection, provider_id: UUID, on: date) -> CatalogueEntry | None:
    """This provider, with what it carries out and the room it had on that day; None when there is none."""
    row = tx.execute(select(measure_provider).where(P.provider_id == provider_id)).mappings().one_or_none()
    return _entries(tx, [Provider(**row)], on)[0] if row else None


def providers_by_id(tx: Connection, ids: Iterable[str]) -> dict[str, Provider]:
    """The providers of the catalogue among these, by the id that events name them with."""
    wanted = [provider_id for provider_id in (_uuid(name) for name in ids) if provider_id is not None]
    if not wanted:
        return {}
    rows = tx.execute(select(measure_provider).where(P.provider_id.in_(wanted))).mappings()
    return {str(row["provider_id"]): Provider(**row) for row in rows}


def agency_names(tx: Connection, language: str) -> dict[str, str]:
    """What every agency of the reference data is called."""
    name = tables.agency.c[f"name_{language}"]
    return {row.code: row.name for row in tx.execute(select(tables.agency.c.code, name.label("name")))}


def _apply_filters(query: Select[Any], filters: CatalogueFilter) -> Select[Any]:
    filtered = query.where(P.valid_from <= filters.on, or_(P.valid_until.is_(None), P.valid_until >= filters.on))
    if filters.konfliktrad:
        filtered = filtered.where(P.konfliktrad == filters.konfliktrad)
    if filters.municipality:
        filtered = filtered.where(_serves(filters.municipality))
    if filters.code:
        filtered = filtered.where(exists().where(OFFER.provider_id == P.provider_id, OFFER.code == filters.code))
    return filtered


def _serves(municipality: str) -> ColumnElement[bool]:
    """Those of the municipality, and those of the whole konfliktråd that serves it."""
    towns = tables.municipality.c
    office = select(towns.konfliktrad).where(towns.number == municipality).scalar_subquery()
    return or_(P.municipality == municipality, and_(P.municipality.is_(None), P.konfliktrad == office))


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
    """Of each provider and measure what was known last of that day or an earlier one."""
    newest = func.row_number().over(
        partition_by=(A.provider_id, A.code),
        order_by=(A.as_of.desc(), A.recorded_at.desc(), A.availability_id.desc()),
    )
    numbered = select(measure_availability, newest.label("nth")).where(A.provider_id.in_(ids), A.as_of <= on).subquery()
    columns = [numbered.c[column.name] for column in measure_availability.columns]
    return (MeasureAvailability(**row) for row in tx.execute(select(*columns).where(numbered.c.nth == 1)).mappings())


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
