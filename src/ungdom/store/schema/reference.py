"""The tables of reference data: places, offences, statutes, measures and agencies."""

from typing import Any

from sqlalchemy import Column, Date, ForeignKey, Integer, Table, Text

from ungdom.store.schema.base import EnumText, metadata
from ungdom.workflow.vocabulary import OffenceGroup


def _name_columns() -> list[Column[Any]]:
    return [Column(name, Text, nullable=False) for name in ("name_nb", "name_nn", "name_en")]


police_district = Table("police_district", metadata, Column("code", Text, primary_key=True), *_name_columns())

konfliktrad = Table(
    "konfliktrad",
    metadata,
    Column("code", Text, primary_key=True),
    *_name_columns(),
    Column("police_district", ForeignKey("police_district.code"), nullable=False),
    Column("valid_from", Date, nullable=False),
)

municipality = Table(
    "municipality",
    metadata,
    Column("number", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("konfliktrad", ForeignKey("konfliktrad.code"), nullable=False),
    Column("police_district", ForeignKey("police_district.code"), nullable=False),
    Column("valid_from", Date, nullable=False),
)

offence_group = Table(
    "offence_group",
    metadata,
    Column("code", EnumText(OffenceGroup), primary_key=True),
    Column("position", Integer, nullable=False),
    *_name_columns(),
)

statute = Table(
    "statute",
    metadata,
    Column("code", Text, primary_key=True),
    Column("law", Text, nullable=False),
    Column("law_id", Text, nullable=False),
    Column("section", Text, nullable=False),
    Column("title_nb", Text, nullable=False),
    Column("max_penalty_months", Integer, nullable=False),
    Column("min_penalty_months", Integer, nullable=False),
    Column("offence_group", ForeignKey("offence_group.code"), nullable=False),
)

measure = Table(
    "measure",
    metadata,
    Column("id", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("letter", Text, comment="the letter in konfliktrådsloven § 25, if it has one"),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    *_name_columns(),
    Column("kind", Text, nullable=False),
)

agency = Table(
    "agency",
    metadata,
    Column("code", Text, primary_key=True),
    *_name_columns(),
    Column("sector", Text, nullable=False),
)
