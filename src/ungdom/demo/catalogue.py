"""The synthetic catalogue of measures: invented providers, independent of the case load."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from uuid import UUID

from ungdom.demo import parameters
from ungdom.demo.people import leader, municipalities
from ungdom.demo.random_draws import RandomDraws
from ungdom.store import catalogue
from ungdom.store.catalogue import MeasureAvailability, Provider
from ungdom.store.session import Connection
from ungdom.workflow.measure_list import Availability

KINDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("skole", "skole", ("education_work_community", "residence_work_education")),
    ("nav", "arbeidstrening", ("education_work_community", "residence_work_education")),
    ("kommunal_rustjeneste", "rusteam", ("programme_or_treatment", "programme", "abstinence_testing")),
    ("bup", "poliklinikk", ("programme_or_treatment",)),
    ("utekontakt", "ungdomsteam", ("programme_or_treatment", "programme", "other_suitable")),
    ("frivillig", "frivilligsentral", ("community_tasks", "other_suitable")),
    ("idrettslag", "idrettslag", ("community_tasks", "other_suitable")),
)
"""Agency, name of such a provider, and the measures that it carries out."""

PLACES = (
    "Vimsemyr", "Duskhei", "Snurrevik", "Plingnes", "Trillebakk", "Surrelia", "Humlepytt", "Knirkeby", "Rabarbravik",
    "Tøffelmoen", "Fjompenes", "Sløyfedal",
)  # fmt: skip
"""Invented place names."""
QUARTERS, QUARTER = 8, 91
STATUSES = ((Availability.OPEN, 0.62), (Availability.WAITING_LIST, 0.28), (Availability.CLOSED, 0.1))


@cache
def of_office(office: str) -> dict[str, Provider]:
    """The providers of a konfliktråd, one of each kind, by agency."""
    rng = Random(f"catalogue {office}")
    towns = municipalities()[office]
    at = datetime.combine(parameters.FIRST_DAY, datetime.min.time(), UTC)
    return {
        agency: Provider(
            provider_id=UUID(int=rng.getrandbits(128), version=4),
            name=f"{rng.choice(PLACES)} {noun}",
            konfliktrad=office,
            municipality=rng.choice((None, *towns[:3])),
            agency=agency,
            valid_from=parameters.FIRST_DAY,
            valid_until=None,
            written_by=leader(office),
            created_at=at,
        )
        for agency, noun, _ in KINDS
    }


def write(tx: Connection, today: date) -> None:
    """Write the catalogue of every office, with availability over the last two years. Idempotent."""
    offers = {agency: codes for agency, _, codes in KINDS}
    for office in parameters.OFFICES:
        for agency, provider in of_office(office.code).items():
            rng = Random(f"room {provider.provider_id} {today}")
            days = [today - timedelta(days=QUARTER * n + rng.randrange(20)) for n in range(QUARTERS, 0, -1)]
            availability = [_availability(rng, provider, code, day) for day in days for code in offers[agency]]
            catalogue.upsert_provider(tx, provider, offers[agency], availability)


def _availability(rng: Random, provider: Provider, code: str, day: date) -> MeasureAvailability:
    status = RandomDraws(rng).pick(STATUSES)
    return MeasureAvailability(
        availability_id=UUID(int=rng.getrandbits(128), version=4),
        provider_id=provider.provider_id,
        code=code,
        as_of=day,
        status=status,
        places=rng.randrange(1, 6) if status is Availability.OPEN else None,
        waiting_days=rng.randrange(14, 120) if status is Availability.WAITING_LIST else None,
        written_by=provider.written_by,
        recorded_at=datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
    )
