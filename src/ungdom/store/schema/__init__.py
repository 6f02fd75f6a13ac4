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
    kept_secrets,
    notices,
    observations,
    outbox,
    persons,
    reference,
    releases,
    retention,
    staff,
    surveys,
)
from ungdom.store.schema.base import metadata as metadata
