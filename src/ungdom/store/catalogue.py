"""The catalogue of measures: providers, what each carries out, and the room they had on a day. No person in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, insert, or_, select

from ungdom.store import bulk, tables
from ungdom.store.catalogue_tables import measure_availability, measure_offer, measure_provider
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
class Room:
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
class Asked:
    """Which part of the catalogue: of that office, municipality (and those of the whole office), measure, on a day."""

    on: date
    konfliktrad: str | None = None
    municipality: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A provider, the measures it carries out, and the room for each where it is known."""

    provider: Provider
    offers: tuple[str, ...]
    room: Mapping[str, Room]


def add(tx: Connection, new: Provider, offers: Iterable[str]) -> None:
    """Write a new provider and what it carries out."""
    tx.execute(insert(measure_provider), asdict(new))
    bulk.add(tx, measure_offer, [{"provider_id": new.provider_id, "code": code} for code in offers])


def tell(tx: Connection, new: Room) -> None:
    """Add what is known of the room: nothing that was known before is changed."""
    tx.execute(insert(measure_availability), asdict(new))


def put(tx: Connection, one: Provider, offers: Iterable[str], rooms: Iterable[Room]) -> None:
    """Make a provider, what it carries out and the room it had equal to these; what else is known stays."""
    bulk.upsert(tx, measure_provider, [asdict(one)])
    missing = set(offers) - set(tx.scalars(select(OFFER.code).where(OFFER.provider_id == one.provider_id)))
    bulk.add(tx, measure_offer, [{"provider_id": one.provider_id, "code": code} for code in sorted(missing)])
    bulk.upsert(tx, measure_availability, [asdict(room) for room in rooms])


def find(tx: Connection, provider_id: UUID) -> tuple[Provider, frozenset[str]] | None:
    """A provider and what it carries out; None when there is none."""
    row = tx.execute(select(measure_provider).where(P.provider_id == provider_id)).mappings().one_or_none()
    if row is None:
        return None
    return Provider(**row), frozenset(tx.scalars(select(OFFER.code).where(OFFER.provider_id == provider_id)))


def page(tx: Connection, asked: Asked, after: UUID | None, limit: int) -> list[Entry]:
    """Providers, the oldest entry first, with what they carry out and the room they had; from after this one on."""
    query = _asked(select(measure_provider), asked).order_by(P.provider_id).limit(limit)
    rows = tx.execute(query.where(P.provider_id > after) if after else query).mappings()
    return _entries(tx, [Provider(**row) for row in rows], asked.on)


def entry(tx: Connection, provider_id: UUID, on: date) -> Entry | None:
    """This provider, with what it carries out and the room it had on that day; None when there is none."""
    row = tx.execute(select(measure_provider).where(P.provider_id == provider_id)).mappings().one_or_none()
    return _entries(tx, [Provider(**row)], on)[0] if row else None


def known(tx: Connection, ids: Iterable[str]) -> dict[str, Provider]:
    """The providers of the catalogue among these, by the id that events name them with."""
    wanted = [one for one in (_uuid(name) for name in ids) if one is not None]
    if not wanted:
        return {}
    rows = tx.execute(select(measure_provider).where(P.provider_id.in_(wanted))).mappings()
    return {str(row["provider_id"]): Provider(**row) for row in rows}


def agency_names(tx: Connection, language: str) -> dict[str, str]:
    """What every agency of the reference data is called."""
    name = tables.agency.c[f"name_{language}"]
    return {row.code: row.name for row in tx.execute(select(tables.agency.c.code, name.label("name")))}


def _asked(query: Select[Any], asked: Asked) -> Select[Any]:
    found = query.where(P.valid_from <= asked.on, or_(P.valid_until.is_(None), P.valid_until >= asked.on))
    if asked.konfliktrad:
        found = found.where(P.konfliktrad == asked.konfliktrad)
    if asked.municipality:
        found = found.where(_serves(asked.municipality))
    if asked.code:
        found = found.where(exists().where(OFFER.provider_id == P.provider_id, OFFER.code == asked.code))
    return found


def _serves(municipality: str) -> ColumnElement[bool]:
    """Those of the municipality, and those of the whole konfliktråd that serves it."""
    towns = tables.municipality.c
    office = select(towns.konfliktrad).where(towns.number == municipality).scalar_subquery()
    return or_(P.municipality == municipality, and_(P.municipality.is_(None), P.konfliktrad == office))


def _entries(tx: Connection, found: Sequence[Provider], on: date) -> list[Entry]:
    ids = [one.provider_id for one in found]
    offers: dict[UUID, list[str]] = {}
    for row in tx.execute(select(measure_offer).where(OFFER.provider_id.in_(ids)).order_by(OFFER.code)):
        offers.setdefault(row.provider_id, []).append(row.code)
    rooms: dict[UUID, dict[str, Room]] = {}
    for room in _rooms(tx, ids, on):
        rooms.setdefault(room.provider_id, {})[room.code] = room
    return [Entry(one, tuple(offers.get(one.provider_id, ())), rooms.get(one.provider_id, {})) for one in found]


def _rooms(tx: Connection, ids: Sequence[UUID], on: date) -> Iterator[Room]:
    """Of each provider and measure what was known last of that day or an earlier one."""
    newest = func.row_number().over(
        partition_by=(A.provider_id, A.code),
        order_by=(A.as_of.desc(), A.recorded_at.desc(), A.availability_id.desc()),
    )
    told = select(measure_availability, newest.label("nth")).where(A.provider_id.in_(ids), A.as_of <= on).subquery()
    columns = [told.c[column.name] for column in measure_availability.columns]
    return (Room(**row) for row in tx.execute(select(*columns).where(told.c.nth == 1)).mappings())


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
