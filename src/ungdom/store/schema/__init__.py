"""The tables of the database, one module per area. `metadata` holds all of them."""

from ungdom.store.schema import (  # noqa: F401  # each adds its tables to the metadata
    access,
    alerts,
    audit,
    calendars,
    cases,
    catalogue,
    coordination_groups,
    extracts,
    figures,
    forecasts,
    idempotency,
    identity,
    inbox,
    job_runs,
    notices,
    observations,
    outbox,
    persons,
    reference,
    releases,
    staff,
    surveys,
)
from ungdom.store.schema.base import metadata as metadata
