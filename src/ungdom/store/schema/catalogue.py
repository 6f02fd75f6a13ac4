"""The tables of the catalogue of measures: providers, offers and availability. No personal data."""

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Table, Text, Uuid

from ungdom.store.schema.base import EnumText, UtcDateTime, metadata
from ungdom.workflow.measure_list import Availability

measure_provider = Table(
    "measure_provider",
    metadata,
    Column("provider_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("konfliktrad", ForeignKey("konfliktrad.code"), nullable=False, index=True),
    Column("municipality", ForeignKey("municipality.number"), comment="null: the whole konfliktråd"),
    Column("agency", ForeignKey("agency.code"), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, comment="the last day"),
    Column("written_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    comment="a service, school or organisation that carries out measures of plans",
)

measure_offer = Table(
    "measure_offer",
    metadata,
    Column("provider_id", ForeignKey("measure_provider.provider_id"), primary_key=True),
    Column("code", Text, primary_key=True, comment="of the list of krl § 25"),
    comment="which measures a provider carries out",
)

measure_availability = Table(
    "measure_availability",
    metadata,
    Column("availability_id", Uuid, primary_key=True),
    Column("provider_id", ForeignKey("measure_provider.provider_id"), nullable=False),
    Column("code", Text, nullable=False),
    Column("as_of", Date, nullable=False, comment="the day it was so"),
    Column("status", EnumText(Availability), nullable=False),
    Column("places", Integer),
    Column("waiting_days", Integer, comment="as the provider expects it"),
    Column("written_by", Text, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Index("ix_measure_availability_place", "provider_id", "code", "as_of"),
    comment="what was known of the room at a provider; rows are only added",
)
